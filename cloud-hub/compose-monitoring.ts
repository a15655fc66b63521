import type { Clock, Logger, Service } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import type { HubAudit } from './audit/index.ts'
import { FairnessMonitor } from './fairness/index.ts'
import { PerformanceMonitor } from './performance/index.ts'
import type { Registry } from './registry/index.ts'

/** What looks at versions in use: how they perform, and whom they serve worse. */
export function composeMonitoring(parts: {
  readonly database: Database.Database
  readonly registry: Registry
  readonly audit: HubAudit
  readonly clock: Clock
  readonly logger: Logger
}): {
  readonly performance: PerformanceMonitor
  readonly fairness: FairnessMonitor
  readonly services: readonly Service[]
} {
  const performance = new PerformanceMonitor(parts)
  const fairness = new FairnessMonitor(parts)
  return { performance, fairness, services: [performance, fairness] }
}
