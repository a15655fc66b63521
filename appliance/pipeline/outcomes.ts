import type { ModelManifest } from '@leadglass/models'
import { type ModelReference, type ScoreFigure, vocabularyCode } from '@leadglass/sync-agent/contract'
import type { ProcessingState } from '../records/index.ts'
import type { InstanceOutcome, PixelPrintNote, RadiomicsNote, ScoringOutcome } from '../scoring/index.ts'

/** One scored instance, with the side of the operating point in force. */
export interface Scored {
  readonly kind: 'scored'
  readonly ordinal: number
  readonly model: ModelReference
  readonly embedding: Float32Array
  readonly scores: readonly (ScoreFigure & { readonly title: string })[]
  readonly quality: Readonly<Record<string, number>>
  /** What really ran the graphs. */
  readonly provider?: string | undefined
  /** Features that the package asked for. */
  readonly radiomics?: RadiomicsNote | undefined
  readonly print?: PixelPrintNote | undefined
  /** Of a segmentation: the class of each voxel of the series. */
  readonly classes?: VoxelClasses | undefined
}

/** The classes of all voxels of a series, on its own grid. */
export interface VoxelClasses {
  /** The revision's ordinal of each plane. */
  readonly ordinals: readonly number[]
  /** Planes, rows, columns. */
  readonly size: readonly [number, number, number]
  readonly labels: Uint8Array
}

/** One instance that a model, or no model at all, did not score. */
export interface NotScored {
  readonly kind: 'not-scored'
  readonly ordinal: number
  readonly model: ModelReference | null
  readonly reason: string
  readonly quality: Readonly<Record<string, number>>
  readonly print?: PixelPrintNote | undefined
}

export type Outcome = Scored | NotScored

/**
 * Reads the end of a scoring job into outcomes of the revision's instances. A job that failed leaves every one of its
 * instances not scored, with the failure as the reason; an instance the worker did not mention likewise.
 * @param ordinals the revision's ordinal of each file of the job, in the job's order.
 */
export function outcomesOfJob(
  model: ModelReference,
  manifest: Pick<ModelManifest, 'outputs'>,
  ordinals: readonly number[],
  outcome: ScoringOutcome,
): Outcome[] {
  if (outcome.kind === 'failed') {
    const reason = reasonCode('model-failed', outcome.reason)
    return ordinals.map((ordinal) => ({ kind: 'not-scored', ordinal, model, reason, quality: {} }))
  }
  return ordinals.map((ordinal, index) => {
    const instance = outcome.instances.find((one) => one.instance === index)
    const end = instanceOutcome(model, manifest, ordinal, instance, outcome.provider)
    const map = outcome.labelMaps?.find((one) => one.instance === index)
    if (end.kind === 'not-scored' || map === undefined) return end
    const { size, labels } = map
    return { ...end, classes: { size, labels, ordinals: map.instances.map((file) => ordinals[file] ?? -1) } }
  })
}

function instanceOutcome(
  model: ModelReference,
  manifest: Pick<ModelManifest, 'outputs'>,
  ordinal: number,
  outcome: InstanceOutcome | undefined,
  provider: string | undefined,
): Outcome {
  if (outcome === undefined) {
    return { kind: 'not-scored', ordinal, model, reason: 'model-failed.no-answer', quality: {} }
  }
  if (outcome.kind === 'not-scored') {
    const reason = reasonCode(outcome.reason, outcome.detail)
    return { kind: 'not-scored', ordinal, model, reason, quality: outcome.quality ?? {}, print: outcome.print }
  }
  const scores = manifest.outputs.flatMap((output) => {
    const score = outcome.scores.find((one) => one.code === output.code)
    if (score === undefined) return []
    const { thresholdMilli } = output.operatingPoint
    return [
      {
        code: output.code,
        title: output.title,
        value: score.value,
        thresholdMilli,
        above: score.value >= thresholdMilli / 1000,
      },
    ]
  })
  if (scores.length === 0) {
    return { kind: 'not-scored', ordinal, model, reason: 'model-failed.no-score', quality: outcome.quality }
  }
  const { embedding, quality, radiomics, print } = outcome
  return { kind: 'scored', ordinal, model, embedding, scores, quality, provider, radiomics, print }
}

/** A reason with its detail as one code; the detail is left out when it would not be one. */
export function reasonCode(reason: string, detail: string | undefined): string {
  const joined = `${reason}.${detail ?? ''}`
  return vocabularyCode.safeParse(joined).success ? joined : reason
}

/**
 * The end of a revision from the ends of its instances: one score is enough; quarantine weighs more than no fit.
 * @param stopped reasons of the instances in quarantine.
 */
export function revisionOutcome(
  outcomes: readonly Outcome[],
  stopped: readonly string[],
): { readonly processing: ProcessingState; readonly reason: string | null } {
  if (outcomes.some((outcome) => outcome.kind === 'scored')) return { processing: 'scored', reason: null }
  const reasons = outcomes.flatMap((outcome) => (outcome.kind === 'not-scored' ? [outcome.reason] : []))
  const failure = reasons.find((reason) => reason.startsWith('model-failed'))
  if (failure !== undefined) return { processing: 'failed', reason: failure }
  if (stopped[0] !== undefined) return { processing: 'quarantined', reason: stopped[0] }
  return { processing: 'not-scored', reason: reasons[0] ?? 'no-instances' }
}

/** Most figures of one instance that leave, as the contract bounds them. */
const MOST_FIGURES = 192

/**
 * The figures of an instance that are told and counted: quality, and radiomic values by their codes. Values beyond what the
 * contract carries stay in the record.
 */
export function figuresOf(outcome: Outcome): Readonly<Record<string, number>> {
  const rows = outcome.kind === 'scored' ? (outcome.radiomics?.rows ?? []) : []
  const values = rows.flatMap(({ code, value }): [string, number][] =>
    value === null || Math.abs(value) > 1e9 ? [] : [[code, value]],
  )
  return Object.fromEntries([...Object.entries(outcome.quality), ...values].slice(0, MOST_FIGURES))
}
