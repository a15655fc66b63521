import type { Migration } from '@leadglass/sync-agent/foundation/database'

/** Legal holds, and what was removed under the retention rules. */
export const RETENTION: Migration = {
  number: 13,
  name: 'retention',
  sql: `
CREATE TABLE legal_hold (
  hold_id           INTEGER PRIMARY KEY,
  -- one of both: a study, or every study of a patient, those still to come included
  study_id          INTEGER REFERENCES study (study_id),
  patient_pseudonym TEXT,
  reason            TEXT NOT NULL,
  placed_by         TEXT NOT NULL,
  placed_at         INTEGER NOT NULL,
  lifted_by         TEXT,
  lifted_reason     TEXT,
  lifted_at         INTEGER,
  CHECK ((study_id IS NULL) <> (patient_pseudonym IS NULL))
) STRICT;
CREATE INDEX legal_hold_on_study ON legal_hold (study_id) WHERE lifted_at IS NULL;
CREATE INDEX legal_hold_on_patient ON legal_hold (patient_pseudonym) WHERE lifted_at IS NULL;

-- A study whose key, files and identity are gone. One that comes again leaves this table.
CREATE TABLE purge (
  study_id   INTEGER PRIMARY KEY REFERENCES study (study_id),
  rule       TEXT NOT NULL,
  instances  INTEGER NOT NULL,
  bytes      INTEGER NOT NULL,
  purged_at  INTEGER NOT NULL,
  -- files are removed and the pages of the database written over; null: a start finishes it
  settled_at INTEGER
) STRICT;
CREATE INDEX purge_unsettled ON purge (study_id) WHERE settled_at IS NULL;
CREATE INDEX purge_by_time ON purge (purged_at DESC);
CREATE TABLE purge_file (
  place  TEXT NOT NULL CHECK (place IN ('spool','priors')),
  digest TEXT NOT NULL,
  PRIMARY KEY (place, digest)
) STRICT, WITHOUT ROWID;

ALTER TABLE instance ADD COLUMN purged_at INTEGER;
CREATE INDEX instance_of_no_study ON instance (received_at) WHERE study_id IS NULL AND purged_at IS NULL;

-- The study comes again: it has its identity back, and is like any other.
CREATE TRIGGER study_returned AFTER UPDATE OF study_instance_uid ON study
WHEN OLD.study_instance_uid LIKE 'purged:%' AND NEW.study_instance_uid NOT LIKE 'purged:%' BEGIN
  DELETE FROM purge WHERE study_id = NEW.study_id;
  UPDATE study_received SET patient_issuer = NEW.patient_issuer, patient_id = NEW.patient_id,
    patient_name = NEW.patient_name, patient_birth_date = NEW.patient_birth_date, patient_sex = NEW.patient_sex,
    accession_number = NEW.accession_number, patient_pseudonym = NEW.patient_pseudonym WHERE study_id = NEW.study_id;
END;
`,
}
