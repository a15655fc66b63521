import type { Migration } from '@leadglass/sync-agent/foundation/database'

/** How deliveries are confirmed, what tells that a study is whole, and earlier studies of a patient. */
export const EVIDENCE: Migration = {
  number: 9,
  name: 'evidence',
  sql: `
-- when the destination accepted the C-STORE, while its confirmation is still awaited
ALTER TABLE delivery ADD COLUMN stored_at INTEGER;
-- how the destination is asked next
ALTER TABLE delivery ADD COLUMN confirm_by TEXT CHECK (confirm_by IN ('commitment','query'));
ALTER TABLE delivery ADD COLUMN confirm_attempts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE delivery ADD COLUMN confirmed_by TEXT CHECK (confirmed_by IN ('store','commitment','query'));
CREATE INDEX delivery_to_send ON delivery (destination, next_attempt_at) WHERE state = 'pending' AND stored_at IS NULL;
CREATE INDEX delivery_to_confirm ON delivery (destination, next_attempt_at)
  WHERE state = 'pending' AND stored_at IS NOT NULL;

-- how many instances a source, a procedure step or an announcement named when the revision was closed
ALTER TABLE revision ADD COLUMN expected_instances INTEGER;

-- what the source of a revision said when it was asked how many instances the study has
CREATE TABLE revision_count (
  revision_id   INTEGER PRIMARY KEY REFERENCES revision (revision_id) ON DELETE CASCADE,
  source        TEXT NOT NULL,
  asked_at_held INTEGER NOT NULL,
  attempts      INTEGER NOT NULL,
  next_at       INTEGER,
  instances     INTEGER
) STRICT;

CREATE TABLE procedure_step (
  step_id          INTEGER PRIMARY KEY,
  sop_instance_uid TEXT NOT NULL UNIQUE,
  status           TEXT NOT NULL CHECK (status IN ('IN PROGRESS','COMPLETED','DISCONTINUED')),
  calling_ae_title TEXT NOT NULL,
  changed_at       INTEGER NOT NULL
) STRICT;
CREATE INDEX procedure_step_by_age ON procedure_step (changed_at);
CREATE TABLE procedure_step_study (
  study_instance_uid TEXT NOT NULL,
  step_id            INTEGER NOT NULL REFERENCES procedure_step (step_id) ON DELETE CASCADE,
  PRIMARY KEY (study_instance_uid, step_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX procedure_step_study_by_step ON procedure_step_study (step_id);
CREATE TABLE procedure_step_instance (
  step_id          INTEGER NOT NULL REFERENCES procedure_step (step_id) ON DELETE CASCADE,
  sop_instance_uid TEXT NOT NULL,
  PRIMARY KEY (step_id, sop_instance_uid)
) STRICT, WITHOUT ROWID;

CREATE TABLE announced_instance (
  study_instance_uid TEXT NOT NULL,
  sop_instance_uid   TEXT NOT NULL,
  announced_at       INTEGER NOT NULL,
  PRIMARY KEY (study_instance_uid, sop_instance_uid)
) STRICT, WITHOUT ROWID;
CREATE INDEX announced_instance_by_age ON announced_instance (announced_at);

CREATE TABLE prior_search (
  study_id        INTEGER PRIMARY KEY REFERENCES study (study_id) ON DELETE CASCADE,
  state           TEXT NOT NULL CHECK (state IN ('waiting','done','failed')),
  attempts        INTEGER NOT NULL DEFAULT 0,
  next_attempt_at INTEGER NOT NULL,
  reason          TEXT
) STRICT;
CREATE INDEX prior_search_due ON prior_search (next_attempt_at) WHERE state = 'waiting';
CREATE TABLE prior_study (
  prior_id           INTEGER PRIMARY KEY,
  study_id           INTEGER NOT NULL REFERENCES study (study_id) ON DELETE CASCADE,
  study_instance_uid TEXT NOT NULL,
  source             TEXT NOT NULL,
  study_date         TEXT NOT NULL,
  modalities         TEXT NOT NULL,
  state              TEXT NOT NULL CHECK (state IN ('fetching','whole','partial','failed')),
  reason             TEXT,
  settled_at         INTEGER,
  UNIQUE (study_id, study_instance_uid)
) STRICT;
CREATE TABLE prior_instance (
  prior_id            INTEGER NOT NULL REFERENCES prior_study (prior_id) ON DELETE CASCADE,
  sop_instance_uid    TEXT NOT NULL,
  sop_class_uid       TEXT NOT NULL,
  transfer_syntax_uid TEXT NOT NULL,
  digest              TEXT NOT NULL,
  bytes               INTEGER NOT NULL,
  PRIMARY KEY (prior_id, sop_instance_uid)
) STRICT, WITHOUT ROWID;
CREATE INDEX prior_instance_by_digest ON prior_instance (digest);
`,
}
