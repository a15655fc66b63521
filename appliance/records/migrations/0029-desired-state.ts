import type { Migration } from '@leadglass/sync-agent/foundation/database'

/**
 * The document that the hub wishes, as far as this site came with it, and the state that was last reported. One row each:
 * what the hub wished before is in its own history.
 */
export const DESIRED_STATE: Migration = {
  number: 29,
  name: 'desired-state',
  sql: `
CREATE TABLE desired_state (
  one        INTEGER PRIMARY KEY CHECK (one = 1),
  version    INTEGER NOT NULL,
  digest     TEXT NOT NULL,
  document   TEXT NOT NULL,
  state      TEXT NOT NULL CHECK (state IN ('delivered', 'applied', 'rejected', 'expired')),
  parts      TEXT NOT NULL,
  changed_at INTEGER NOT NULL
) STRICT;

CREATE TABLE reported_state (
  one      INTEGER PRIMARY KEY CHECK (one = 1),
  version  INTEGER NOT NULL,
  chain    TEXT NOT NULL,
  document TEXT NOT NULL
) STRICT;
`,
}
