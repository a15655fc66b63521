import type { Migration } from '@leadglass/sync-agent/foundation/database'

/** Up to which entry of the audit log a repository of the hospital has everything. */
export const AUDIT_FEEDS: Migration = {
  number: 26,
  name: 'audit-feeds',
  sql: `
CREATE TABLE audit_feed (
  name          TEXT PRIMARY KEY,
  next_entry    INTEGER NOT NULL DEFAULT 0 CHECK (next_entry >= 0),
  taken_at      INTEGER,
  failing_since INTEGER,
  failure       TEXT
) STRICT, WITHOUT ROWID;
`,
}
