import { join } from 'node:path'
import type { Clock, Logger } from '@leadglass/sync-agent/foundation'
import type { ModelLibrary } from './activation/index.ts'
import { pseudonymOfUid, type SiteKeys } from './deidentify/index.ts'
import {
  assignmentKey,
  DeploymentCounter,
  DeploymentDesk,
  InForce,
  ShadowRunner,
  TrialShadow,
} from './deployment/index.ts'
import type { AuditSink, EgressDoor } from './egress/index.ts'
import { type FetchedPriors, type Gate, PriorImages, type prepareRevision } from './pipeline/index.ts'
import type { Records } from './records/index.ts'
import { ScoringPool, type ScoringPoolOptions } from './scoring/index.ts'

/** What versions beside those in use are made of. */
export interface DeploymentParts {
  readonly records: Records
  readonly library: ModelLibrary
  /** Of live work; the shadow has one worker of its own like these, with half of their memory. */
  readonly poolOptions: ScoringPoolOptions
  readonly live: Pick<ScoringPool, 'figures'>
  readonly siteSecret: Uint8Array
  readonly keys: SiteKeys
  readonly gate: Gate
  readonly spool: Parameters<typeof prepareRevision>[0]['spool']
  readonly corrections: ConstructorParameters<typeof ShadowRunner>[0]['corrections']
  readonly priors: () => FetchedPriors
  /** False under pressure. */
  readonly mayWork: () => boolean
  readonly door: EgressDoor
  readonly audit: AuditSink
  readonly clock: Clock
  readonly logger: Logger
}

/** Versions beside those in use. `inForce` starts after the library, `shadow` with the other work. */
export interface DeploymentRoom {
  readonly inForce: InForce
  readonly shadow: ShadowRunner
  readonly desk: DeploymentDesk
  readonly counter: DeploymentCounter
  /** The shadow as a new version goes through it. */
  readonly trialShadow: TrialShadow
  readonly priorImages: PriorImages
}

const NICENESS = 19

/** Puts champion, canaries, arms and the shadow together. */
export function composeDeployment(parts: DeploymentParts): DeploymentRoom {
  const { records, poolOptions, live, keys, gate, spool, clock, siteSecret } = parts
  const logger = parts.logger.child({ room: 'deployment' })
  const counter = new DeploymentCounter({ ...parts, logger })
  const key = assignmentKey(siteSecret)
  const inForce = new InForce({ ...parts, counter, key, pseudonymOfUid: (uid) => pseudonymOfUid(keys, uid), logger })
  const priorImages = new PriorImages({ records, fetched: parts.priors, gate, clock, logger })
  const workFolder = join(poolOptions.workFolder, 'shadow')
  const { limits } = poolOptions
  const budget = limits.memoryBudgetMiB
  const pool = new ScoringPool({
    ...poolOptions,
    workers: 1,
    workFolder,
    niceness: NICENESS,
    limits: { ...limits, ...(budget === undefined ? {} : { memoryBudgetMiB: Math.floor(budget / 2) }) },
    logger,
  })
  const isIdle = (): boolean => {
    const { busy, queued } = live.figures()
    const { queued: waiting, running } = records.revisions.openWork()
    return busy + queued + waiting + running === 0
  }
  const shadow = new ShadowRunner({
    ...parts,
    inForce,
    counter,
    pool,
    prepare: { spool, gate },
    priorImages,
    mayWork: () => parts.mayWork() && isIdle(),
    workFolder,
    logger,
  })
  const desk = new DeploymentDesk({ ...parts, inForce, counter })
  const trialShadow = new TrialShadow(records, desk, counter)
  return { inForce, shadow, desk, counter, trialShadow, priorImages }
}
