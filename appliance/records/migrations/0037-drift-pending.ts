import type { Migration } from '@leadglass/sync-agent/foundation/database'

/** Counts of drift that wait until their cell is large enough, whatever hour or month they are of. */
export const DRIFT_PENDING: Migration = {
  number: 37,
  name: 'drift-pending',
  sql: `
CREATE TABLE drift_pending (
  model_digest  TEXT NOT NULL,
  feature       TEXT NOT NULL,
  bin           INTEGER NOT NULL,
  model_name    TEXT NOT NULL,
  model_version TEXT NOT NULL,
  held          INTEGER NOT NULL CHECK (held >= 0),
  released      INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (model_digest, feature, bin)
) STRICT, WITHOUT ROWID;
INSERT INTO drift_pending (model_digest, feature, bin, model_name, model_version, held, released)
  SELECT model_digest, feature, bin, max(model_name), max(model_version), sum(held), sum(released)
  FROM drift_cell GROUP BY model_digest, feature, bin;
DROP TABLE drift_cell;
`,
}
