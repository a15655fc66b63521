import type { Migration } from '@leadglass/sync-agent/foundation/database'
import { COMMITMENT_SCHEMA_SQL } from '../../dimse/commitment/schema.ts'
import { QUERY_INDEX_SQL } from '../../dimse/query/sqlite-study-finder.ts'

/** Reports of storage commitment that are owed or awaited, and the indexes that C-FIND needs. */
export const COMMITMENT: Migration = {
  number: 7,
  name: 'commitment',
  sql: `${COMMITMENT_SCHEMA_SQL}\n${QUERY_INDEX_SQL}`,
}
