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
