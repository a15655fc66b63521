/** Accounts of the hub and their sessions. Passwords are kept as argon2id hashes, session tokens as SHA-256. */
export const ACCOUNTS_SCHEMA = `
CREATE TABLE account (
  account TEXT PRIMARY KEY,
  role TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  failed_attempts INTEGER NOT NULL DEFAULT 0,
  paused_until INTEGER NOT NULL DEFAULT 0,
  created_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
  token_digest TEXT PRIMARY KEY,
  account TEXT NOT NULL REFERENCES account (account),
  opened_at INTEGER NOT NULL,
  last_used_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`

/** When a password was set last: those who sign change theirs from time to time (21 CFR 11.300(b)). */
export const PASSWORD_AGE_SCHEMA = `
ALTER TABLE account ADD COLUMN password_set_at TEXT;
UPDATE account SET password_set_at = created_at;
`
