import type { ModelPackage } from '@leadglass/models'
import type { EarlierResult, ReportKind, WaitingRevision } from '../records/index.ts'
import {
  buildMeasurementReport,
  buildNotScoredReport,
  buildSecondaryCapture,
  findIdentityMismatch,
  type IdentityMismatch,
  type NotScoredRequest,
  notScoredSeriesUid,
  type ReplacedResult,
  type Report,
  type ReportRequest,
  reportSeriesUid,
} from '../results/index.ts'
import type { Outcome, Scored } from './outcomes.ts'
import type { PreparedInstance } from './prepared-instance.ts'

/** What a destination can be sent of a revision. */
type Product = Exclude<ReportKind, 'note'>

/** A report of one model on one revision, or the attribute that kept it back. */
export type ReportOutcome =
  | { readonly kind: 'report'; readonly product: Product; readonly modelDigest: string; readonly report: Report }
  | { readonly kind: 'blocked'; readonly product: Product; readonly mismatch: IdentityMismatch }

/**
 * Builds the result objects of every model that scored something, pictures only where they are wanted. One whose identity
 * is not the record's is blocked.
 */
export function buildReports(
  revision: WaitingRevision,
  active: readonly ModelPackage[],
  prepared: readonly PreparedInstance[],
  outcomes: readonly Outcome[],
  device: { readonly name: string; readonly softwareVersion: string },
  now: Date,
  earlier: readonly EarlierResult[],
  withPictures: boolean,
): ReportOutcome[] {
  const byOrdinal = new Map(prepared.map((instance) => [instance.ordinal, instance]))
  return active.flatMap((one): ReportOutcome[] => {
    const scored = outcomes
      .filter((outcome): outcome is Scored => outcome.kind === 'scored' && outcome.model.digest === one.digest)
      .sort((a, b) => a.ordinal - b.ordinal)
    const instances = scored.flatMap((outcome) => {
      const instance = byOrdinal.get(outcome.ordinal)
      return instance === undefined ? [] : [{ instance, scores: outcome.scores }]
    })
    const [first] = instances
    if (first === undefined) return []
    const request: ReportRequest = {
      source: first.instance.header,
      studyInstanceUid: revision.studyInstanceUid,
      revision: revision.number,
      model: one.model,
      manifest: one.manifest,
      instances: instances.map(({ instance, scores }) => ({
        sopClassUid: instance.sopClassUid,
        sopInstanceUid: instance.sopInstanceUid,
        seriesInstanceUid: instance.seriesInstanceUid,
        modality: instance.facts.modality,
        scores,
      })),
      replaces: replacedBy(revision, earlier, one.model.name),
      device,
      ...localDateAndTime(now),
    }
    return [
      checked(revision, 'sr', one.digest, buildMeasurementReport(request)),
      // The key of a report is unique for its revision; a picture is no report of that model.
      ...(withPictures ? [checked(revision, 'sc', `sc:${one.digest}`, buildSecondaryCapture(request))] : []),
    ]
  })
}

/** Builds the result object that says why a revision was not scored. */
export function buildNotScored(
  revision: WaitingRevision,
  end: Pick<NotScoredRequest, 'source' | 'reason' | 'failed' | 'device'>,
  now: Date,
  earlier: readonly EarlierResult[],
): ReportOutcome {
  const { studyInstanceUid, number } = revision
  const replaces = replacedBy(revision, earlier, undefined)
  const request = { ...end, studyInstanceUid, revision: number, replaces, ...localDateAndTime(now) }
  return checked(revision, 'not-scored', 'not-scored', buildNotScoredReport(request))
}

/** The result as it would leave: one whose identity is not the record's does not. */
function checked(revision: WaitingRevision, product: Product, modelDigest: string, report: Report): ReportOutcome {
  const mismatch = findIdentityMismatch(report.bytes, revision)
  if (mismatch !== undefined) return { kind: 'blocked', product, mismatch }
  return { kind: 'report', product, modelDigest, report }
}

/**
 * What a result replaces, of the newest earlier revision that has it: the report of the same model in whatever version, or
 * of every model when nothing is scored; and the word that nothing was scored.
 */
function replacedBy(
  { studyInstanceUid, number }: WaitingRevision,
  earlier: readonly EarlierResult[],
  modelName: string | undefined,
): ReplacedResult[] {
  const before = earlier.filter(
    (one) =>
      one.revision < number && (one.kind === 'not-scored' || modelName === undefined || one.modelName === modelName),
  )
  const newest = before[0]?.revision
  return before
    .filter((one) => one.revision === newest)
    .map(({ kind, modelDigest, sopClassUid, sopInstanceUid }) => ({
      sopClassUid,
      sopInstanceUid,
      seriesInstanceUid:
        kind === 'sr' ? reportSeriesUid(studyInstanceUid, modelDigest) : notScoredSeriesUid(studyInstanceUid),
    }))
}

function localDateAndTime(now: Date): { readonly date: string; readonly time: string } {
  const two = (value: number): string => String(value).padStart(2, '0')
  return {
    date: `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`,
    time: `${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`,
  }
}
