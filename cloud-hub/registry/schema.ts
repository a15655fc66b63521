/** Tables of the registry. A version is written once; what it has become follows from its proposals. */
export const REGISTRY_SCHEMA = `
CREATE TABLE model_version (
  digest          TEXT PRIMARY KEY,
  name            TEXT NOT NULL,
  version         TEXT NOT NULL,
  release_counter INTEGER NOT NULL,
  title           TEXT NOT NULL,
  parent          TEXT,
  author          TEXT NOT NULL,
  manifest        BLOB NOT NULL,
  imported_at     TEXT NOT NULL,
  UNIQUE (name, version)
) STRICT, WITHOUT ROWID;
CREATE INDEX model_version_parent ON model_version (parent) WHERE parent IS NOT NULL;

CREATE TRIGGER model_version_no_update BEFORE UPDATE ON model_version
BEGIN SELECT RAISE(ABORT, 'a model version is never changed'); END;
CREATE TRIGGER model_version_no_delete BEFORE DELETE ON model_version
BEGIN SELECT RAISE(ABORT, 'a model version is never deleted'); END;
`
