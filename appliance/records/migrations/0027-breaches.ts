import type { Migration } from '@leadglass/sync-agent/foundation/database'

/** Cases of suspected breaches: steps that are only ever added. What people write in them stays at the site. */
export const BREACHES: Migration = {
  number: 27,
  name: 'breaches',
  sql: `
CREATE TABLE breach_case (
  case_id INTEGER PRIMARY KEY AUTOINCREMENT
) STRICT;
CREATE TABLE breach_step (
  step_id INTEGER PRIMARY KEY,
  case_id INTEGER NOT NULL REFERENCES breach_case (case_id),
  at      INTEGER NOT NULL,
  by      TEXT NOT NULL,
  step    TEXT NOT NULL CHECK (json_valid(step))
) STRICT;
CREATE INDEX breach_step_of_case ON breach_step (case_id, step_id);
CREATE TRIGGER breach_step_unchangeable BEFORE UPDATE ON breach_step
BEGIN SELECT RAISE(ABORT, 'a step of a case is never changed'); END;
CREATE TRIGGER breach_step_unremovable BEFORE DELETE ON breach_step
BEGIN SELECT RAISE(ABORT, 'a step of a case is never removed'); END;
`,
}
