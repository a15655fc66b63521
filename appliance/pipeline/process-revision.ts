import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ModelPackage } from '@leadglass/models'
import type { AuditDetail } from '@leadglass/sync-agent/audit-log'
import { type EnvelopeBody, envelopeBody } from '@leadglass/sync-agent/contract'
import type { Clock, Logger } from '@leadglass/sync-agent/foundation'
import type { RevisionCorrections } from '../corrections/index.ts'
import type { StudyIdentifiers } from '../deidentify/index.ts'
import { type AuditSink, countInstance, type EgressDoor } from '../egress/index.ts'
import { RISK_TABLE_VERSION } from '../pixel-text/index.ts'
import type { PixelPrintRow, Records, WaitingRevision } from '../records/index.ts'
import { type AfterScoring, type Decision, decisionAbout, reasonOf, takesIn } from '../rules/index.ts'
import type { ScoringPool } from '../scoring/index.ts'
import type { CurrentSettings } from '../settings.ts'
import { deidentificationEvidence, modelCodes } from './deidentification-evidence.ts'
import { bodiesOf } from './envelopes.ts'
import type { Gate } from './gate.ts'
import { withHalted } from './halted.ts'
import { judgeMeasured, keptByRule, withOwnFigures } from './measured.ts'
import type { ModelChoice, ModelUse } from './model-choice.ts'
import { notScoredEnd } from './not-scored.ts'
import { figuresOf, type Outcome, revisionOutcome } from './outcomes.ts'
import { type PixelDoubts, whatBlocks } from './pixel-doubts.ts'
import { type Preparation, type PrepareDependencies, prepareRevision } from './prepare.ts'
import type { StoppedInstance } from './prepared-instance.ts'
import type { PriorImages } from './prior-images.ts'
import { buildNotScored, buildReports, type ReportOutcome } from './reports.ts'
import { planWork, priorsGiven, priorsOf } from './score.ts'
import { scoreChosen } from './score-chosen.ts'
import { scoreTables } from './score-tables.ts'

export interface ProcessDependencies extends PrepareDependencies {
  /** What corrections mean for the work; without it nothing is ever corrected. */
  readonly corrections?: RevisionCorrections
  readonly records: Records
  readonly pool: Pick<ScoringPool, 'score'>
  /** The rules that look at figures; without it none do. */
  readonly afterScoring?: Pick<AfterScoring, 'judge'>
  /** What reads risky pixels; without it they are doubted. */
  readonly pixels?: PixelDoubts
  /** Which versions score a revision, and who counts how they do. */
  readonly models: ModelChoice
  /** Finds earlier studies for models that look at them; without it there are none. */
  readonly priorImages?: PriorImages
  readonly door: EgressDoor
  /** Told, in the transaction that writes the revision, when the verifier kept something in. */
  readonly onLeak?: (place: 'object' | 'envelope', studyId: number) => void
  readonly audit: AuditSink
  readonly settings: CurrentSettings
  readonly device: { readonly name: string; readonly softwareVersion: string }
  readonly workFolder: string
  readonly clock: Clock
  readonly logger: Logger
}

/** What one revision came to, before it is written. */
interface Finding {
  readonly preparation: Preparation
  readonly outcomes: readonly Outcome[]
  readonly reports: readonly ReportOutcome[]
  readonly bodies: readonly EnvelopeBody[]
  readonly active: readonly ModelPackage[]
  /** With what it was scored. */
  readonly uses: readonly ModelUse[]
  /** What the rules said about it. */
  readonly decision: Decision
  /** Why nothing about it leaves the box although it was scored: text in its pixels, or doubt. */
  readonly blocked: string | undefined
  /** What is kept of pixels, to know them again. */
  readonly prints?: readonly PixelPrintRow[]
}

/**
 * Works through one claimed revision: de-identify, verify, score, build results, and write everything that follows in
 * one transaction. Until that transaction nothing but the work folder has changed, so the work can be killed at any
 * instant and begun again.
 * @throws {ScoringUnavailable} when the workers cannot take work now.
 */
