import type { Migration } from '@leadglass/sync-agent/foundation/database'

/** A key per study, wrapped by the site's spool key: destroying the row's key destroys the study's content. */
export const STUDY_KEYS: Migration = {
  number: 8,
  name: 'study-keys',
  sql: `
CREATE TABLE study_key (
  -- AUTOINCREMENT: the files name this number, so it is never given to another study
  key_id       INTEGER PRIMARY KEY AUTOINCREMENT,
  -- null once destroyed; no reference: the key's row outlives the study's
  study_id     INTEGER UNIQUE,
  -- RFC 3394; all zeros once destroyed
  wrapped      BLOB NOT NULL CHECK (length(wrapped) = 40),
  destroyed_at INTEGER,
  CHECK ((study_id IS NULL) = (destroyed_at IS NOT NULL))
) STRICT;
`,
}
