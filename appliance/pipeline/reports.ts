import type { ModelPackage } from '@leadglass/models'
import type { WaitingRevision } from '../records/index.ts'
import { buildMeasurementReport, findIdentityMismatch, type IdentityMismatch, type Report } from '../results/index.ts'
import type { Outcome, Scored } from './outcomes.ts'
import type { PreparedInstance } from './prepared-instance.ts'

/** A report of one model on one revision, or the attribute that kept it back. */
export type ReportOutcome =
  | { readonly kind: 'report'; readonly modelDigest: string; readonly report: Report }
  | { readonly kind: 'blocked'; readonly modelDigest: string; readonly mismatch: IdentityMismatch }

/** Builds the result object of every model that scored something. One whose identity is not the record's is blocked. */
export function buildReports(
  revision: WaitingRevision,
  active: readonly ModelPackage[],
  prepared: readonly PreparedInstance[],
  outcomes: readonly Outcome[],
  device: { readonly name: string; readonly softwareVersion: string },
  now: Date,
  newestReport: (modelDigest: string) => string | undefined,
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
    const report = buildMeasurementReport({
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
      replaces: newestReport(one.digest) ?? null,
      device,
      ...localDateAndTime(now),
    })
    const mismatch = findIdentityMismatch(report.bytes, revision)
    if (mismatch !== undefined) return [{ kind: 'blocked', modelDigest: one.digest, mismatch }]
    return [{ kind: 'report', modelDigest: one.digest, report }]
  })
}

function localDateAndTime(now: Date): { readonly date: string; readonly time: string } {
  const two = (value: number): string => String(value).padStart(2, '0')
  return {
    date: `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`,
    time: `${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`,
  }
}
