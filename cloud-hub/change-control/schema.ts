/**
 * Tables of change control. Plans, adoptions and records are written once; triggers refuse any change, whoever asks
 * (21 CFR 11.10(e)). Whether a version is within a plan is computed when it is asked and frozen only with a claim.
 */
export const CHANGE_CONTROL_SCHEMA = `
CREATE TABLE change_plan (
  digest      TEXT PRIMARY KEY,
  model       TEXT NOT NULL,
  version     INTEGER NOT NULL,
  author      TEXT NOT NULL,
  content     TEXT NOT NULL,
  declared_at TEXT NOT NULL,
  UNIQUE (model, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE change_plan_adoption (
  plan         TEXT NOT NULL REFERENCES change_plan (digest),
  person       TEXT NOT NULL,
  role         TEXT NOT NULL CHECK (role IN ('clinical', 'technical')),
  printed_name TEXT NOT NULL,
  signed_at    TEXT NOT NULL,
  public_key   TEXT NOT NULL,
  envelope     TEXT NOT NULL,
  PRIMARY KEY (plan, person),
  UNIQUE (plan, public_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE change_plan_withdrawal (
  plan         TEXT PRIMARY KEY REFERENCES change_plan (digest),
  person       TEXT NOT NULL,
  reason       TEXT NOT NULL,
  withdrawn_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE change_record (
  number      INTEGER PRIMARY KEY,
  plan        TEXT NOT NULL REFERENCES change_plan (digest),
  model       TEXT NOT NULL,
  step        TEXT NOT NULL,
  outcome     TEXT NOT NULL CHECK (outcome IN ('done', 'not-done')),
  evidence    TEXT NOT NULL,
  person      TEXT NOT NULL,
  recorded_at TEXT NOT NULL
) STRICT;
CREATE INDEX change_record_of ON change_record (plan, model, number);

CREATE TRIGGER change_plan_no_update BEFORE UPDATE ON change_plan
BEGIN SELECT RAISE(ABORT, 'a plan is never changed'); END;
CREATE TRIGGER change_plan_no_delete BEFORE DELETE ON change_plan
BEGIN SELECT RAISE(ABORT, 'a plan is never deleted'); END;
CREATE TRIGGER change_plan_adoption_no_update BEFORE UPDATE ON change_plan_adoption
BEGIN SELECT RAISE(ABORT, 'a signature is never changed'); END;
CREATE TRIGGER change_plan_adoption_no_delete BEFORE DELETE ON change_plan_adoption
BEGIN SELECT RAISE(ABORT, 'a signature is never deleted'); END;
CREATE TRIGGER change_plan_withdrawal_no_update BEFORE UPDATE ON change_plan_withdrawal
BEGIN SELECT RAISE(ABORT, 'a withdrawal is never changed'); END;
CREATE TRIGGER change_plan_withdrawal_no_delete BEFORE DELETE ON change_plan_withdrawal
BEGIN SELECT RAISE(ABORT, 'a withdrawal is never deleted'); END;
CREATE TRIGGER change_record_no_update BEFORE UPDATE ON change_record
BEGIN SELECT RAISE(ABORT, 'a record is never changed'); END;
CREATE TRIGGER change_record_no_delete BEFORE DELETE ON change_record
BEGIN SELECT RAISE(ABORT, 'a record is never deleted'); END;
`