export async function processRevision(revision: WaitingRevision, dependencies: ProcessDependencies): Promise<void> {
  const { records, pool, models, device, workFolder, clock } = dependencies
  const folder = join(workFolder, String(revision.revisionId))
  try {
    const decided = decisionAbout(records, revision.revisionId)
    const chosen = models.choose(revision).filter((one) => takesIn(decided.models, one.package.model.name))
    const instances = records.revisions.instances(revision.revisionId)
    const isScored = decided.processing === 'score' && decided.models.length > 0
    const preparation = isScored
      ? await prepareRevision(dependencies, instances, folder, dependencies.corrections?.overlayOf(revision.studyId))
      : { prepared: [], stopped: [] }
    const wanted = new Set(dependencies.settings().destinations.flatMap((destination) => destination.kinds))
    const job = { id: `revision-${revision.revisionId}`, lane: decided.lane, segments: wanted.has('seg') }
    const findPriors = dependencies.priorImages?.finder(revision, folder)
    const packages = isScored ? chosen.map((one) => one.package) : []
    const plan = await planWork(packages, preparation.prepared, findPriors)
    const seen = [...preparation.prepared, ...plan.works.flatMap(priorsOf)]
    const [scored, blocked] = await Promise.all([
      isScored
        ? scoreChosen(pool, chosen, plan, preparation.prepared, job, findPriors)
        : { outcomes: instances.map(({ ordinal }) => notScoredByRule(ordinal, decided)), uses: [], packages: [] },
      decided.profile === 'local-only' ? undefined : whatBlocks(seen, dependencies.pixels),
    ])
    const halted = models.halted().filter((one) => takesIn(decided.models, one.package.model.name))
    const active = scored.packages
    const { studyId } = revision
    const measured = withOwnFigures(records, {
      studyId,
      outcomes: isScored ? withHalted(scored.outcomes, preparation.prepared, halted) : scored.outcomes,
      prepared: preparation.prepared,
      instances,
    })
    const tables = isScored ? await scoreTables(pool, active, preparation.prepared, measured.outcomes, job) : []
    const found = [...measured.outcomes, ...tables]
    const verdict = judgeMeasured(dependencies.afterScoring, revision, decided, found)
    if (verdict.kind === 'held') return
    const { decision } = verdict
    const outcomes = decision.processing === 'keep' && isScored ? keptByRule(found, decision) : found
    const earlier = records.results.earlier(studyId)
    const now = new Date(clock.now())
    const scoredReports = buildReports(
      revision,
      active,
      preparation.prepared,
      outcomes,
      device,
      now,
      earlier,
      wanted,
      priorsGiven(scored.uses),
    )
    const judged = verified(
      revision,
      { preparation, outcomes, reports: scoredReports, active, uses: scored.uses, decision, blocked },
      dependencies,
    )
    const end = wanted.has('not-scored') ? await notScoredEnd(revision, judged, instances, dependencies) : undefined
    const reports =
      end === undefined
        ? judged.reports
        : [...judged.reports, buildNotScored(revision, { ...end, device }, now, earlier)]
    const finding = { ...judged, reports, prints: measured.prints }
    records.transaction(() => {
      write(revision, finding, dependencies)
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The last look before anything is sealed: a body in which an identifier is found stops the whole revision. */
function verified(
  revision: WaitingRevision,
  finding: Omit<Finding, 'bodies'>,
  { gate, records }: ProcessDependencies,
): Finding {
  const { preparation, outcomes, active, uses, decision, blocked } = finding
  if (staysHere(finding)) return { ...finding, bodies: [] }
  const patient = preparation.prepared[0]?.patientPseudonym ?? revision.patientPseudonym
  const bodies = bodiesOf(
    { ...revision, patientPseudonym: patient },
    preparation.prepared,
    preparation.stopped,
    outcomes,
  )
  const seen = [...preparation.prepared, ...uses.flatMap((use) => priorsOf(use.run.work))]
  const identifiers = seen.map((instance) => instance.identifiers)
  const fault = bodies.map((body) => faultOf(body, gate, identifiers)).find((one) => one !== undefined)
  if (fault === undefined) return { ...finding, bodies }
  const stopped = records.revisions.instances(revision.revisionId).map(
    ({ ordinal, instanceId }): StoppedInstance => ({
      ordinal,
      instanceId,
      stage: 'verify',
      reason: fault,
    }),
  )
  const nothing = { outcomes: [], reports: [], bodies: [], uses: [] }
  return { preparation: { prepared: [], stopped }, ...nothing, active, decision, blocked }
}

/** A site may keep a study's figures to itself, and what is doubted does not leave. */
function staysHere({ decision, blocked }: Pick<Finding, 'decision' | 'blocked'>): boolean {
  return decision.profile === 'local-only' || blocked !== undefined
}

function notScoredByRule(ordinal: number, decision: Decision): Outcome {
  return { kind: 'not-scored', ordinal, model: null, reason: reasonOf(decision), quality: {} }
}

function faultOf(body: EnvelopeBody, gate: Gate, identifiers: readonly StudyIdentifiers[]): string | undefined {
  // An object can say what the contract cannot carry, such as a month 00.
  if (!envelopeBody.safeParse(body).success) return 'outside-contract'
  return gate.mayLeave(body, identifiers) ? undefined : 'identifier-in-envelope'
}

function write(revision: WaitingRevision, finding: Finding, dependencies: ProcessDependencies): void {
  const { records, audit, clock } = dependencies
  const { revisionId, studyId } = revision
  const at = clock.now()
  if (records.revisions.isSuperseded(revisionId)) {
    // A late instance came while this ran: only the later revision speaks.
    records.revisions.finish(revisionId, 'not-scored', 'superseded', at)
    return
  }
  const { preparation, outcomes } = finding
  const found = revisionOutcome(
    outcomes,
    preparation.stopped.map((one) => one.reason),
  )
  const end = { ...found, reason: dependencies.corrections?.reasonOfEmpty(revisionId) ?? found.reason }
  if (!records.revisions.finish(revisionId, end.processing, end.reason, at)) return
  const event = (
    name: 'study.scored' | 'study.not-scored' | 'study.deidentified' | 'study.quarantined' | 'study.egress-blocked',
    outcome: 'success' | 'failure' | 'refused',
    codes: readonly string[],
    detail?: AuditDetail,
  ): void => {
    const actor = {
      kind: 'system',
      id: name === 'study.scored' || name === 'study.not-scored' ? 'scoring' : 'deidentify',
    } as const
    audit.record(
      { event: name, actor, subject: { kind: 'study', id: revision.studyPseudonym }, outcome, codes },
      studyId,
      detail,
    )
  }
  for (const stopped of preparation.stopped) {
    records.studies.insertQuarantine(stopped.instanceId, revisionId, stopped.stage, stopped.reason, at)
  }
  const reasons = [...new Set(preparation.stopped.map((stopped) => stopped.reason))]
  if (preparation.stopped.some(({ stage }) => stage === 'verify')) {
    const place = reasons.includes('identifier-in-envelope') ? 'envelope' : 'object'
    dependencies.onLeak?.(place, studyId)
  }
  if (reasons.length > 0) event('study.quarantined', 'refused', reasons.slice(0, 32))
  if (preparation.prepared.length > 0) {
    const { codes, detail } = deidentificationEvidence(preparation.prepared.map(({ report }) => report))
    event('study.deidentified', 'success', codes, detail)
  }
  if (finding.blocked !== undefined) {
    records.pixels.blockEgress(revisionId, finding.blocked, RISK_TABLE_VERSION, at)
    event('study.egress-blocked', 'refused', [finding.blocked, `risk-table-${RISK_TABLE_VERSION}`])
  }
  writeOutcomes(revision, finding, dependencies)
  for (const body of finding.bodies) dependencies.door.seal(body, studyId)
  // What a rule keeps to itself in the end is no run to compare.
  if (end.processing !== 'not-scored' || finding.decision.processing === 'score') {
    dependencies.models.written(revision, finding.uses, !staysHere(finding))
  }
  writeReports(revision, finding, dependencies, at)
  // The word that nothing was scored takes back nothing by itself.
  const reports = finding.reports.filter((one) => one.kind === 'report' && one.product === 'sr').length
  const localOnly = staysHere(finding)
  dependencies.corrections?.written(revision, { processing: end.processing, reports, localOnly })
  if (end.processing === 'scored')
    event('study.scored', 'success', [`revision-${revision.number}`, ...modelCodes(outcomes)])
  else event('study.not-scored', end.processing === 'failed' ? 'failure' : 'success', [end.reason ?? 'unknown'])
}

function writeOutcomes(
  { revisionId, studyId }: WaitingRevision,
  finding: Finding,
  { records }: ProcessDependencies,
): void {
  const { outcomes, preparation, active, uses } = finding
  for (const print of finding.prints ?? []) records.prints.keep(print)
  const headers = new Map(preparation.prepared.map((one) => [one.ordinal, one.metadata]))
  for (const outcome of outcomes) {
    const scored = outcome.kind === 'scored' ? outcome : undefined
    const resultId = records.results.insertResult({
      revisionId,
      ordinal: outcome.ordinal,
      model: outcome.model,
      outcome: outcome.kind,
      reason: outcome.kind === 'not-scored' ? outcome.reason : null,
      embedding: scored === undefined ? null : Buffer.from(new Uint8Array(scored.embedding.slice().buffer)),
      quality: outcome.quality,
      provider: scored?.provider ?? null,
      scores: scored?.scores ?? [],
    })
    if (scored?.radiomics !== undefined) records.radiomics.insert(resultId, scored.radiomics)
    const model = active.find((one) => one.digest === outcome.model?.digest)
    if (scored === undefined || model === undefined || staysHere(finding)) continue
    countInstance(records.egress, model.model, model.reference, {
      scores: scored.scores,
      embedding: [...scored.embedding],
      quality: figuresOf(scored),
      standard: { ...headers.get(outcome.ordinal), ...latencyOf(uses, model.digest) },
    })
  }
  const patient = preparation.prepared[0]?.patientPseudonym
  if (patient !== undefined) records.studies.setPatientPseudonym(studyId, patient)
}

/** How long a file of a model took. */
function latencyOf(uses: readonly ModelUse[], digest: string): { readonly 'latency.score'?: number } {
  const ms = uses.find((use) => use.chosen.package.digest === digest)?.run.ms
  return ms === undefined ? {} : { 'latency.score': ms }
}

function writeReports(
  { revisionId, studyId, studyPseudonym }: WaitingRevision,
  { reports, decision }: Finding,
  { records, settings, audit, logger }: ProcessDependencies,
  at: number,
): void {
  const known = settings().destinations
  // Who has an earlier result must get the one that supersedes it, whatever the rules say now.
  const had = new Set(records.corrections.destinationsThatHave(studyId))
  const chosen = known.filter(({ name }) => takesIn(decision.destinations, name) || had.has(name))
  for (const one of reports) {
    const subject = { kind: 'study', id: studyPseudonym } as const
    const actor = { kind: 'system', id: 'results' } as const
    if (one.kind === 'blocked') {
      logger.error('results.blocked', { study: studyPseudonym, fault: one.fault, mismatch: one.mismatch })
      records.deliveries.block(revisionId, one.product, one.mismatch, at)
      const codes = [one.fault, one.mismatch]
      audit.record({ event: 'result.refused', actor, subject, outcome: 'failure', codes }, studyId)
      continue
    }
    const { report, modelDigest, product } = one
    const destinations = chosen.filter(({ kinds }) => kinds.includes(product)).map(({ name }) => name)
    const { sopClassUid, sopInstanceUid, bytes } = report
    const row = { revisionId, modelDigest, sopClassUid, sopInstanceUid, content: bytes, kind: product }
    records.results.insertReport(row, destinations, at)
    if (destinations.length === 0) continue
    audit.record(
      { event: 'result.queued', actor, subject, outcome: 'success', codes: destinations.slice(0, 32) },
      studyId,
    )
  }
}
