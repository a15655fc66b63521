import type { Migration } from '@leadglass/sync-agent/foundation/database'

/** Totals that are asked for every few seconds, kept up by triggers instead of counted over every row. */
export const TOTALS: Migration = {
  number: 6,
  name: 'totals',
  sql: `
CREATE TABLE total (
  only_row    INTEGER PRIMARY KEY CHECK (only_row = 1),
  instances   INTEGER NOT NULL,
  bytes       INTEGER NOT NULL,
  quarantined INTEGER NOT NULL
) STRICT;
INSERT INTO total (only_row, instances, bytes, quarantined) VALUES (1,
  (SELECT count(*) FROM instance), (SELECT coalesce(sum(bytes), 0) FROM instance), (SELECT count(*) FROM quarantine));
CREATE TRIGGER instance_counted AFTER INSERT ON instance BEGIN
  UPDATE total SET instances = instances + 1, bytes = bytes + NEW.bytes;
END;
CREATE TRIGGER quarantine_counted AFTER INSERT ON quarantine BEGIN
  UPDATE total SET quarantined = quarantined + 1;
END;
`,
}
