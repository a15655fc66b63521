import type { Migration } from '@leadglass/sync-agent/foundation/database'

/** The way back from pseudonyms to patients and studies: written by one key, read by two people only. */
export const VAULT: Migration = {
  number: 14,
  name: 'vault',
  sql: `
-- The public half; the private half exists only as shares under passphrases.
CREATE TABLE vault_key (
  only_row   INTEGER PRIMARY KEY CHECK (only_row = 1),
  public_key BLOB NOT NULL CHECK (length(public_key) = 32),
  made_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE vault_person (
  person_id    TEXT PRIMARY KEY,
  share_number INTEGER NOT NULL UNIQUE CHECK (share_number BETWEEN 1 AND 255),
  salt         BLOB NOT NULL,
  cost         INTEGER NOT NULL,
  sealed_share BLOB NOT NULL,
  enrolled_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE vault_entry (
  -- 1, 2, 3 without gaps
  number     INTEGER PRIMARY KEY,
  kind       TEXT NOT NULL CHECK (kind IN ('patient','study')),
  pseudonym  TEXT NOT NULL,
  entered_at INTEGER NOT NULL,
  -- ephemeral public key, nonce and ciphertext with its tag
  sealed     BLOB NOT NULL,
  -- SHA-256 over the hash before and everything above
  hash       BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE INDEX vault_entry_by_pseudonym ON vault_entry (pseudonym, number);
CREATE TRIGGER vault_entry_unchangeable BEFORE UPDATE ON vault_entry
BEGIN SELECT RAISE(ABORT, 'a vault entry is never changed'); END;
CREATE TRIGGER vault_entry_unremovable BEFORE DELETE ON vault_entry
BEGIN SELECT RAISE(ABORT, 'a vault entry is never removed'); END;

-- Without its salt an entry can be read by nobody: the purge of a study writes it over, and the chain stays whole.
CREATE TABLE vault_salt (
  number    INTEGER PRIMARY KEY REFERENCES vault_entry (number),
  pseudonym TEXT NOT NULL,
  salt      BLOB NOT NULL CHECK (length(salt) = 32),
  erased_at INTEGER
) STRICT;
CREATE INDEX vault_salt_readable ON vault_salt (pseudonym) WHERE erased_at IS NULL;

-- Generations of pseudonym keys after the first. One that was opened takes effect with the next start.
CREATE TABLE pseudonym_generation (
  generation   INTEGER PRIMARY KEY CHECK (generation >= 2),
  opened_by    TEXT NOT NULL,
  confirmed_by TEXT NOT NULL,
  reason       TEXT NOT NULL,
  opened_at    INTEGER NOT NULL,
  in_force_at  INTEGER
) STRICT;
ALTER TABLE study ADD COLUMN generation INTEGER NOT NULL DEFAULT 1;
CREATE TRIGGER study_of_generation AFTER INSERT ON study BEGIN
  UPDATE study SET generation = (SELECT ifnull(max(generation), 1) FROM pseudonym_generation
    WHERE in_force_at IS NOT NULL) WHERE study_id = NEW.study_id;
END;

CREATE TABLE vault_opening (
  opening       INTEGER PRIMARY KEY,
  pseudonym     TEXT NOT NULL,
  first_person  TEXT NOT NULL,
  second_person TEXT NOT NULL,
  -- as typed: may name somebody, and therefore stays here and is not in the audit log
  reason        TEXT NOT NULL,
  opened_at     INTEGER NOT NULL
) STRICT;
`,
}
