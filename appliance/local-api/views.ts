import { toIsoInstant } from '@leadglass/sync-agent/foundation'
import type {
  DeliveryView,
  EgressList,
  InstanceView,
  LabelDetail,
  PriorView,
  RevisionView,
  ScoreView,
  StudyDetail,
  StudySummary,
} from '@leadglass/ui/contract/local-api'
import {
  deriveState,
  type LabelRow,
  type ListedEnvelope,
  type PriorRow,
  type RevisionRow,
  type StudyDeliveryRow,
  type StudyRecords,
  type StudyResultRow,
  type StudyRow,
  type StudyScoreRow,
} from '../records/index.ts'

/** One study for a list, with the highest score of each code over its instances. */
export function summaryOf(records: StudyRecords, study: StudyRow): StudySummary {
  const revision = records.revisions(study.studyId)[0]
  const results = revision === undefined ? [] : records.results(revision.revisionId)
  const scores = revision === undefined ? [] : records.scores(revision.revisionId)
  return {
    study: study.studyPseudonym,
    state: study.state,
    revision: study.revision,
    instances: study.instances,
    modality: study.modalities,
    patientName: study.patientName,
    patientId: study.patientId,
    patientBirthDate: study.patientBirthDate,
    patientSex: study.patientSex,
    accessionNumber: study.accessionNumber,
    studyDate: study.studyDate,
    studyTime: study.studyTime,
    description: study.studyDescription,
    receivedAt: toIsoInstant(study.firstReceivedAt),
    lastInstanceAt: toIsoInstant(study.lastReceivedAt),
    scores: highest(results, scores),
    reason: revision?.reason ?? null,
  }
}

/** A study in full. */
export function detailOf(
  records: StudyRecords,
  study: StudyRow,
  findings: StudyDetail['findings'],
  priors: readonly PriorRow[],
): StudyDetail {
  const revisions = records.revisions(study.studyId)
  const [current] = revisions
  return {
    summary: summaryOf(records, study),
    patientPseudonym: study.patientPseudonym,
    completion: current?.completionReason ?? null,
    revisions: revisions.map(revisionView),
    instances: current === undefined ? [] : instanceViews(records, current.revisionId),
    deliveries: records.deliveries(study.studyId).map(deliveryView),
    priors: priors.map(priorView),
    labels: records.labels(study.studyId).map((label) => labelView(study.studyPseudonym, label)),
    findings,
  }
}

/** A label as the interface shows it. */
export function labelView(studyPseudonym: string, label: LabelRow): LabelDetail {
  return {
    label: label.labelId,
    study: studyPseudonym,
    revision: label.revision,
    finding: label.finding,
    value: label.value,
    blind: label.blind === 1,
    reader: label.personId,
    at: toIsoInstant(label.labelledAt),
  }
}

/** An envelope as it leaves, and how far it has come. */
export function envelopeView(row: ListedEnvelope): EgressList['envelopes'][number] {
  const content = JSON.parse(row.content) as { readonly body: unknown }
  const state = row.refused ? 'refused' : row.acknowledged ? 'acknowledged' : row.relayed ? 'relayed' : 'sealed'
  return {
    epoch: row.epoch,
    stream: row.stream,
    sequence: row.sequence,
    kind: row.kind,
    study: row.studyPseudonym,
    state,
    sealedAt: toIsoInstant(row.sealedAt),
    acknowledgedAt: row.acknowledgedAt === null ? null : toIsoInstant(row.acknowledgedAt),
    body: content.body,
  }
}

/** An instant, or null where there is none. */
export function instantOrNull(at: number | null): string | null {
  return at === null ? null : toIsoInstant(at)
}

