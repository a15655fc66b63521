/**
 * Tables of governance. Signatures and submitted bytes are written once: triggers refuse any change, whoever asks
 * (21 CFR 11.10(e), 11.70). States are not stored.
 */
export const GOVERNANCE_SCHEMA = `
CREATE TABLE approver (
  person       TEXT PRIMARY KEY,
  role         TEXT NOT NULL CHECK (role IN ('clinical', 'technical')),
  printed_name TEXT NOT NULL,
  keyid        TEXT NOT NULL UNIQUE,
  public_key   TEXT NOT NULL UNIQUE,
  key_file     TEXT,
  added_at     TEXT NOT NULL
) STRICT;

CREATE TABLE proposal (
  id            TEXT PRIMARY KEY,
  author        TEXT NOT NULL,
  statements    TEXT NOT NULL,
  created_at    TEXT NOT NULL,
  submitted_at  TEXT,
  version       INTEGER,
  signed        BLOB,
  signed_digest TEXT,
  closed        TEXT CHECK (closed IN ('published', 'rejected', 'withdrawn', 'superseded')),
  closed_at     TEXT,
  closed_by     TEXT,
  closed_reason TEXT,
  CHECK ((submitted_at IS NULL) = (signed IS NULL)),
  CHECK ((closed IS NULL) = (closed_at IS NULL))
) STRICT;
CREATE INDEX proposal_open ON proposal (created_at) WHERE closed IS NULL;

CREATE TABLE proposal_release (
  proposal TEXT NOT NULL REFERENCES proposal (id),
  digest   TEXT NOT NULL,
  PRIMARY KEY (proposal, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX proposal_release_digest ON proposal_release (digest);

CREATE TABLE approval_signature (
  proposal     TEXT NOT NULL REFERENCES proposal (id),
  person       TEXT NOT NULL,
  role         TEXT NOT NULL CHECK (role IN ('clinical', 'technical')),
  printed_name TEXT NOT NULL,
  meaning      TEXT NOT NULL,
  signed_at    TEXT NOT NULL,
  keyid        TEXT NOT NULL,
  public_key   TEXT NOT NULL,
  signature    TEXT NOT NULL,
  envelope     TEXT NOT NULL,
  PRIMARY KEY (proposal, person),
  UNIQUE (proposal, public_key)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER approval_signature_no_update BEFORE UPDATE ON approval_signature
BEGIN SELECT RAISE(ABORT, 'a signature is never changed'); END;
CREATE TRIGGER approval_signature_no_delete BEFORE DELETE ON approval_signature
BEGIN SELECT RAISE(ABORT, 'a signature is never deleted'); END;
CREATE TRIGGER proposal_no_delete BEFORE DELETE ON proposal
BEGIN SELECT RAISE(ABORT, 'a proposal is never deleted'); END;
CREATE TRIGGER proposal_bytes_fixed BEFORE UPDATE OF author, statements, version, signed, signed_digest, submitted_at ON proposal
WHEN OLD.signed IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'submitted bytes are never changed'); END;
CREATE TRIGGER proposal_closed_fixed BEFORE UPDATE ON proposal
WHEN OLD.closed IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a closed proposal is never changed'); END;
`
