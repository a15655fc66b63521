import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ModelPackage } from '@leadglass/models'
import { type EnvelopeBody, envelopeBody } from '@leadglass/sync-agent/contract'
import { type Clock, type Logger, toIsoInstant } from '@leadglass/sync-agent/foundation'
import type { RevisionCorrections } from '../corrections/index.ts'
import type { StudyIdentifiers } from '../deidentify/index.ts'
import { type AuditSink, countInstance, type EgressDoor, releaseCells } from '../egress/index.ts'
import { RISK_TABLE_VERSION } from '../pixel-text/index.ts'
import type { Records, WaitingRevision } from '../records/index.ts'
import { type Decision, decisionAbout, reasonOf, takesIn } from '../rules/index.ts'
import type { ScoringPool } from '../scoring/index.ts'
import type { CurrentSettings } from '../settings.ts'
import { bodiesOf } from './envelopes.ts'
import type { Gate } from './gate.ts'
import { notScoredEnd } from './not-scored.ts'
import { type Outcome, revisionOutcome } from './outcomes.ts'
import { type PixelDoubts, whatBlocks } from './pixel-doubts.ts'
import { type Preparation, type PrepareDependencies, prepareRevision } from './prepare.ts'
import type { StoppedInstance } from './prepared-instance.ts'
import { buildNotScored, buildReports, type ReportOutcome } from './reports.ts'
import { scorePrepared } from './score.ts'

export interface ProcessDependencies extends PrepareDependencies {
  /** What corrections mean for the work; without it nothing is ever corrected. */
  readonly corrections?: RevisionCorrections
  readonly records: Records
  readonly pool: Pick<ScoringPool, 'score'>
  /** What reads risky pixels; without it they are doubted. */
  readonly pixels?: PixelDoubts
  /** The packages in use; asked once a revision, so that a revision has one version from end to end. */
  readonly activeModels: () => readonly ModelPackage[]
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
  /** What the rules said about it. */
  readonly decision: Decision
  /** Why nothing about it leaves the box although it was scored: text in its pixels, or doubt. */
  readonly blocked: string | undefined
}

/**
 * Works through one claimed revision: de-identify, verify, score, build results, and write everything that follows in
 * one transaction. Until that transaction nothing but the work folder has changed, so the work can be killed at any
 * instant and begun again.
 * @throws {ScoringUnavailable} when the workers cannot take work now.
 */
export async function processRevision(revision: WaitingRevision, dependencies: ProcessDependencies): Promise<void> {
  const { records, pool, activeModels, device, workFolder, clock } = dependencies
  const folder = join(workFolder, String(revision.revisionId))
  try {
    const decision = decisionAbout(records, revision.revisionId)
    const active = activeModels().filter((one) => takesIn(decision.models, one.model.name))
    const instances = records.revisions.instances(revision.revisionId)
    const isScored = decision.processing === 'score' && decision.models.length > 0
    const preparation = isScored
      ? await prepareRevision(dependencies, instances, folder, dependencies.corrections?.overlayOf(revision.studyId))
      : { prepared: [], stopped: [] }
    const job = { id: `revision-${revision.revisionId}`, lane: decision.lane }
    const [outcomes, blocked] = await Promise.all([
      isScored
        ? scorePrepared(pool, active, preparation.prepared, job)
        : instances.map(({ ordinal }) => notScoredByRule(ordinal, decision)),
      decision.profile === 'local-only' ? undefined : whatBlocks(preparation.prepared, dependencies.pixels),
    ])
    const earlier = records.results.earlier(revision.studyId)
    const wanted = new Set(dependencies.settings().destinations.flatMap((destination) => destination.kinds))
    const now = new Date(clock.now())
    const scoredReports = buildReports(
      revision,
      active,
      preparation.prepared,
      outcomes,
      device,
      now,
      earlier,
      wanted.has('sc'),
    )
    const judged = verified(
      revision,
      { preparation, outcomes, reports: scoredReports, active, decision, blocked },
      dependencies,
    )
    const end = wanted.has('not-scored') ? await notScoredEnd(revision, judged, instances, dependencies) : undefined
    const reports =
      end === undefined
        ? judged.reports
        : [...judged.reports, buildNotScored(revision, { ...end, device }, now, earlier)]
    const finding = { ...judged, reports }
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
  const { preparation, outcomes, active, decision, blocked } = finding
  if (staysHere(finding)) return { ...finding, bodies: [] }
  const patient = preparation.prepared[0]?.patientPseudonym ?? revision.patientPseudonym
  const bodies = bodiesOf(
    { ...revision, patientPseudonym: patient },
    preparation.prepared,
    preparation.stopped,
    outcomes,
  )
  const identifiers = preparation.prepared.map((instance) => instance.identifiers)
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
  return { preparation: { prepared: [], stopped }, outcomes: [], reports: [], bodies: [], active, decision, blocked }
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
  ): void => {
    const actor = {
      kind: 'system',
      id: name === 'study.scored' || name === 'study.not-scored' ? 'scoring' : 'deidentify',
    } as const
    audit.record(
      { event: name, actor, subject: { kind: 'study', id: revision.studyPseudonym }, outcome, codes },
      studyId,
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
  if (preparation.prepared.length > 0)
    event('study.deidentified', 'success', [`instances-${preparation.prepared.length}`])
  if (finding.blocked !== undefined) {
    records.pixels.blockEgress(revisionId, finding.blocked, RISK_TABLE_VERSION, at)
    event('study.egress-blocked', 'refused', [finding.blocked, `risk-table-${RISK_TABLE_VERSION}`])
  }
  writeOutcomes(revision, finding, dependencies)
  for (const body of finding.bodies) dependencies.door.seal(body, studyId)
  writeReports(revision, finding, dependencies, at)
  // The word that nothing was scored takes back nothing by itself.
  const reports = finding.reports.filter((one) => one.kind === 'report' && one.product === 'sr').length
  const localOnly = staysHere(finding)
  dependencies.corrections?.written(revision, { processing: end.processing, reports, localOnly })
  if (end.processing === 'scored') event('study.scored', 'success', [`revision-${revision.number}`])
  else event('study.not-scored', end.processing === 'failed' ? 'failure' : 'success', [end.reason ?? 'unknown'])
}

function writeOutcomes(
  { revisionId, studyId }: WaitingRevision,
  finding: Finding,
  { records, door, clock }: ProcessDependencies,
): void {
  const { outcomes, preparation, active } = finding
  const counted = new Set<string>()
  // Drift is about what the site sees now; the study's own dates are shifted and say nothing about that.
  const month = toIsoInstant(clock.now()).slice(0, 7)
  for (const outcome of outcomes) {
    const scored = outcome.kind === 'scored' ? outcome : undefined
    records.results.insertResult({
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
    const model = active.find((one) => one.digest === outcome.model?.digest)
    if (scored === undefined || model === undefined || staysHere(finding)) continue
    const measured = { scores: scored.scores, embedding: [...scored.embedding], quality: scored.quality }
    countInstance(records.egress, model.model, model.reference, measured, month)
    counted.add(model.digest)
  }
  for (const model of active.filter((one) => counted.has(one.digest))) {
    for (const body of releaseCells(records.egress, model.model, month)) door.seal(body)
  }
  const patient = preparation.prepared[0]?.patientPseudonym
  if (patient !== undefined) records.studies.setPatientPseudonym(studyId, patient)
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
      logger.error('results.blocked', { study: studyPseudonym, mismatch: one.mismatch })
      records.deliveries.block(revisionId, one.product, one.mismatch, at)
      const codes = ['identity-mismatch', one.mismatch]
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
