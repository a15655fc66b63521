import type { ModelPackage } from '@leadglass/models'
import type { EarlierResult, ReportKind, WaitingRevision } from '../records/index.ts'
import {
  buildMeasurementReport,
  buildNotScoredReport,
  buildPresentationStates,
  buildSecondaryCapture,
  buildSegmentation,
  findIdentityMismatch,
  findObjectFault,
  hasPlane,
  type NotScoredRequest,
  notScoredSeriesUid,
  type ReplacedResult,
  type Report,
  type ReportRequest,
  reportSeriesUid,
} from '../results/index.ts'
import type { Outcome, Scored } from './outcomes.ts'
import type { PreparedInstance } from './prepared-instance.ts'
import type { PriorImage } from './prior-image.ts'

/** What a destination can be sent of a revision. */
type Product = Exclude<ReportKind, 'note'>

/** A result of one model on one revision, or what kept it back: the attribute in which it is not the record's, or a fault. */
export type ReportOutcome =
  | { readonly kind: 'report'; readonly product: Product; readonly modelDigest: string; readonly report: Report }
  | {
      readonly kind: 'blocked'
      readonly product: Product
      readonly fault: 'identity-mismatch' | 'object-invalid'
      readonly mismatch: string
    }

/**
 * Builds the result objects of every model that scored something, of the kinds that are wanted; a structured report always.
 * One whose identity is not the record's, or that is not a valid object, is blocked.
 * @param wanted kinds that some destination takes. @param priorOf the earlier image that a model was given with an instance.
 */
export function buildReports(
  revision: WaitingRevision,
  active: readonly ModelPackage[],
  prepared: readonly PreparedInstance[],
  outcomes: readonly Outcome[],
  device: { readonly name: string; readonly softwareVersion: string },
  now: Date,
  earlier: readonly EarlierResult[],
  wanted: ReadonlySet<string>,
  priorOf?: (modelDigest: string, ordinal: number) => PriorImage | undefined,
): ReportOutcome[] {
  const byOrdinal = new Map(prepared.map((instance) => [instance.ordinal, instance]))
  return active.flatMap((one): ReportOutcome[] => {
    const scored = outcomes
      .filter((outcome): outcome is Scored => outcome.kind === 'scored' && outcome.model.digest === one.digest)
      .sort((a, b) => a.ordinal - b.ordinal)
    const instances = scored.flatMap((outcome) => {
      const instance = byOrdinal.get(outcome.ordinal)
      return instance === undefined ? [] : [{ instance, scores: outcome.scores, radiomics: outcome.radiomics }]
    })
    const [first] = instances
    if (first === undefined) return []
    const request: ReportRequest = {
      source: first.instance.header,
      studyInstanceUid: revision.studyInstanceUid,
      revision: revision.number,
      model: one.model,
      manifest: one.manifest,
      instances: instances.map(({ instance, scores, radiomics }) => ({
        sopClassUid: instance.sopClassUid,
        sopInstanceUid: instance.sopInstanceUid,
        seriesInstanceUid: instance.seriesInstanceUid,
        modality: instance.facts.modality,
        scores,
        radiomics,
        prior: priorOf?.(one.digest, instance.ordinal),
      })),
      replaces: replacedBy(revision, earlier, one.model.name, 'sr'),
      device,
      ...localDateAndTime(now),
    }
    const replacing = (kind: Product): Pick<ReportRequest, 'replaces'> => ({
      replaces: replacedBy(revision, earlier, one.model.name, kind),
    })
    const headers = new Map(instances.map(({ instance }) => [instance.sopInstanceUid, instance.header]))
    const presented = request.instances.map((instance) => ({
      ...instance,
      header: headers.get(instance.sopInstanceUid) ?? first.instance.header,
    }))
    return [
      checked(revision, 'sr', one.digest, buildMeasurementReport(request)),
      // The key of a report is unique for its revision, and ends with the model; a picture is no report of that model.
      ...(wanted.has('sc')
        ? [checked(revision, 'sc', `sc:${one.digest}`, buildSecondaryCapture({ ...request, ...replacing('sc') }))]
        : []),
      ...(wanted.has('pr')
        ? buildPresentationStates({ ...request, instances: presented, ...replacing('pr') }).map((report, place) =>
            checked(revision, 'pr', `pr:${place}:${one.digest}`, report),
          )
        : []),
      ...(wanted.has('seg')
        ? scored.flatMap((outcome, place) => {
            const report = segmentationOf({ ...request, ...replacing('seg') }, outcome, byOrdinal)
            return report === undefined ? [] : [checked(revision, 'seg', `seg:${place}:${one.digest}`, report)]
          })
        : []),
    ]
  })
}

