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
