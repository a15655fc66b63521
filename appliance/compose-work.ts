import { dirname, join, resolve } from 'node:path'
import type { Clock, Logger, Randomness } from '@leadglass/sync-agent/foundation'
import { Activator, ModelLibrary, StopDesk } from './activation/index.ts'
import { type BackfillRoom, composeBackfill } from './compose-backfill.ts'
import { type CorrectionsParts, type CorrectionsRoom, composeCorrections } from './compose-corrections.ts'
import { composeDeployment, type DeploymentParts, type DeploymentRoom } from './compose-deployment.ts'
import { composeExplanation, type ExplanationRoom } from './compose-explanation.ts'
import { composePixels, type PixelRoom } from './compose-pixels.ts'
import { composeRetention, type RetentionParts, type RetentionRoom } from './compose-retention.ts'
import { composeRules, type RulesParts, type RulesRoom } from './compose-rules.ts'
import type { DimseEngine } from './engines/index.ts'
import type { ApplianceFolders } from './folders.ts'
import { Pipeline, processRevision } from './pipeline/index.ts'
import { DeliveryQueue, DicomSender, FhirSender, SenderByProtocol, StowSender } from './results/index.ts'
import {
  defaultScoringLimits,
  executionOf,
  memoryBudgetMiB,
  readScoringPlan,
  SCORING_PLAN_FILE,
  ScoringPool,
  type ScoringPoolOptions,
  workerCodeRoots,
  workerKilled,
} from './scoring/index.ts'
import type { TlsMaterial } from './site-settings/index.ts'

const PROGRAM_ROOT = resolve(import.meta.dirname, '..')

/** What everything between a complete study and its result is made of. */
export interface WorkParts
  extends Omit<CorrectionsParts, 'device' | 'onCorrected' | 'spool'>,
    Omit<RulesParts, 'onRouted' | 'spool'>,
    Omit<RetentionParts, 'spool'>,
    Pick<DeploymentParts, 'siteSecret' | 'priors'> {
  readonly device: string
  readonly softwareVersion: string
  readonly aeTitle: string
  readonly workers: number
  readonly engine: DimseEngine
  readonly material: TlsMaterial
  readonly folders: ApplianceFolders
  readonly spool: Parameters<typeof processRevision>[1]['spool'] &
    CorrectionsParts['spool'] &
    RulesParts['spool'] &
    RetentionParts['spool']
  readonly clock: Clock
  readonly randomness: Randomness
  readonly logger: Logger
  /** Told when the verifier kept something of a study in. */
  readonly onLeak: NonNullable<Parameters<typeof processRevision>[1]['onLeak']>
  /** False while the disk or the queue is under pressure. */
  readonly mayWork: () => boolean
  /** Other models are in force. */
  readonly onModels: () => void
}

/** The rooms of the work. `pool`, `library` and the reader of `pixels` start first: nothing is scored without them. */
export interface WorkRoom {
  readonly pool: ScoringPool
  readonly library: ModelLibrary
  /** `recover` runs before the library starts. */
  readonly activator: Activator
  readonly stops: StopDesk
  readonly deliveries: DeliveryQueue
  readonly pipeline: Pipeline
  readonly rules: RulesRoom
  readonly keeping: RetentionRoom
  readonly corrections: CorrectionsRoom
  readonly pixels: PixelRoom
  readonly deployment: DeploymentRoom
  readonly explanations: ExplanationRoom
  readonly backfills: BackfillRoom
}

/** Puts the work together: rules choose, corrections settle, the pipeline scores, the queue delivers, retention ends it. */
export function composeWork(parts: WorkParts): WorkRoom {
  const { records, folders, settings, audit, clock, randomness, logger, onChanged } = parts
  const planned = readScoringPlan(join(dirname(folders.records), SCORING_PLAN_FILE))
  if (planned.kind === 'none' && planned.reason !== 'not-measured') {
    logger.warn('scoring.plan-not-used', { reason: planned.reason })
  }
  const plan = planned.kind === 'plan' ? planned.plan : undefined
  const poolOptions = {
    workers: plan?.workers ?? parts.workers,
    ...(plan === undefined ? {} : { execution: executionOf(plan) }),
    codeRoots: workerCodeRoots(PROGRAM_ROOT),
    workFolder: folders.work,
    modelsFolder: folders.models,
    clock,
    logger: logger.child({ room: 'scoring' }),
    limits: { ...defaultScoringLimits, memoryBudgetMiB: plan?.memoryBudgetMiB ?? memoryBudgetMiB() },
    onWorkerKilled: (...death) => audit.recordNow(workerKilled(...death)),
  } satisfies ScoringPoolOptions
  const pool = new ScoringPool(poolOptions)
  const modelsFolder = folders.models
  const library = new ModelLibrary({ records, modelsFolder, audit, clock, logger, onChange: parts.onModels })
  const sender = new SenderByProtocol({
    dicom: new DicomSender(parts.engine.sender({ logger }), parts.aeTitle, (tls) => parts.material.towards(tls)),
    stow: new StowSender(),
    fhir: new FhirSender(),
  })
  const deliveries = new DeliveryQueue({ records, sender, settings, audit, clock, randomness, logger, onChanged })
  const device = { name: parts.device, softwareVersion: parts.softwareVersion }
  const corrections = composeCorrections({
    ...parts,
    device,
    onCorrected: (studies) => {
      for (const studyId of studies) onChanged(studyId)
      rules.router.wake()
    },
  })
  const rules = composeRules({ ...parts, onRouted: () => pipeline.wake() })
  const { gate } = corrections
  const pixels = composePixels({ ...parts, programRoot: PROGRAM_ROOT, workFolder: folders.work, gate })
  const explanations = composeExplanation({
    ...parts,
    box: device,
    overlayOf: (studyId) => corrections.superseding.overlayOf(studyId),
    onQueued: () => deliveries.wake(),
    gate,
    pool,
    activeModels: () => library.active(),
    workFolder: folders.work,
  })
  const deployment = composeDeployment({
    ...parts,
    library,
    poolOptions,
    live: pool,
    gate,
    corrections: corrections.superseding,
  })
  const activator = new Activator({
    ...parts,
    library,
    modelsFolder,
    pool,
    shadow: deployment.trialShadow,
    settings: () => settings().activation,
    logger: logger.child({ room: 'activation' }),
  })
  const stops = new StopDesk({ records, audit, clock, onChange: parts.onModels })
  const work = {
    ...parts,
    device,
    gate,
    pixels: pixels.doubtAbout,
    afterScoring: rules.afterScoring,
    corrections: corrections.superseding,
    pool,
    models: deployment.inForce,
    priorImages: deployment.priorImages,
    workFolder: folders.work,
  }
  const pipeline = new Pipeline({
    records,
    audit,
    next: rules.next,
    process: async (revision) => {
      await processRevision(await corrections.corrections.settle(revision), work)
      deliveries.wake()
    },
    settings,
    clock,
    logger,
    onChanged,
  })
  const backfills = composeBackfill({
    ...work,
    library,
    siteZone: () => rules.book.active()?.file.timeZone,
    onStudy: onChanged,
    onDeliveries: () => deliveries.wake(),
  })
  return {
    deployment,
    explanations,
    backfills,
    pool,
    library,
    activator,
    stops,
    deliveries,
    pipeline,
    rules,
    keeping: composeRetention(parts),
    corrections,
    pixels,
  }
}
