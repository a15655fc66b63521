import type { Migration } from '@leadglass/sync-agent/foundation/database'

/** Who may sign in at the site. */
export const PEOPLE: Migration = {
  number: 5,
  name: 'people',
  sql: `
CREATE TABLE account (
  person_id       TEXT PRIMARY KEY,
  user_name       TEXT NOT NULL UNIQUE,
  role            TEXT NOT NULL CHECK (role IN ('technologist','radiologist','site-admin')),
  password_hash   TEXT NOT NULL,
  failed_attempts INTEGER NOT NULL DEFAULT 0,
  locked_until    INTEGER NOT NULL DEFAULT 0,
  created_at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
  token_digest TEXT PRIMARY KEY,
  person_id    TEXT NOT NULL REFERENCES account (person_id),
  created_at   INTEGER NOT NULL,
  used_at      INTEGER NOT NULL,
  expires_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX session_by_person ON session (person_id);
`,
}
