import type { Migration } from '@leadglass/sync-agent/foundation/database'

/** Versions on their way into use; a trial counts what it scored. No study and no person. */
export const ACTIVATION: Migration = {
  number: 35,
  name: 'activation',
  sql: `
CREATE TABLE activation (
  model_digest    TEXT PRIMARY KEY,
  model_name      TEXT NOT NULL,
  release_counter INTEGER NOT NULL,
  state           TEXT NOT NULL CHECK (state IN
    ('stage', 'verify', 'golden', 'shadow', 'trial', 'clean', 'committed', 'waiting', 'quarantined')),
  attempts        INTEGER NOT NULL,
  previous        TEXT,
  reason          TEXT,
  runs            INTEGER NOT NULL DEFAULT 0,
  errors          INTEGER NOT NULL DEFAULT 0,
  entered_at      INTEGER NOT NULL
) STRICT;
CREATE INDEX activation_by_name ON activation (model_name, entered_at);

-- One row while the process runs: a start that finds it follows a stop that nobody ordered.
CREATE TABLE activation_run (one INTEGER PRIMARY KEY CHECK (one = 1), started_at INTEGER NOT NULL) STRICT;
`,
}
