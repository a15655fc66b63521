import type { Migration } from '@leadglass/sync-agent/foundation/database'

/** What audit leaves only commit to, and who has cosigned the log besides the hub. */
export const AUDIT_DETAILS: Migration = {
  number: 31,
  name: 'audit-details',
  sql: `
CREATE TABLE audit_detail (
  leaf_index INTEGER PRIMARY KEY,
  study_id   INTEGER REFERENCES study (study_id),
  salt       BLOB NOT NULL CHECK (length(salt) = 32),
  detail     TEXT NOT NULL
) STRICT;
CREATE INDEX audit_detail_by_study ON audit_detail (study_id);

CREATE TABLE witness_cosignature (
  witness      TEXT NOT NULL,
  tree_size    INTEGER NOT NULL,
  lines        TEXT NOT NULL,
  cosigned_at  INTEGER NOT NULL,
  PRIMARY KEY (witness, tree_size)
) STRICT, WITHOUT ROWID;
`,
}
