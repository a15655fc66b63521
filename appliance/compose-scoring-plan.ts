import { dirname, join, resolve } from 'node:path'
import type { Clock, Logger, Service } from '@leadglass/sync-agent/foundation'
import type { Records } from './records/index.ts'
import {
  defaultFirstPlanTimes,
  FirstPlan,
  type FoundProviders,
  readScoringPlan,
  SCORING_PLAN_FILE,
  type ScoringPlan,
  type ScoringPool,
  StartProbe,
} from './scoring/index.ts'

const PROGRAM_ROOT = resolve(import.meta.dirname, '..')
const SHIPPED = join(PROGRAM_ROOT, 'models', 'packages', 'chest-radiograph', '1.0.0')
/** So few that a trial lasts a second or two. */
const IMAGES = 24

/** What runs the models here, for whoever asks. */
export interface ScoringStatus {
  readonly found: FoundProviders | null
  readonly plan: ScoringPlan | null
  /** Why no plan is in force. */
  readonly noPlan: 'not-measured' | 'unreadable' | 'another-machine' | null
  readonly pool: ReturnType<ScoringPool['figures']>
}

/** The probe of the providers at each start, and the plan that the box measures by itself when it has none. */
export interface ScoringPlanRoom {
  readonly services: readonly Service[]
  readonly status: () => ScoringStatus
}

/** Puts both together; nothing of it delays the start or any work. */
export function composeScoringPlan(parts: {
  readonly folders: { readonly records: string }
  readonly records: Pick<Records, 'revisions'>
  readonly pool: ScoringPool
  /** False: a site that measures itself, or not at all. */
  readonly measures: boolean
  readonly clock: Clock
  readonly logger: Logger
}): ScoringPlanRoom {
  const { folders, records, pool, measures, clock } = parts
  const logger = parts.logger.child({ room: 'scoring' })
  const planFile = join(dirname(folders.records), SCORING_PLAN_FILE)
  const probe = new StartProbe({ clock, logger })
  const first = new FirstPlan({
    planFile,
    programRoot: PROGRAM_ROOT,
    packageFolder: SHIPPED,
    images: IMAGES,
    isIdle: () => {
      const { receiving, queued, running } = records.revisions.openWork()
      const { busy, queued: waiting } = pool.figures()
      return receiving + queued + running + busy + waiting === 0
    },
    adopt: (workers, execution) => pool.adopt(workers, execution),
    clock,
    logger,
    times: defaultFirstPlanTimes,
  })
  return {
    services: measures ? [probe, first] : [probe],
    status: () => {
      const stored = readScoringPlan(planFile)
      return {
        found: probe.found(),
        plan: stored.kind === 'plan' ? stored.plan : null,
        noPlan: stored.kind === 'none' ? stored.reason : null,
        pool: pool.figures(),
      }
    },
  }
}
