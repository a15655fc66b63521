import { AUDIT_LOG_SCHEMA } from '@leadglass/sync-agent/audit-log'
import { type Migration, openDatabase } from '@leadglass/sync-agent/foundation/database'
import type Database from 'better-sqlite3'
import { ACCOUNTS_SCHEMA, PASSWORD_AGE_SCHEMA } from '../api/accounts/schema.ts'
import { SITE_AUDIT_SCHEMA, WITNESS_SCHEMA } from '../audit/schema.ts'
import { AUDIT_DESK_SCHEMA } from '../audit/search-schema.ts'
import { AUDIT_WATCH_SCHEMA } from '../audit/watch-schema.ts'
import { CHANGE_CONTROL_SCHEMA } from '../change-control/index.ts'
import { DRIFT_WATCH_SCHEMA } from '../drift/schema.ts'
import { DEVICE_ANCHOR_SCHEMA } from '../enrolment/anchor-schema.ts'
import { EVENT_HUB_SCHEMA } from '../event-hubs/schema.ts'
import { FAIRNESS_SCHEMA } from '../fairness/schema.ts'
import { DESIRED_STATE_SCHEMA } from '../fleet/schema.ts'
import { GOVERNANCE_SCHEMA } from '../governance/schema.ts'
import { APPROVAL_WORKFLOW_SCHEMA } from '../governance/workflow-schema.ts'
import { CHAIN_SCHEMA } from '../ingest/chain-schema.ts'
import { DEPLOYMENT_STATISTICS_SCHEMA } from '../ingest/deployment-schema.ts'
import { EPOCH_SCHEMA } from '../ingest/epoch-schema.ts'
import { DRIFT_HOUR_SCHEMA, GENERATION_SCHEMA, INGEST_SCHEMA, STUDY_REVISION_SCHEMA } from '../ingest/schema.ts'
import { LAKE_CATALOG_SCHEMA, LAKE_SCHEMA, REVOKED_READER_SCHEMA } from '../lake/schema.ts'
import { PERFORMANCE_SCHEMA } from '../performance/schema.ts'
import { REGISTRY_SCHEMA } from '../registry/schema.ts'
import { REGISTRY_TOOLS_SCHEMA } from '../registry/tools-schema.ts'
import { ROLLOUT_HISTORY_SCHEMA, ROLLOUT_SCHEMA } from '../rollout/schema.ts'
import { TRAINING_AUTOMATION_SCHEMA, TRAINING_REPRODUCTION_SCHEMA, TRAINING_SCHEMA } from '../training/schema.ts'
import { readPlace } from './place.ts'
import { asSqlite } from './synchronous/database.ts'
import { openPostgresDatabase } from './synchronous/open.ts'

/** Every step of the hub's schema, in order. A released step is never edited. */
export const HUB_MIGRATIONS: readonly Migration[] = [
  { number: 1, name: 'audit-log', sql: AUDIT_LOG_SCHEMA },
  { number: 2, name: 'ingest', sql: INGEST_SCHEMA },
  { number: 3, name: 'site-audit', sql: SITE_AUDIT_SCHEMA },
  { number: 4, name: 'lake', sql: LAKE_SCHEMA },
  { number: 5, name: 'training', sql: TRAINING_SCHEMA },
  { number: 6, name: 'accounts', sql: ACCOUNTS_SCHEMA },
  { number: 7, name: 'registry', sql: REGISTRY_SCHEMA },
  { number: 8, name: 'governance', sql: GOVERNANCE_SCHEMA },
  { number: 9, name: 'study-revisions', sql: STUDY_REVISION_SCHEMA },
  { number: 10, name: 'generations', sql: GENERATION_SCHEMA },
  { number: 11, name: 'epochs', sql: EPOCH_SCHEMA },
  { number: 12, name: 'desired-state', sql: DESIRED_STATE_SCHEMA },
  { number: 13, name: 'certificate-chains', sql: CHAIN_SCHEMA },
  { number: 14, name: 'witness', sql: WITNESS_SCHEMA },
  { number: 15, name: 'audit-desk', sql: AUDIT_DESK_SCHEMA },
  { number: 21, name: 'deployment-statistics', sql: DEPLOYMENT_STATISTICS_SCHEMA },
  { number: 22, name: 'device-anchors', sql: DEVICE_ANCHOR_SCHEMA },
  { number: 23, name: 'event-hubs', sql: EVENT_HUB_SCHEMA },
  { number: 25, name: 'audit-watch', sql: AUDIT_WATCH_SCHEMA },
  { number: 26, name: 'registry-tools', sql: REGISTRY_TOOLS_SCHEMA },
  { number: 27, name: 'approval-workflow', sql: APPROVAL_WORKFLOW_SCHEMA + PASSWORD_AGE_SCHEMA },
  { number: 29, name: 'rollouts', sql: ROLLOUT_SCHEMA },
  { number: 30, name: 'rollout-history', sql: ROLLOUT_HISTORY_SCHEMA },
  { number: 31, name: 'change-control', sql: CHANGE_CONTROL_SCHEMA },
  { number: 32, name: 'lake-catalog', sql: LAKE_CATALOG_SCHEMA },
  { number: 33, name: 'revoked-readers', sql: REVOKED_READER_SCHEMA },
  { number: 34, name: 'training-automation', sql: TRAINING_AUTOMATION_SCHEMA },
  { number: 35, name: 'training-reproduction', sql: TRAINING_REPRODUCTION_SCHEMA },
  { number: 36, name: 'drift-hour', sql: DRIFT_HOUR_SCHEMA },
  { number: 37, name: 'drift-watch', sql: DRIFT_WATCH_SCHEMA },
  { number: 38, name: 'performance', sql: PERFORMANCE_SCHEMA },
  { number: 39, name: 'fairness', sql: FAIRNESS_SCHEMA },
]

/**
 * Opens the database of the hub in a folder, `hub.db` or the one on PostgreSQL that `database.json` names, and brings it up to
 * date.
 */
export function openHubDatabase(folder: string): Database.Database {
  const place = readPlace(folder)
  if (place.kind === 'sqlite') return openDatabase({ path: place.path, migrations: HUB_MIGRATIONS })
  return asSqlite(openPostgresDatabase(place.url, HUB_MIGRATIONS))
}
