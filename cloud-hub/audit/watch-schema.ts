import { AUDIT_FEED_SCHEMA } from '@leadglass/sync-agent/audit-log'

/**
 * Up to where audit repositories have the hub's log, which devices are heard, which keys were in use at the last start,
 * which drift somebody has to look at, and up to which row the hub's own acts were held against its log.
 */
export const AUDIT_WATCH_SCHEMA = `${AUDIT_FEED_SCHEMA}
CREATE TABLE device_contact (
  device TEXT PRIMARY KEY REFERENCES device (device),
  state  TEXT NOT NULL CHECK (state IN ('heard', 'silent')),
  since  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE key_in_use (
  role        TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  since       TEXT NOT NULL,
  PRIMARY KEY (role, fingerprint)
) STRICT, WITHOUT ROWID;

CREATE TABLE drift_alert (
  alert      TEXT PRIMARY KEY,
  device     TEXT NOT NULL,
  model      TEXT NOT NULL,
  version    TEXT NOT NULL,
  digest     TEXT NOT NULL,
  feature    TEXT NOT NULL,
  month      TEXT NOT NULL,
  verdict    TEXT NOT NULL,
  raised_at  TEXT NOT NULL,
  settled_at TEXT,
  settled_by TEXT,
  reason     TEXT,
  UNIQUE (device, digest, feature, month)
) STRICT, WITHOUT ROWID;

CREATE TABLE own_recording_check (
  act  TEXT PRIMARY KEY,
  row  INTEGER NOT NULL,
  size INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`
