import { binOf, type ReferenceDistributions, STANDARD_FEATURES, standardBin, standardFeature } from '@leadglass/models'
import { type DriftCounts, driftCounts, type ModelReference } from '@leadglass/sync-agent/contract'
import type { EgressRecords } from '../records/index.ts'

/** A cell leaves only with this many instances in it: the usual least cell size of official statistics. */
export const SMALLEST_CELL = 11

/** The measured values of one scored instance. */
export interface MeasuredInstance {
  readonly scores: readonly { readonly code: string; readonly value: number }[]
  readonly embedding: readonly number[]
  readonly quality: Readonly<Record<string, number>>
  /** Values of standard features by their names: `metadata.*` of the header, `latency.score` in milliseconds. */
  readonly standard?: Readonly<Record<string, string | number>>
}

/** The value of a reference feature (`score.x`, `embedding.3`, `quality.y`, `metadata.z`) in an instance; undefined when it has none. */
export function featureValue(instance: MeasuredInstance, feature: string): number | undefined {
  const dot = feature.indexOf('.')
  const [family, name] = [feature.slice(0, dot), feature.slice(dot + 1)]
  if (family === 'score') return instance.scores.find((score) => score.code === name)?.value
  if (family === 'quality' || family === 'radiomics') return instance.quality[feature]
  if (family === 'embedding' && /^\d{1,5}$/.test(name)) return instance.embedding[Number(name)]
  const [standard, value] = [standardFeature(feature), instance.standard?.[feature]]
  if (standard === undefined || value === undefined) return undefined
  // A package counts the words of a closed list by their places.
  return standard.kind === 'words' ? standardBin(standard, value) : Number(value)
}

/**
 * Counts an instance into the cells of a model's reference distributions, and of the standard features that those leave
 * out. Inside the caller's transaction.
 */
export function countInstance(
  records: Pick<EgressRecords, 'addDrift'>,
  model: ModelReference,
  reference: ReferenceDistributions,
  instance: MeasuredInstance,
): void {
  const cells: [string, number][] = []
  for (const feature of reference.features) {
    const value = featureValue(instance, feature.feature)
    if (value === undefined || !Number.isFinite(value)) continue
    // A package may name a feature that the contract cannot say; such a one stays at the site.
    if (!driftCounts.shape.feature.safeParse(feature.feature).success) continue
    cells.push([feature.feature, binOf(feature, value)])
  }
  const own = new Set(reference.features.map(({ feature }) => feature))
  for (const feature of STANDARD_FEATURES) {
    const value = instance.standard?.[feature.feature]
    const bin = value === undefined || own.has(feature.feature) ? undefined : standardBin(feature, value)
    if (bin !== undefined) cells.push([feature.feature, bin])
  }
  if (cells.length > 0) records.addDrift(model, cells)
}

/** Counts a label of a finding that a model gives a score for. Inside the caller's transaction. */
export function countLabel(
  records: Pick<EgressRecords, 'addDrift'>,
  model: ModelReference,
  finding: string,
  value: 'present' | 'absent' | 'uncertain',
): void {
  const feature = standardFeature(`label.${finding}`)
  const bin = feature === undefined ? undefined : standardBin(feature, value)
  if (feature === undefined || bin === undefined) return
  if (driftCounts.shape.feature.safeParse(feature.feature).success) records.addDrift(model, [[feature.feature, bin]])
}

/**
 * Takes out of the held cells what may leave: every cell with 11 or more, feature by feature. What was taken starts again
 * at 0, so each count leaves once. Inside the caller's transaction.
 * @param at month, and hour of the month, in which they leave.
 */
export function releaseCells(
  records: Pick<EgressRecords, 'ripeDrift' | 'releaseDrift'>,
  at: { readonly month: string; readonly hour: number },
): DriftCounts[] {
  const ripe = records.ripeDrift(SMALLEST_CELL)
  for (const { digest, feature, bin } of ripe) records.releaseDrift(digest, feature, bin)
  const groups = Map.groupBy(ripe, ({ digest, feature }) => `${digest}/${feature}`)
  return [...groups.values()].flatMap((cells) => {
    const [first] = cells
    if (first === undefined) return []
    const { name, version, digest, feature } = first
    const counted = cells.map(({ bin, held }) => ({ bin, count: held }))
    return [{ kind: 'drift-counts', model: { name, version, digest }, feature, ...at, cells: counted }]
  })
}
