import { AUDIT_FEED_SCHEMA } from '@leadglass/sync-agent/audit-log'
import type { Migration } from '@leadglass/sync-agent/foundation/database'

/** Up to which entry of the audit log a repository of the hospital has everything. */
export const AUDIT_FEEDS: Migration = {
  number: 26,
  name: 'audit-feeds',
  sql: AUDIT_FEED_SCHEMA,
}
