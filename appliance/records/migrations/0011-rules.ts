import type { Migration } from '@leadglass/sync-agent/foundation/database'

/** Rules by version, what they looked at, what they decided, and the lanes of the queue. */
export const RULES: Migration = {
  number: 11,
  name: 'rules',
  sql: `
CREATE TABLE rule_version (
  version      INTEGER PRIMARY KEY,
  digest       TEXT NOT NULL,
  content      TEXT NOT NULL,
  -- what it changed against the version before, as JSON
  changes      TEXT NOT NULL,
  author       TEXT NOT NULL,
  reason       TEXT NOT NULL,
  activated_at INTEGER NOT NULL
) STRICT;

-- what was known of a revision when it was complete; identifies nobody by name, and goes with the study
CREATE TABLE routing_facts (
  revision_id  INTEGER PRIMARY KEY REFERENCES revision (revision_id),
  completed_at INTEGER NOT NULL,
  content      TEXT NOT NULL
) STRICT;
CREATE INDEX routing_facts_by_time ON routing_facts (completed_at, revision_id);

CREATE TABLE revision_route (
  revision_id  INTEGER PRIMARY KEY REFERENCES revision (revision_id),
  -- null before there were rules
  rule_version INTEGER REFERENCES rule_version (version),
  rule         TEXT,
  decision     TEXT NOT NULL,
  decided_at   INTEGER NOT NULL,
  -- a person let a held revision go on
  released_at  INTEGER
) STRICT;

-- 0 stat, 1 urgent, 2 routine, 3 off-peak, 4 held; null until the rules have decided
ALTER TABLE revision ADD COLUMN lane INTEGER CHECK (lane BETWEEN 0 AND 4);
DROP INDEX revision_waiting;
CREATE INDEX revision_waiting ON revision (lane, completed_at, revision_id)
  WHERE assembly = 'complete' AND processing = 'queued' AND superseded = 0;
`,
}
