import type { Migration } from '@leadglass/sync-agent/foundation/database'

/**
 * Corrections of whose a study is, under which accession number it stands, and which of its instances count. What was
 * received stays in `study_received` as it came; `study` holds what is in force.
 */
export const CORRECTIONS: Migration = {
  number: 10,
  name: 'corrections',
  sql: `
ALTER TABLE study ADD COLUMN patient_issuer TEXT NOT NULL DEFAULT '';
CREATE TABLE study_received (
  study_id           INTEGER PRIMARY KEY REFERENCES study (study_id) ON DELETE CASCADE,
  patient_issuer     TEXT NOT NULL,
  patient_id         TEXT NOT NULL,
  patient_name       TEXT NOT NULL,
  patient_birth_date TEXT NOT NULL,
  patient_sex        TEXT NOT NULL,
  accession_number   TEXT NOT NULL,
  patient_pseudonym  TEXT NOT NULL
) STRICT;
CREATE INDEX study_received_by_patient ON study_received (patient_id);
INSERT INTO study_received SELECT study_id, patient_issuer, patient_id, patient_name, patient_birth_date, patient_sex,
  accession_number, patient_pseudonym FROM study;
CREATE TRIGGER study_received_as AFTER INSERT ON study BEGIN
  INSERT INTO study_received VALUES (NEW.study_id, NEW.patient_issuer, NEW.patient_id, NEW.patient_name,
    NEW.patient_birth_date, NEW.patient_sex, NEW.accession_number, NEW.patient_pseudonym);
END;
-- NULL: the instance counts. Otherwise why it is kept and not used in this revision.
ALTER TABLE revision_instance ADD COLUMN withdrawn TEXT;
-- Every Key Object Selection that was looked at; title 'none' where it rejects nothing.
CREATE TABLE rejection_note (
  instance_id INTEGER PRIMARY KEY REFERENCES instance (instance_id) ON DELETE CASCADE,
  study_id    INTEGER NOT NULL REFERENCES study (study_id) ON DELETE CASCADE,
  title       TEXT NOT NULL,
  read_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX rejection_note_by_study ON rejection_note (study_id);
CREATE TABLE rejected_reference (
  instance_id      INTEGER NOT NULL REFERENCES rejection_note (instance_id) ON DELETE CASCADE,
  sop_instance_uid TEXT NOT NULL,
  PRIMARY KEY (instance_id, sop_instance_uid)
) STRICT, WITHOUT ROWID;
CREATE TABLE patient_merge (
  merge_id      INTEGER PRIMARY KEY,
  from_issuer   TEXT NOT NULL,
  from_id       TEXT NOT NULL,
  to_issuer     TEXT NOT NULL,
  to_id         TEXT NOT NULL,
  to_name       TEXT,
  to_birth_date TEXT,
  to_sex        TEXT,
  source        TEXT NOT NULL CHECK (source IN ('hl7','person')),
  actor         TEXT NOT NULL,
  reason        TEXT NOT NULL,
  recorded_at   INTEGER NOT NULL,
  undone_by     TEXT,
  undone_reason TEXT,
  undone_at     INTEGER
) STRICT;
CREATE UNIQUE INDEX patient_merge_in_force ON patient_merge (from_id, from_issuer) WHERE undone_at IS NULL;
CREATE INDEX patient_merge_by_survivor ON patient_merge (to_id, to_issuer);
CREATE TABLE accession_correction (
  accession_correction_id INTEGER PRIMARY KEY,
  study_id                INTEGER NOT NULL REFERENCES study (study_id) ON DELETE CASCADE,
  accession_number        TEXT NOT NULL,
  actor                   TEXT NOT NULL,
  reason                  TEXT NOT NULL,
  recorded_at             INTEGER NOT NULL
) STRICT;
CREATE INDEX accession_correction_by_study ON accession_correction (study_id, accession_correction_id);
-- What each correction did to each study, for people.
CREATE TABLE study_correction (
  study_correction_id INTEGER PRIMARY KEY,
  study_id            INTEGER NOT NULL REFERENCES study (study_id) ON DELETE CASCADE,
  revision_number     INTEGER NOT NULL,
  cause               TEXT NOT NULL,
  actor               TEXT NOT NULL,
  reason              TEXT NOT NULL,
  corrected_at        INTEGER NOT NULL
) STRICT;
CREATE INDEX study_correction_by_study ON study_correction (study_id, study_correction_id);
`,
}
