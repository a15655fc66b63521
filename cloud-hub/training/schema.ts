/** Training runs. `report` is the JSON of the last known result; `reason` says in words why a run stopped. */
export const TRAINING_SCHEMA = `
CREATE TABLE training_run (
  run TEXT PRIMARY KEY,
  finding TEXT NOT NULL,
  model_name TEXT NOT NULL,
  parent_version TEXT NOT NULL,
  parent_digest TEXT NOT NULL,
  requested_by TEXT NOT NULL,
  seed TEXT NOT NULL,
  state TEXT NOT NULL,
  progress INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  snapshot TEXT,
  candidate_version TEXT,
  candidate_digest TEXT,
  reason TEXT,
  report TEXT,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  started_at TEXT,
  ended_at TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX training_run_by_time ON training_run (created_at);

CREATE TABLE training_log (
  run TEXT NOT NULL REFERENCES training_run (run),
  line INTEGER NOT NULL,
  at TEXT NOT NULL,
  message TEXT NOT NULL,
  PRIMARY KEY (run, line)
) STRICT, WITHOUT ROWID;
`

/**
 * What makes runs start by themselves. `label_mark` is the newest label, by its number in the inbox, that a run has used up;
 * `record` is everything that a run can be done again from, `trainer` the choice of a trainer (null: a head around its
 * parent's). A decision of the same kind as the last is counted there.
 */
export const TRAINING_AUTOMATION_SCHEMA = `
ALTER TABLE training_run ADD COLUMN cause TEXT NOT NULL DEFAULT 'asked';
ALTER TABLE training_run ADD COLUMN label_mark INTEGER;
ALTER TABLE training_run ADD COLUMN executor TEXT NOT NULL DEFAULT 'local';
ALTER TABLE training_run ADD COLUMN record TEXT;
ALTER TABLE training_run ADD COLUMN trainer TEXT;
CREATE INDEX training_run_by_finding ON training_run (model_name, finding, label_mark);
CREATE INDEX training_run_by_state ON training_run (state, created_at);

CREATE TABLE training_trigger_policy (
  model_name TEXT NOT NULL,
  finding TEXT NOT NULL,
  policy TEXT NOT NULL,
  changed_by TEXT NOT NULL,
  changed_at TEXT NOT NULL,
  looked_at TEXT NOT NULL,
  PRIMARY KEY (model_name, finding)
) STRICT, WITHOUT ROWID;

CREATE TABLE training_trigger_decision (
  decision INTEGER PRIMARY KEY,
  model_name TEXT NOT NULL,
  finding TEXT NOT NULL,
  cause TEXT NOT NULL,
  outcome TEXT NOT NULL,
  facts TEXT NOT NULL,
  run TEXT REFERENCES training_run (run),
  first_at TEXT NOT NULL,
  last_at TEXT NOT NULL,
  looks INTEGER NOT NULL
) STRICT;
CREATE INDEX training_trigger_decision_by_cause ON training_trigger_decision (model_name, finding, cause, decision);

CREATE TABLE training_trigger_alert (
  model_name TEXT NOT NULL,
  finding TEXT NOT NULL,
  alert TEXT NOT NULL,
  run TEXT NOT NULL REFERENCES training_run (run),
  PRIMARY KEY (model_name, finding, alert)
) STRICT, WITHOUT ROWID;
`

/** Runs that were done again from their record. `parts` is JSON: what was compared, and whether it was the same. */
export const TRAINING_REPRODUCTION_SCHEMA = `
CREATE TABLE training_reproduction (
  reproduction TEXT PRIMARY KEY,
  run TEXT NOT NULL REFERENCES training_run (run),
  requested_by TEXT NOT NULL,
  state TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  parts TEXT NOT NULL,
  reason TEXT,
  created_at TEXT NOT NULL,
  ended_at TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX training_reproduction_by_run ON training_reproduction (run, created_at);
`
