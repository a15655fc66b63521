import type { Migration } from '@leadglass/sync-agent/foundation/database'

/** More kinds of result objects, and alarms about destinations whose oldest result waits too long. */
export const RESULT_KINDS: Migration = {
  number: 24,
  name: 'result-kinds',
  sql: `
ALTER TABLE report ADD COLUMN product TEXT NOT NULL DEFAULT 'sr'
  CHECK (product IN ('sr','sc','seg','pr','pm','not-scored','note'));
UPDATE report SET product = kind;
-- the check of the old column goes with it
ALTER TABLE report DROP COLUMN kind;
ALTER TABLE report RENAME COLUMN product TO kind;

CREATE TABLE delivery_alarm (
  destination TEXT PRIMARY KEY,
  raised_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`,
}
