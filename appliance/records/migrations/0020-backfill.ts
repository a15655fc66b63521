import type { Migration } from '@leadglass/sync-agent/foundation/database'

/** Models run over past studies as durable jobs, and who may ask the scoring interface. */
export const BACKFILL: Migration = {
  number: 20,
  name: 'backfill',
  sql: `
CREATE TABLE backfill_job (
  job_id        INTEGER PRIMARY KEY,
  model_name    TEXT NOT NULL,
  model_version TEXT NOT NULL,
  model_digest  TEXT NOT NULL,
  -- study dates as in (0008,0020); null for no bound
  from_date     TEXT,
  to_date       TEXT,
  modality      TEXT,
  -- HH:MM in the zone; equal for the whole day
  window_from   TEXT NOT NULL,
  window_to     TEXT NOT NULL,
  zone          TEXT NOT NULL,
  deliver       INTEGER NOT NULL CHECK (deliver IN (0, 1)),
  state         TEXT NOT NULL CHECK (state IN ('running','paused','cancelled','finished')),
  -- why the box itself paused it
  reason        TEXT,
  -- everything up to this study is done; nothing beyond last_study belongs to the job
  cursor        INTEGER NOT NULL DEFAULT 0,
  last_study    INTEGER NOT NULL,
  total         INTEGER NOT NULL,
  created_at    INTEGER NOT NULL,
  created_by    TEXT NOT NULL,
  finished_at   INTEGER
) STRICT;
CREATE INDEX backfill_running ON backfill_job (job_id) WHERE state = 'running';

CREATE TABLE backfill_study (
  job_id   INTEGER NOT NULL REFERENCES backfill_job (job_id),
  study_id INTEGER NOT NULL REFERENCES study (study_id),
  outcome  TEXT NOT NULL CHECK (outcome IN ('scored','not-scored','failed','skipped')),
  reason   TEXT,
  ms       INTEGER NOT NULL,
  done_at  INTEGER NOT NULL,
  PRIMARY KEY (job_id, study_id)
) STRICT, WITHOUT ROWID;

-- the job that made a result; null for results of the study's own time
ALTER TABLE result ADD COLUMN backfill INTEGER REFERENCES backfill_job (job_id);

CREATE TABLE scoring_token (
  token_digest TEXT PRIMARY KEY,
  name         TEXT NOT NULL UNIQUE,
  created_at   INTEGER NOT NULL,
  created_by   TEXT NOT NULL,
  revoked_at   INTEGER
) STRICT;
`,
}
