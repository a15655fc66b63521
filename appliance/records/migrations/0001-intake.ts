import type { Migration } from '@leadglass/sync-agent/foundation/database'

/** What arrived, how it was put together, and what was set aside. */
export const INTAKE: Migration = {
  number: 1,
  name: 'intake',
  sql: `
CREATE TABLE study (
  study_id            INTEGER PRIMARY KEY,
  study_instance_uid  TEXT NOT NULL UNIQUE,
  study_pseudonym     TEXT NOT NULL UNIQUE,
  patient_pseudonym   TEXT NOT NULL,
  patient_id          TEXT NOT NULL,
  patient_name        TEXT NOT NULL,
  patient_birth_date  TEXT NOT NULL,
  patient_sex         TEXT NOT NULL,
  accession_number    TEXT NOT NULL,
  study_date          TEXT NOT NULL,
  study_time          TEXT NOT NULL,
  study_description   TEXT NOT NULL,
  modalities          TEXT NOT NULL,
  current_revision    INTEGER NOT NULL,
  state               TEXT NOT NULL CHECK (state IN ('receiving','queued','running','scored','not-scored','failed','quarantined')),
  instance_count      INTEGER NOT NULL,
  first_received_at   INTEGER NOT NULL,
  last_received_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX study_by_arrival ON study (last_received_at DESC, study_id DESC);
CREATE INDEX study_by_state ON study (state, last_received_at DESC, study_id DESC);

CREATE TABLE instance (
  instance_id         INTEGER PRIMARY KEY,
  sop_instance_uid    TEXT NOT NULL,
  digest              TEXT NOT NULL,
  sop_class_uid       TEXT NOT NULL,
  transfer_syntax_uid TEXT NOT NULL,
  bytes               INTEGER NOT NULL,
  study_id            INTEGER REFERENCES study (study_id),
  series_instance_uid TEXT,
  modality            TEXT,
  -- 1 when another instance with the same SOP Instance UID and other content was there first
  conflict            INTEGER NOT NULL CHECK (conflict IN (0, 1)),
  calling_ae_title    TEXT NOT NULL,
  remote_address      TEXT NOT NULL,
  association_id      TEXT NOT NULL,
  received_at         INTEGER NOT NULL,
  UNIQUE (sop_instance_uid, digest)
) STRICT;
CREATE INDEX instance_by_study ON instance (study_id, instance_id);
CREATE INDEX instance_by_digest ON instance (digest);

CREATE TABLE revision (
  revision_id       INTEGER PRIMARY KEY,
  study_id          INTEGER NOT NULL REFERENCES study (study_id),
  number            INTEGER NOT NULL,
  assembly          TEXT NOT NULL CHECK (assembly IN ('receiving','complete')),
  completion_reason TEXT,
  processing        TEXT NOT NULL CHECK (processing IN ('queued','running','scored','not-scored','failed','quarantined')),
  reason            TEXT,
  attempts          INTEGER NOT NULL DEFAULT 0,
  urgent            INTEGER NOT NULL DEFAULT 0 CHECK (urgent IN (0, 1)),
  superseded        INTEGER NOT NULL DEFAULT 0 CHECK (superseded IN (0, 1)),
  opened_at         INTEGER NOT NULL,
  last_instance_at  INTEGER NOT NULL,
  completed_at      INTEGER,
  started_at        INTEGER,
  finished_at       INTEGER,
  UNIQUE (study_id, number)
) STRICT;
CREATE INDEX revision_receiving ON revision (revision_id) WHERE assembly = 'receiving';
CREATE INDEX revision_waiting ON revision (urgent DESC, completed_at, revision_id)
  WHERE assembly = 'complete' AND processing = 'queued' AND superseded = 0;
CREATE INDEX revision_running ON revision (revision_id) WHERE processing = 'running';

CREATE TRIGGER revision_opened AFTER INSERT ON revision BEGIN
  UPDATE study SET current_revision = NEW.number, state = 'receiving' WHERE study_id = NEW.study_id;
END;
CREATE TRIGGER revision_moved AFTER UPDATE OF assembly, processing ON revision WHEN NEW.superseded = 0 BEGIN
  UPDATE study SET state = CASE NEW.assembly WHEN 'receiving' THEN 'receiving' ELSE NEW.processing END
  WHERE study_id = NEW.study_id AND current_revision = NEW.number;
END;

CREATE TABLE revision_instance (
  revision_id INTEGER NOT NULL REFERENCES revision (revision_id),
  ordinal     INTEGER NOT NULL,
  instance_id INTEGER NOT NULL REFERENCES instance (instance_id),
  PRIMARY KEY (revision_id, ordinal),
  UNIQUE (revision_id, instance_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE quarantine (
  quarantine_id INTEGER PRIMARY KEY,
  instance_id   INTEGER NOT NULL REFERENCES instance (instance_id),
  revision_id   INTEGER REFERENCES revision (revision_id),
  stage         TEXT NOT NULL CHECK (stage IN ('intake','deidentify','verify')),
  reason        TEXT NOT NULL,
  quarantined_at INTEGER NOT NULL
) STRICT;
CREATE INDEX quarantine_by_time ON quarantine (quarantined_at DESC, quarantine_id DESC);
CREATE INDEX quarantine_by_revision ON quarantine (revision_id) WHERE revision_id IS NOT NULL;
CREATE INDEX quarantine_by_instance ON quarantine (instance_id);
`,
}
