/** Devices that have pinned the key of desired documents: they read signatures, and refuse what has none. */
export const DEVICE_ANCHOR_SCHEMA = `
CREATE TABLE device_anchor (
  device TEXT PRIMARY KEY REFERENCES device (device),
  desired_key INTEGER NOT NULL,
  has_root INTEGER NOT NULL,
  anchored_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`
