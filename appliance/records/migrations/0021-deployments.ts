import type { Migration } from '@leadglass/sync-agent/foundation/database'

/** Versions that run beside the one in use, what is counted of them, and what each result was made with. */
export const DEPLOYMENTS: Migration = {
  number: 21,
  name: 'deployments',
  sql: `
-- versions whose approvals, bytes and golden cases this appliance has verified itself: nothing else may run
CREATE TABLE model_admitted (
  model_digest TEXT PRIMARY KEY REFERENCES model (model_digest),
  admitted_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO model_admitted SELECT model_digest, changed_at FROM model WHERE state IN ('active','retained');

-- whether a version that arrives is put to use by itself
CREATE TABLE deployment_policy (
  model_name   TEXT PRIMARY KEY,
  new_versions TEXT NOT NULL CHECK (new_versions IN ('activate','stage'))
) STRICT, WITHOUT ROWID;

-- what was in force when: one row a change
CREATE TABLE deployment (
  deployment_id   INTEGER PRIMARY KEY,
  model_name      TEXT NOT NULL,
  champion_digest TEXT NOT NULL,
  content         TEXT NOT NULL,
  cause           TEXT NOT NULL,
  changed_by      TEXT NOT NULL,
  changed_at      INTEGER NOT NULL
) STRICT;
CREATE INDEX deployment_by_name ON deployment (model_name, deployment_id);

CREATE TABLE deployment_candidate (
  candidate_id    INTEGER PRIMARY KEY,
  model_name      TEXT NOT NULL,
  model_version   TEXT NOT NULL,
  model_digest    TEXT NOT NULL REFERENCES model (model_digest),
  champion_digest TEXT NOT NULL,
  role            TEXT NOT NULL CHECK (role IN ('canary','arm','shadow')),
  slots           TEXT NOT NULL,
  guardrails      TEXT NOT NULL,
  state           TEXT NOT NULL CHECK (state IN ('running','stopped','ended','promoted')),
  reason          TEXT,
  started_by      TEXT NOT NULL,
  started_at      INTEGER NOT NULL,
  ended_at        INTEGER
) STRICT;
CREATE INDEX deployment_candidate_by_name ON deployment_candidate (model_name, candidate_id) WHERE state = 'running';
CREATE UNIQUE INDEX deployment_candidate_running ON deployment_candidate (model_name, model_digest)
  WHERE state = 'running';

-- released: how many of the count have left, or never may
CREATE TABLE deployment_tally (
  candidate_id INTEGER NOT NULL REFERENCES deployment_candidate (candidate_id),
  measure      TEXT NOT NULL,
  code         TEXT NOT NULL,
  bin          INTEGER NOT NULL,
  count        INTEGER NOT NULL,
  released     INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (candidate_id, measure, code, bin)
) STRICT, WITHOUT ROWID;

-- a study stays with the version that scored it first, as long as that one is in force
CREATE TABLE study_arm (
  study_id     INTEGER NOT NULL REFERENCES study (study_id) ON DELETE CASCADE,
  model_name   TEXT NOT NULL,
  model_digest TEXT NOT NULL,
  PRIMARY KEY (study_id, model_name)
) STRICT, WITHOUT ROWID;

-- inputs: series and prior by their pseudonyms
CREATE TABLE model_use (
  revision_id   INTEGER NOT NULL REFERENCES revision (revision_id) ON DELETE CASCADE,
  model_name    TEXT NOT NULL,
  model_version TEXT NOT NULL,
  model_digest  TEXT NOT NULL,
  deployment_id INTEGER REFERENCES deployment (deployment_id),
  arm           TEXT NOT NULL CHECK (arm IN ('champion','canary','arm')),
  inputs        TEXT NOT NULL,
  PRIMARY KEY (revision_id, model_digest)
) STRICT, WITHOUT ROWID;

CREATE TABLE shadow_job (
  job_id          INTEGER PRIMARY KEY,
  revision_id     INTEGER NOT NULL REFERENCES revision (revision_id) ON DELETE CASCADE,
  candidate_id    INTEGER NOT NULL REFERENCES deployment_candidate (candidate_id),
  attempts        INTEGER NOT NULL DEFAULT 0,
  next_attempt_at INTEGER NOT NULL,
  UNIQUE (revision_id, candidate_id)
) STRICT;
CREATE INDEX shadow_job_due ON shadow_job (next_attempt_at);
CREATE INDEX shadow_job_by_candidate ON shadow_job (candidate_id);
`,
}
