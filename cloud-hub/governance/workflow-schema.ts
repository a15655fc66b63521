/**
 * What came to governance later: how a closing is told in more words, deadlines, what people said, acts of signing under
 * way, where a signature lies in the log, approvers' keys with who confirmed them, and alarms about failed signings.
 * What was said and done is written once: triggers refuse any change (21 CFR 11.10(e)).
 */
export const APPROVAL_WORKFLOW_SCHEMA = `
ALTER TABLE proposal ADD COLUMN ending TEXT CHECK (ending IN ('expired', 'changes-requested'));
ALTER TABLE proposal ADD COLUMN due_at TEXT;
ALTER TABLE proposal ADD COLUMN previous TEXT REFERENCES proposal (id);

CREATE TABLE approval_note (
  id       INTEGER PRIMARY KEY,
  proposal TEXT NOT NULL REFERENCES proposal (id),
  kind     TEXT NOT NULL CHECK (kind IN ('comment', 'review', 'reminder')),
  person   TEXT NOT NULL,
  at       TEXT NOT NULL,
  words    TEXT NOT NULL,
  reply_to INTEGER REFERENCES approval_note (id)
) STRICT;
CREATE INDEX approval_note_proposal ON approval_note (proposal, id);
CREATE TRIGGER approval_note_no_update BEFORE UPDATE ON approval_note
BEGIN SELECT RAISE(ABORT, 'what was said is never changed'); END;
CREATE TRIGGER approval_note_no_delete BEFORE DELETE ON approval_note
BEGIN SELECT RAISE(ABORT, 'what was said is never deleted'); END;

CREATE TABLE signing_act (
  id         TEXT PRIMARY KEY,
  proposal   TEXT NOT NULL REFERENCES proposal (id),
  person     TEXT NOT NULL,
  keyid      TEXT NOT NULL,
  payload    TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  used_at    TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE signature_evidence (
  proposal TEXT NOT NULL REFERENCES proposal (id),
  person   TEXT NOT NULL,
  leaf     INTEGER NOT NULL,
  PRIMARY KEY (proposal, person)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER signature_evidence_no_update BEFORE UPDATE ON signature_evidence
BEGIN SELECT RAISE(ABORT, 'evidence is never changed'); END;

CREATE TABLE signing_key (
  keyid        TEXT PRIMARY KEY,
  person       TEXT NOT NULL,
  role         TEXT NOT NULL CHECK (role IN ('clinical', 'technical')),
  printed_name TEXT NOT NULL,
  public_key   TEXT NOT NULL UNIQUE,
  kind         TEXT NOT NULL CHECK (kind IN ('file', 'browser', 'pkcs11')),
  enrolled_at  TEXT NOT NULL,
  code_digest  TEXT,
  code_until   INTEGER,
  needed       INTEGER NOT NULL,
  revoked_at   TEXT,
  revoked_by   TEXT,
  revoked_why  TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX signing_key_person ON signing_key (person);
CREATE TABLE signing_key_confirmation (
  keyid  TEXT NOT NULL REFERENCES signing_key (keyid),
  person TEXT NOT NULL,
  at     TEXT NOT NULL,
  PRIMARY KEY (keyid, person)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER signing_key_identity_fixed BEFORE UPDATE OF person, role, printed_name, public_key, kind, needed ON signing_key
BEGIN SELECT RAISE(ABORT, 'whose key it is never changes'); END;
CREATE TRIGGER signing_key_stays_revoked BEFORE UPDATE ON signing_key WHEN OLD.revoked_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a revoked key stays revoked'); END;
CREATE TRIGGER signing_key_no_delete BEFORE DELETE ON signing_key
BEGIN SELECT RAISE(ABORT, 'a key is never deleted'); END;

CREATE TABLE signing_alarm (
  id     INTEGER PRIMARY KEY,
  at     TEXT NOT NULL,
  person TEXT NOT NULL,
  code   TEXT NOT NULL
) STRICT;
`
