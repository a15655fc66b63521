/**
 * What the hub wishes of devices, and what they say of themselves. `desired_edit` is the history: every edit of a device
 * or a group, whole. `desired_document` is what follows from it for one device: a numbered document and how far it is.
 */
export const DESIRED_STATE_SCHEMA = `
CREATE TABLE fleet_group_member (
  name TEXT NOT NULL,
  device TEXT NOT NULL REFERENCES device (device),
  PRIMARY KEY (name, device)
) STRICT, WITHOUT ROWID;

CREATE TABLE desired_edit (
  id INTEGER PRIMARY KEY,
  scope TEXT NOT NULL CHECK (scope IN ('device', 'group')),
  name TEXT NOT NULL,
  sections TEXT NOT NULL,
  expires_at TEXT,
  author TEXT NOT NULL,
  reason TEXT NOT NULL,
  at TEXT NOT NULL
) STRICT;
CREATE INDEX desired_edit_by_name ON desired_edit (scope, name, id);

CREATE TABLE desired_document (
  device TEXT NOT NULL REFERENCES device (device),
  version INTEGER NOT NULL,
  digest TEXT NOT NULL,
  document TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('queued', 'delivered', 'applied', 'rejected', 'expired')),
  reason TEXT,
  parts TEXT NOT NULL DEFAULT '[]',
  queued_at TEXT NOT NULL,
  delivered_at TEXT,
  ended_at TEXT,
  PRIMARY KEY (device, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE reported_envelope (
  envelope INTEGER PRIMARY KEY REFERENCES envelope_inbox (id),
  body TEXT NOT NULL
) STRICT;

CREATE TABLE reported_state (
  device TEXT PRIMARY KEY REFERENCES device (device),
  version INTEGER NOT NULL,
  chain TEXT NOT NULL,
  document TEXT NOT NULL,
  at TEXT NOT NULL,
  resync INTEGER NOT NULL DEFAULT 0,
  refusal TEXT
) STRICT, WITHOUT ROWID;
`
