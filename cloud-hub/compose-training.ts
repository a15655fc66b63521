import type { Clock, Logger } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import type { HubAudit } from './audit/index.ts'
import type { HubConfiguration } from './configuration.ts'
import type { ReleaseService } from './delivery/index.ts'
import type { DriftAlerts } from './drift/index.ts'
import type { GovernanceRepository } from './governance/index.ts'
import type { Lake } from './lake/index.ts'
import type { Registry } from './registry/index.ts'
import {
  LabelLedger,
  makeExecutors,
  type OpenDriftAlert,
  ReproductionStore,
  RunStore,
  ScheduleTimes,
  Training,
  TriggerStore,
  Triggers,
} from './training/index.ts'

/** What training is made of. */
export interface TrainingParts {
  readonly database: Database.Database
  readonly lake: Lake
  readonly registry: Registry
  readonly governance: GovernanceRepository
  /** Undefined until the repository's key ceremony has taken place. */
  readonly releases: ReleaseService | undefined
  readonly driftAlerts: Pick<DriftAlerts, 'open'>
  readonly configuration: HubConfiguration['training']
  /** Folder in which each run has its own. */
  readonly folder: string
  readonly audit: HubAudit
  readonly clock: Clock
  readonly logger: Logger
}

/** Runs, what starts them by itself, and what does them again. */
export function composeTraining(parts: TrainingParts) {
  const { database, lake, registry, audit, clock, logger, configuration } = parts
  const runs = new RunStore(database, clock)
  const reproductions = new ReproductionStore(database, clock)
  const labels = new LabelLedger(database)
  const { executors, listed } = makeExecutors(configuration.executors, configuration.executor)
  const training = new Training({
    store: runs,
    reproductions,
    newestLabel: (finding) => labels.newest(finding),
    lake,
    registry,
    executors,
    audit,
    clock,
    logger,
    folder: parts.folder,
  })
  const triggerStore = new TriggerStore(database, clock)
  const versionToImprove = (model: string): string | undefined => newestReleased(parts, model)
  const triggers = new Triggers({
    store: triggerStore,
    runs,
    training,
    labels,
    driftAlerts: () => openAlerts(parts.driftAlerts),
    versionToImprove,
    times: new ScheduleTimes(),
    audit,
    clock,
    logger,
    declared: configuration.triggers,
    everyMs: configuration.lookSeconds * 1000,
  })
  return { runs, reproductions, training, triggers, triggerStore, versionToImprove, executors: listed }
}

/**
 * The newest version that devices may run; where none is released yet, the newest of all. A candidate that nobody has
 * signed must not become the yardstick of the next one by chance.
 */
function newestReleased(
  { registry, governance, releases }: Pick<TrainingParts, 'registry' | 'governance' | 'releases'>,
  name: string,
): string | undefined {
  const versions = registry.versions(name)
  const released = versions.find((one) =>
    governance.proposalsOf(one.model.digest).some((proposal) => releases?.stateOf(proposal) === 'published'),
  )
  return (released ?? versions[0])?.model.version
}

/** What nobody has settled yet; what can wait a week is no reason to train. */
function openAlerts(alerts: Pick<DriftAlerts, 'open'>): readonly OpenDriftAlert[] {
  return alerts.open().flatMap(({ alert, model, priority }) => (priority === 'P3' ? [] : [{ alert, model, priority }]))
}
