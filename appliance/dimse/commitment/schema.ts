/** Tables of storage commitment, for a migration of the database that holds them. */
export const COMMITMENT_SCHEMA_SQL = `
CREATE TABLE commitment_report (
  report_id          INTEGER PRIMARY KEY,
  transaction_uid    TEXT NOT NULL,
  requester_ae_title TEXT NOT NULL,
  requester_address  TEXT NOT NULL,
  called_ae_title    TEXT NOT NULL,
  association_id     TEXT NOT NULL,
  -- 1 when the transaction UID was in use: reported with 0131H
  duplicate          INTEGER NOT NULL CHECK (duplicate IN (0, 1)),
  attempts           INTEGER NOT NULL DEFAULT 0,
  requested_at       INTEGER NOT NULL,
  next_attempt_at    INTEGER NOT NULL,
  settled            TEXT CHECK (settled IN ('reported','refused','abandoned')),
  settled_at         INTEGER
) STRICT;
CREATE INDEX commitment_report_due ON commitment_report (next_attempt_at, report_id) WHERE settled IS NULL;
CREATE INDEX commitment_report_in_use ON commitment_report (transaction_uid) WHERE settled IS NULL AND duplicate = 0;

CREATE TABLE commitment_report_instance (
  report_id        INTEGER NOT NULL REFERENCES commitment_report (report_id),
  ordinal          INTEGER NOT NULL,
  sop_class_uid    TEXT NOT NULL,
  sop_instance_uid TEXT NOT NULL,
  PRIMARY KEY (report_id, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE commitment_request (
  request_id      INTEGER PRIMARY KEY,
  transaction_uid TEXT NOT NULL UNIQUE,
  destination     TEXT NOT NULL,
  requested_at    INTEGER NOT NULL,
  expires_at      INTEGER NOT NULL,
  settled         TEXT CHECK (settled IN ('answered','timed-out','not-accepted')),
  settled_at      INTEGER,
  -- 1 when whoever asked has taken note of how it ended
  noted           INTEGER NOT NULL DEFAULT 0 CHECK (noted IN (0, 1))
) STRICT;
CREATE INDEX commitment_request_open ON commitment_request (expires_at, request_id) WHERE settled IS NULL;
CREATE INDEX commitment_request_unnoticed ON commitment_request (request_id) WHERE settled IS NOT NULL AND noted = 0;

CREATE TABLE commitment_request_instance (
  request_id       INTEGER NOT NULL REFERENCES commitment_request (request_id),
  ordinal          INTEGER NOT NULL,
  sop_class_uid    TEXT NOT NULL,
  sop_instance_uid TEXT NOT NULL,
  outcome          TEXT CHECK (outcome IN ('committed','failed','unanswered')),
  failure_reason   INTEGER,
  PRIMARY KEY (request_id, ordinal)
) STRICT, WITHOUT ROWID;
`