/** The segments that the package declares, on the very slices; `undefined` where there are none. */
function segmentationOf(
  request: ReportRequest,
  { classes }: Scored,
  byOrdinal: ReadonlyMap<number, PreparedInstance>,
): Report | undefined {
  const segments = request.manifest.outputs.flatMap(({ segment, index, code, title }) =>
    segment === undefined ? [] : [{ ...segment, label: index, code, title }],
  )
  if (classes === undefined || segments.length === 0) return undefined
  const frames = classes.ordinals.flatMap((ordinal) => byOrdinal.get(ordinal) ?? [])
  if (frames.length !== classes.size[0] || !frames.every(hasPlane)) return undefined
  const { labels, size } = classes
  return buildSegmentation({ ...request, frames, labels, size, segments })
}

/** Builds the result object that says why a revision was not scored. */
export function buildNotScored(
  revision: WaitingRevision,
  end: Pick<NotScoredRequest, 'source' | 'reason' | 'failed' | 'device'>,
  now: Date,
  earlier: readonly EarlierResult[],
): ReportOutcome {
  const { studyInstanceUid, number } = revision
  const replaces = replacedBy(revision, earlier, undefined, 'not-scored')
  const request = { ...end, studyInstanceUid, revision: number, replaces, ...localDateAndTime(now) }
  return checked(revision, 'not-scored', 'not-scored', buildNotScoredReport(request))
}

/** The result as it would leave: one whose identity is not the record's, or that breaks the standard, does not. */
export function checked(
  revision: WaitingRevision,
  product: Product,
  modelDigest: string,
  report: Report,
): ReportOutcome {
  const mismatch = findIdentityMismatch(report.bytes, revision)
  if (mismatch !== undefined) return { kind: 'blocked', product, fault: 'identity-mismatch', mismatch }
  const fault = findObjectFault(report.bytes)
  if (fault !== undefined) return { kind: 'blocked', product, fault: 'object-invalid', mismatch: fault }
  return { kind: 'report', product, modelDigest, report }
}

/**
 * What a result replaces, of the newest earlier revision that has it: the result of its kind of the same model in whatever
 * version, or that of every model when nothing is scored; and, for a report, the word that nothing was scored.
 */
function replacedBy(
  { studyInstanceUid, number }: WaitingRevision,
  earlier: readonly EarlierResult[],
  modelName: string | undefined,
  product: Product,
): ReplacedResult[] {
  const isDocument = product === 'sr' || product === 'not-scored'
  const isAlike = ({ kind }: EarlierResult): boolean =>
    isDocument ? kind === 'sr' || kind === 'not-scored' : kind === product
  const before = earlier.filter(
    (one) =>
      one.revision < number &&
      isAlike(one) &&
      (one.kind === 'not-scored' || modelName === undefined || one.modelName === modelName),
  )
  const newest = before[0]?.revision
  return before
    .filter((one) => one.revision === newest)
    .map(({ kind, modelDigest, sopClassUid, sopInstanceUid }) => ({
      sopClassUid,
      sopInstanceUid,
      // Only documents name the series of what they replace (PS3.3 C.17.2.1).
      seriesInstanceUid:
        kind === 'not-scored' ? notScoredSeriesUid(studyInstanceUid) : reportSeriesUid(studyInstanceUid, modelDigest),
    }))
}

/** Local date and time as results carry them, YYYYMMDD and HHMMSS. */
export function localDateAndTime(now: Date): { readonly date: string; readonly time: string } {
  const two = (value: number): string => String(value).padStart(2, '0')
  return {
    date: `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`,
    time: `${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`,
  }
}
