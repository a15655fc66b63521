import { AUDIT_LOG_SCHEMA } from '@leadglass/sync-agent/audit-log'
import type { Migration } from '@leadglass/sync-agent/foundation/database'

/** What may leave, what has left, and the log that says so. */
export const EGRESS: Migration = {
  number: 3,
  name: 'egress',
  sql: `
CREATE TABLE egress_epoch (
  epoch     INTEGER PRIMARY KEY,
  opened_at INTEGER NOT NULL,
  reason    TEXT NOT NULL
) STRICT;

CREATE TABLE egress_counter (
  epoch         INTEGER NOT NULL REFERENCES egress_epoch (epoch),
  stream        TEXT NOT NULL,
  last_sequence INTEGER NOT NULL,
  relayed       INTEGER NOT NULL DEFAULT 0,
  acknowledged  INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (epoch, stream)
) STRICT, WITHOUT ROWID;

CREATE TABLE envelope (
  epoch      INTEGER NOT NULL,
  stream     TEXT NOT NULL,
  sequence   INTEGER NOT NULL,
  kind       TEXT NOT NULL,
  study_id   INTEGER REFERENCES study (study_id),
  content    TEXT NOT NULL,
  sealed_at  INTEGER NOT NULL,
  PRIMARY KEY (epoch, stream, sequence)
) STRICT, WITHOUT ROWID;
CREATE INDEX envelope_by_study ON envelope (study_id, epoch, stream, sequence) WHERE study_id IS NOT NULL;

CREATE INDEX envelope_by_time ON envelope (sealed_at DESC);

-- When the hub's watermark rose: an envelope was acknowledged by the first row at or above its sequence.
CREATE TABLE egress_acknowledgement (
  epoch           INTEGER NOT NULL,
  stream          TEXT NOT NULL,
  sequence        INTEGER NOT NULL,
  acknowledged_at INTEGER NOT NULL,
  PRIMARY KEY (epoch, stream, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE egress_refusal (
  epoch      INTEGER NOT NULL,
  stream     TEXT NOT NULL,
  sequence   INTEGER NOT NULL,
  code       TEXT NOT NULL,
  refused_at INTEGER NOT NULL,
  PRIMARY KEY (epoch, stream, sequence, code)
) STRICT, WITHOUT ROWID;

CREATE TABLE drift_cell (
  model_name    TEXT NOT NULL,
  model_version TEXT NOT NULL,
  model_digest  TEXT NOT NULL,
  feature       TEXT NOT NULL,
  month         TEXT NOT NULL,
  bin           INTEGER NOT NULL,
  held          INTEGER NOT NULL CHECK (held >= 0),
  released      INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (model_digest, feature, month, bin)
) STRICT, WITHOUT ROWID;

CREATE TABLE cosigned_checkpoint (
  tree_size   INTEGER PRIMARY KEY,
  note        TEXT NOT NULL,
  received_at INTEGER NOT NULL
) STRICT;

CREATE TABLE signed_checkpoint (
  tree_size INTEGER PRIMARY KEY,
  note      TEXT NOT NULL,
  signed_at INTEGER NOT NULL
) STRICT;

${AUDIT_LOG_SCHEMA}
`,
}
