/** Snapshots that exist on disk. The manifest is what the digest is of. */
export const LAKE_SCHEMA = `
CREATE TABLE dataset_snapshot (
  digest TEXT PRIMARY KEY,
  finding TEXT NOT NULL,
  model_name TEXT NOT NULL,
  model_digest TEXT NOT NULL,
  row_count INTEGER NOT NULL,
  created_at TEXT NOT NULL,
  manifest TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`

/**
 * The catalog of the lake. A version of a table is the files with \`added_in\` at most its number that no later one up to it
 * removed; \`manifest\` says what the version changed and cites the digest of the one before, so the chain can be replayed.
 * \`lake_cursor\` has one row: how far envelopes are in the lake. Versions below \`readable_from\` have expired.
 */
export const LAKE_CATALOG_SCHEMA = `
CREATE TABLE lake_cursor (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  envelope INTEGER NOT NULL,
  watermarks TEXT NOT NULL,
  moved_at TEXT NOT NULL
) STRICT;

CREATE TABLE lake_version (
  table_name TEXT NOT NULL,
  number INTEGER NOT NULL,
  digest TEXT NOT NULL,
  cause TEXT NOT NULL,
  created_at TEXT NOT NULL,
  manifest TEXT NOT NULL,
  PRIMARY KEY (table_name, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE lake_readable (
  table_name TEXT PRIMARY KEY,
  readable_from INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE lake_file (
  path TEXT PRIMARY KEY,
  table_name TEXT NOT NULL,
  site TEXT NOT NULL,
  date TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  rows INTEGER NOT NULL,
  min_envelope INTEGER NOT NULL,
  max_envelope INTEGER NOT NULL,
  schema_version INTEGER NOT NULL,
  added_in INTEGER NOT NULL,
  removed_in INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX lake_file_live ON lake_file (table_name, removed_in, site, date);

CREATE TABLE dataset_source (
  digest TEXT PRIMARY KEY REFERENCES dataset_snapshot (digest),
  versions TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE lake_erasure (
  erasure TEXT PRIMARY KEY,
  site TEXT NOT NULL,
  subject_digest TEXT NOT NULL,
  requested_by TEXT NOT NULL,
  reason TEXT NOT NULL,
  begun_at TEXT NOT NULL,
  finished_at TEXT,
  open_patient TEXT,
  open_studies TEXT,
  envelopes INTEGER NOT NULL,
  report TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE erased_envelope (
  envelope INTEGER PRIMARY KEY REFERENCES envelope_inbox (id),
  erasure TEXT NOT NULL REFERENCES lake_erasure (erasure)
) STRICT;

CREATE TABLE dataset_superseded (
  digest TEXT PRIMARY KEY REFERENCES dataset_snapshot (digest),
  erasure TEXT NOT NULL REFERENCES lake_erasure (erasure),
  rows INTEGER NOT NULL,
  at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`

/** Readers whose labels no longer count, by site. */
export const REVOKED_READER_SCHEMA = `
CREATE TABLE revoked_reader (
  site TEXT NOT NULL REFERENCES device (device),
  reader TEXT NOT NULL,
  revoked_by TEXT NOT NULL,
  reason TEXT NOT NULL,
  revoked_at TEXT NOT NULL,
  PRIMARY KEY (site, reader)
) STRICT, WITHOUT ROWID;
`