function instanceViews(records: StudyRecords, revisionId: number): InstanceView[] {
  const results = records.results(revisionId)
  const scores = records.scores(revisionId)
  const current = new Set(inForce(results).map(({ resultId }) => resultId))
  return records.instances(revisionId).map((instance) => {
    const own = results.filter((result) => result.ordinal === instance.ordinal)
    return {
      instance: instance.ordinal,
      sopInstanceUid: instance.sopInstanceUid,
      sopClassUid: instance.sopClassUid,
      transferSyntaxUid: instance.transferSyntaxUid,
      modality: instance.modality,
      bytes: instance.bytes,
      receivedAt: toIsoInstant(instance.receivedAt),
      callingAeTitle: instance.callingAeTitle,
      scores: own.flatMap((result) =>
        scoreViews(result, scores).map((score) => ({ ...score, superseded: !current.has(result.resultId) })),
      ),
      notScored: own
        .filter((result) => result.outcome === 'not-scored')
        .map((result) => ({ reason: result.reason ?? 'unknown', model: modelOf(result) })),
      quality: Object.assign(
        {},
        ...own.map((result) => JSON.parse(result.quality) as Record<string, number>),
      ) as Record<string, number>,
    }
  })
}

function scoreViews(result: StudyResultRow, scores: readonly StudyScoreRow[]): ScoreView[] {
  const model = modelOf(result)
  if (model === null) return []
  return scores
    .filter((score) => score.resultId === result.resultId)
    .map(({ code, title, value, thresholdMilli, above }) => ({
      code,
      title,
      value,
      thresholdMilli,
      above: above === 1,
      model,
      provider: providerOf(result),
      backfill: result.backfill,
    }))
}

function highest(results: readonly StudyResultRow[], scores: readonly StudyScoreRow[]): ScoreView[] {
  const best = new Map<string, ScoreView>()
  for (const score of inForce(results).flatMap((result) => scoreViews(result, scores))) {
    const key = `${score.model.digest}/${score.code}`
    const known = best.get(key)
    if (known === undefined || score.value > known.value) best.set(key, score)
  }
  return [...best.values()]
}

/** Results that count: of one model on one instance, the one that a backfill made with a later version. */
function inForce(results: readonly StudyResultRow[]): readonly StudyResultRow[] {
  const isReplaced = (result: StudyResultRow): boolean =>
    results.some(
      (other) =>
        other.backfill !== null &&
        other.resultId > result.resultId &&
        other.ordinal === result.ordinal &&
        other.modelName === result.modelName,
    )
  return results.filter((result) => !isReplaced(result))
}

function providerOf({ provider }: StudyResultRow): 'cpu' | 'cuda' | 'tensorrt' | null {
  return provider === 'cpu' || provider === 'cuda' || provider === 'tensorrt' ? provider : null
}

function modelOf(result: StudyResultRow): { name: string; version: string; digest: string } | null {
  const { modelName, modelVersion, modelDigest } = result
  if (modelName === null || modelVersion === null || modelDigest === null) return null
  return { name: modelName, version: modelVersion, digest: modelDigest }
}

function revisionView(row: RevisionRow): RevisionView {
  return {
    revision: row.number,
    state: deriveState({ ...row, superseded: row.superseded === 1 }),
    completion: row.completionReason,
    expectedInstances: row.expectedInstances,
    reason: row.reason,
    attempts: row.attempts,
    openedAt: toIsoInstant(row.openedAt),
    completedAt: instantOrNull(row.completedAt),
    startedAt: instantOrNull(row.startedAt),
    finishedAt: instantOrNull(row.finishedAt),
  }
}

function deliveryView(row: StudyDeliveryRow): DeliveryView {
  return {
    delivery: row.deliveryId,
    revision: row.revision,
    destination: row.destination,
    state: row.state,
    attempts: row.attempts,
    lastError: row.reason,
    nextAttemptAt: row.state === 'pending' ? toIsoInstant(row.nextAttemptAt) : null,
    settledAt: instantOrNull(row.settledAt),
    storedAt: instantOrNull(row.storedAt),
    confirmedBy: row.confirmedBy,
  }
}

function priorView({ priorId: _, ...prior }: PriorRow): PriorView {
  return prior
}
