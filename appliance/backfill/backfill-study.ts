import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ModelPackage } from '@leadglass/models'
import {
  buildReports,
  type Outcome,
  type ProcessDependencies,
  prepareRevision,
  scorePrepared,
} from '../pipeline/index.ts'
import type { BackfillJobRow, BackfillOutcome, EarlierResult, WaitingRevision } from '../records/index.ts'
import { decisionAbout, takesIn } from '../rules/index.ts'

/** What one study came to. */
interface StudyEnd {
  readonly outcome: BackfillOutcome
  readonly reason: string | null
}

export type BackfillWork = Pick<
  ProcessDependencies,
  'records' | 'pool' | 'spool' | 'gate' | 'corrections' | 'settings' | 'audit' | 'device' | 'workFolder' | 'clock'
>

/** Processing states of a revision that was looked at to the end. */
const SETTLED = new Set(['scored', 'not-scored', 'failed'])

/**
 * Runs a job's model over the current revision of one study and writes results, mark, cursor and deliveries in one
 * transaction. Killed before it, nothing has happened; after it, the study is never taken again. The same study under
 * the same package gives the same result under the same UID, so there is one result however often this is begun.
 * @throws {ScoringUnavailable} when the workers cannot take work now; nothing is written then.
 */
export async function backfillStudy(
  job: BackfillJobRow,
  model: ModelPackage,
  studyId: number,
  work: BackfillWork,
): Promise<void> {
  const { records, clock } = work
  const started = performance.now()
  const skip = (reason: string): void => {
    records.transaction(() => {
      advance(job, studyId, { outcome: 'skipped', reason }, started, work)
    })
  }
  const current = records.backfills.currentRevision(studyId)
  if (current === undefined || !SETTLED.has(current.processing)) return skip('not-settled')
  const revision = records.revisions.work(current.revisionId)
  if (revision === undefined) return skip('not-settled')
  if (records.backfills.hasResult(revision.revisionId, model.digest)) return skip('scored-before')
  // What the site's rules keep from a model, or send nowhere, stays so years later.
  const decision = decisionAbout(records, revision.revisionId)
  if (decision.processing !== 'score' || !takesIn(decision.models, model.model.name)) return skip('rule')
  const folder = join(work.workFolder, `backfill-${job.jobId}-${studyId}`)
  try {
    const overlay = work.corrections?.overlayOf(studyId)
    const instances = records.revisions.instances(revision.revisionId)
    const { prepared, stopped } = await prepareRevision(work, instances, folder, overlay)
    const outcomes = await scorePrepared(work.pool, [model], prepared, {
      id: `backfill-${job.jobId}-${studyId}`,
      lane: 'off-peak',
    })
    const end = endOf(outcomes, stopped[0]?.reason)
    const reports = buildReports(
      revision,
      [model],
      prepared,
      outcomes,
      work.device,
      new Date(clock.now()),
      asEarlier(records.results.earlier(studyId), revision.number),
      new Set(),
    )
    records.transaction(() => {
      write({ job, model, revision, outcomes, reports, started }, end, work)
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** One score is enough; a failure of the model weighs more than no fit. */
function endOf(outcomes: readonly Outcome[], stopped: string | undefined): StudyEnd {
  if (outcomes.some(({ kind }) => kind === 'scored')) return { outcome: 'scored', reason: null }
  const reasons = outcomes.flatMap((one) => (one.kind === 'not-scored' ? [one.reason] : []))
  const failure = reasons.find((reason) => reason.startsWith('model-failed'))
  if (failure !== undefined) return { outcome: 'failed', reason: failure }
  return { outcome: 'not-scored', reason: reasons[0] ?? stopped ?? 'no-instances' }
}

/** Another version's result on this very revision counts as the one before: a backfill supersedes it. */
function asEarlier(earlier: readonly EarlierResult[], revision: number): readonly EarlierResult[] {
  return earlier.map((one) => (one.revision === revision ? { ...one, revision: revision - 0.5 } : one))
}

interface Written {
  readonly job: BackfillJobRow
  readonly model: ModelPackage
  readonly revision: WaitingRevision
  readonly outcomes: readonly Outcome[]
  readonly reports: ReturnType<typeof buildReports>
  readonly started: number
}

function write({ job, model, revision, outcomes, reports, started }: Written, end: StudyEnd, work: BackfillWork): void {
  const { records, audit } = work
  const { revisionId, studyId, studyPseudonym } = revision
  // While the model ran, somebody may have stopped the job, a late instance come, or retention taken the study.
  if (records.backfills.job(job.jobId)?.state === 'cancelled') return
  const isGone = records.revisions.work(revisionId)?.studyInstanceUid !== revision.studyInstanceUid
  if (isGone || records.revisions.isSuperseded(revisionId)) {
    advance(job, studyId, { outcome: 'skipped', reason: isGone ? 'purged' : 'superseded' }, started, work)
    return
  }
  for (const outcome of outcomes) {
    // Why a past study does not fit is the job's affair, not one more line on every instance.
    if (outcome.kind !== 'scored') continue
    const resultId = records.results.insertResult({
      revisionId,
      ordinal: outcome.ordinal,
      model: outcome.model,
      outcome: 'scored',
      reason: null,
      embedding: Buffer.from(new Uint8Array(outcome.embedding.slice().buffer)),
      quality: outcome.quality,
      provider: outcome.provider ?? null,
      scores: outcome.scores,
    })
    if (outcome.radiomics !== undefined) records.radiomics.insert(resultId, outcome.radiomics)
  }
  records.backfills.mark(job.jobId, revisionId, model.digest)
  advance(job, studyId, end, started, work)
  const isScored = end.outcome === 'scored'
  if (isScored) deliver(job, revision, reports, work)
  const how = isScored
    ? job.deliver === 1
      ? ['deliver']
      : []
    : [end.outcome, ...(end.reason === null ? [] : [end.reason])]
  audit.record(
    {
      event: 'study.backfilled',
      actor: { kind: 'system', id: 'scoring' },
      subject: { kind: 'study', id: studyPseudonym },
      outcome: end.outcome === 'failed' ? 'failure' : 'success',
      codes: [`job-${job.jobId}`, model.model.name.slice(0, 40), ...how],
    },
    studyId,
  )
}

/** Result objects, where they were asked for. One whose identity is not the record's is blocked, as at any time. */
function deliver(
  job: BackfillJobRow,
  revision: WaitingRevision,
  reports: ReturnType<typeof buildReports>,
  { records, settings, clock, audit }: BackfillWork,
): void {
  if (job.deliver !== 1) return
  const { revisionId, studyId, studyPseudonym } = revision
  const at = clock.now()
  const decision = decisionAbout(records, revisionId)
  // Who has an earlier result gets the one that supersedes it, as after any revision.
  const had = new Set(records.corrections.destinationsThatHave(studyId))
  for (const one of reports) {
    const subject = { kind: 'study', id: studyPseudonym } as const
    const actor = { kind: 'system', id: 'results' } as const
    if (one.kind === 'blocked') {
      records.deliveries.block(revisionId, one.product, one.mismatch, at)
      const codes = [one.fault, one.mismatch]
      audit.record({ event: 'result.refused', actor, subject, outcome: 'failure', codes }, studyId)
      continue
    }
    const destinations = settings()
      .destinations.filter(
        ({ name, kinds }) => (takesIn(decision.destinations, name) || had.has(name)) && kinds.includes(one.product),
      )
      .map(({ name }) => name)
    const { sopClassUid, sopInstanceUid, bytes } = one.report
    const row = { revisionId, modelDigest: one.modelDigest, sopClassUid, sopInstanceUid, content: bytes }
    records.results.insertReport({ ...row, kind: one.product }, destinations, at)
    if (destinations.length === 0) continue
    const codes = destinations.slice(0, 32)
    audit.record({ event: 'result.queued', actor, subject, outcome: 'success', codes }, studyId)
  }
}

function advance(job: BackfillJobRow, studyId: number, end: StudyEnd, started: number, work: BackfillWork): void {
  const ms = performance.now() - started
  work.records.backfills.advance(job.jobId, studyId, { ...end, ms }, work.clock.now())
}
