import type { Migration } from '@leadglass/sync-agent/foundation/database'

/** What may wait for the hub, what was not taken for it, and what both sides hold of each epoch. */
export const SYNC: Migration = {
  number: 28,
  name: 'sync',
  sql: `
ALTER TABLE egress_counter ADD COLUMN sealed_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE egress_counter ADD COLUMN acknowledged_bytes INTEGER NOT NULL DEFAULT 0;

-- Envelopes whose text is gone; without their digests no root could be computed.
CREATE TABLE pruned_envelope (
  epoch    INTEGER NOT NULL,
  stream   TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  digest   TEXT NOT NULL,
  PRIMARY KEY (epoch, stream, sequence)
) STRICT, WITHOUT ROWID;

-- Bodies that were never sealed because their class was over its quota. 'reported' have their event in the audit log.
CREATE TABLE egress_rejection (
  stream    TEXT NOT NULL,
  kind      TEXT NOT NULL,
  reason    TEXT NOT NULL,
  bodies    INTEGER NOT NULL,
  bytes     INTEGER NOT NULL,
  reported  INTEGER NOT NULL DEFAULT 0,
  first_at  INTEGER NOT NULL,
  last_at   INTEGER NOT NULL,
  PRIMARY KEY (stream, kind, reason)
) STRICT, WITHOUT ROWID;

CREATE TABLE egress_rejection_of_study (
  study_id INTEGER NOT NULL REFERENCES study (study_id),
  kind     TEXT NOT NULL,
  reason   TEXT NOT NULL,
  bodies   INTEGER NOT NULL,
  last_at  INTEGER NOT NULL,
  PRIMARY KEY (study_id, kind, reason)
) STRICT, WITHOUT ROWID;

-- What was stated of epochs, and what the hub answered. A run is a first statement and those that narrow its difference.
CREATE TABLE epoch_statement (
  serial       INTEGER PRIMARY KEY,
  run          INTEGER NOT NULL,
  epoch        INTEGER NOT NULL,
  closed       INTEGER NOT NULL,
  envelopes    INTEGER NOT NULL,
  root         TEXT NOT NULL,
  ranges       TEXT NOT NULL,
  sealed_epoch INTEGER NOT NULL,
  sealed_at    INTEGER NOT NULL,
  sequence     INTEGER NOT NULL,
  verdict      TEXT NOT NULL,
  hub_envelopes INTEGER,
  hub_root     TEXT,
  differences  TEXT,
  answered_at  INTEGER
) STRICT;
CREATE INDEX epoch_statement_by_epoch ON epoch_statement (epoch, serial);
`,
}
