import type { ModelReference } from '@leadglass/sync-agent/contract'
import type { Clock, Logger } from '@leadglass/sync-agent/foundation'
import { type IdentityOverlay, overlayHeader } from '../corrections/index.ts'
import type { AuditSink } from '../egress/index.ts'
import { parsePart10, uid } from '../imaging/dataset/index.ts'
import type { EarlierResult, Records, WaitingRevision } from '../records/index.ts'
import { buildParametricMap, parametricMapUid, type Report } from '../results/index.ts'
import { decisionAbout, takesIn } from '../rules/index.ts'
import type { CurrentSettings } from '../settings.ts'
import { headerOf } from './prepared-instance.ts'
import { checked, localDateAndTime } from './reports.ts'

/** A score with the heat map that explains it. */
export interface ExplainedScore {
  readonly revisionId: number
  readonly ordinal: number
  /** SHA-256 of the object as it was received. */
  readonly objectDigest: string
  readonly model: ModelReference
  readonly code: string
  readonly title: string
  readonly rows: number
  readonly columns: number
  readonly values: Float32Array
}

export interface HeatMapQueueDependencies {
  readonly records: Records
  readonly spool: { read(digest: string): Promise<Uint8Array> }
  readonly overlayOf: (studyId: number) => IdentityOverlay | undefined
  readonly settings: CurrentSettings
  readonly audit: AuditSink
  readonly device: { readonly name: string; readonly softwareVersion: string }
  readonly clock: Clock
  readonly logger: Logger
}

/** How much a score falls when a place is covered: what a heat map by occlusion says (PS3.16 CID 218). */
const SALIENCY = { value: '130404', scheme: 'DCM', meaning: 'Saliency' } as const
const NO_UNITS = { value: '1', scheme: 'UCUM', meaning: 'no units' } as const

/**
 * Queues a heat map as a Parametric Map for the destinations that want it, with the identity that the study has now. A map
 * that was queued before is not queued again.
 * @returns whether something was queued.
 */
export async function queueHeatMap(
  explained: ExplainedScore,
  dependencies: HeatMapQueueDependencies,
): Promise<boolean> {
  const { records, settings, spool, overlayOf } = dependencies
  const { destinations: allowed } = decisionAbout(records, explained.revisionId)
  const destinations = settings()
    .destinations.filter(({ name, kinds }) => kinds.includes('pm') && takesIn(allowed, name))
    .map(({ name }) => name)
  const revision = records.revisions.work(explained.revisionId)
  if (destinations.length === 0 || revision === undefined) return false
  const header = overlayHeader(
    headerOf(parsePart10(await spool.read(explained.objectDigest)).dataSet),
    overlayOf(revision.studyId),
  )
  const earlier = records.results.earlier(revision.studyId)
  const { model, code, title, rows, columns, values } = explained
  const source = {
    sopClassUid: uid(header, 0x00080016) ?? '',
    sopInstanceUid: uid(header, 0x00080018) ?? '',
    seriesInstanceUid: uid(header, 0x0020000e) ?? '',
    header,
  }
  const report = buildParametricMap({
    source: header,
    studyInstanceUid: revision.studyInstanceUid,
    revision: revision.number,
    model,
    map: { source, rows, columns, values, output: { code, title }, quantity: SALIENCY, unit: NO_UNITS },
    replaces: replacedBy(revision, explained, source.sopInstanceUid, earlier),
    device: dependencies.device,
    ...localDateAndTime(new Date(dependencies.clock.now())),
  })
  if (earlier.some((one) => one.sopInstanceUid === report.sopInstanceUid)) return false
  return write(revision, explained, report, destinations, dependencies)
}

function write(
  revision: WaitingRevision,
  { ordinal, code, model }: ExplainedScore,
  report: Report,
  destinations: readonly string[],
  { records, audit, clock, logger }: HeatMapQueueDependencies,
): boolean {
  const { revisionId, studyId, studyPseudonym } = revision
  const at = clock.now()
  const about = { actor: { kind: 'system', id: 'results' }, subject: { kind: 'study', id: studyPseudonym } } as const
  const outcome = checked(revision, 'pm', `pm:${ordinal}:${code}:${model.digest}`, report)
  return records.transaction(() => {
    if (outcome.kind === 'blocked') {
      const { fault, mismatch } = outcome
      logger.error('results.blocked', { study: studyPseudonym, fault, mismatch })
      records.deliveries.block(revisionId, 'pm', mismatch, at)
      audit.record({ event: 'result.refused', ...about, outcome: 'failure', codes: [fault, mismatch] }, studyId)
      return false
    }
    const { sopClassUid, sopInstanceUid, bytes } = report
    const row = { revisionId, modelDigest: outcome.modelDigest, sopClassUid, sopInstanceUid, content: bytes }
    records.results.insertReport({ ...row, kind: 'pm' }, destinations, at)
    audit.record({ event: 'result.queued', ...about, outcome: 'success', codes: destinations.slice(0, 32) }, studyId)
    return true
  })
}

/** The map of the same image and output in an earlier revision, by whatever version of the model. */
function replacedBy(
  { studyInstanceUid, number }: WaitingRevision,
  { model, code }: ExplainedScore,
  image: string,
  earlier: readonly EarlierResult[],
) {
  const before = earlier.find(
    (one) =>
      one.kind === 'pm' &&
      one.revision < number &&
      one.modelName === model.name &&
      one.sopInstanceUid === parametricMapUid(studyInstanceUid, one.revision, one.modelDigest, image, code),
  )
  return before === undefined ? [] : [before]
}
