import { binOf, type ReferenceDistributions } from '@leadglass/models'
import { type DriftCounts, driftCounts, type ModelReference } from '@leadglass/sync-agent/contract'
import type { EgressRecords } from '../records/index.ts'

/** A cell leaves only with this many instances in it: the usual least cell size of official statistics. */
export const SMALLEST_CELL = 11

/** The measured values of one scored instance. */
export interface MeasuredInstance {
  readonly scores: readonly { readonly code: string; readonly value: number }[]
  readonly embedding: readonly number[]
  readonly quality: Readonly<Record<string, number>>
}

/** The value of a reference feature (`score.x`, `embedding.3`, `quality.y`, `radiomics.z`) in an instance; undefined when it has none. */
export function featureValue(instance: MeasuredInstance, feature: string): number | undefined {
  const dot = feature.indexOf('.')
  const [family, name] = [feature.slice(0, dot), feature.slice(dot + 1)]
  if (family === 'score') return instance.scores.find((score) => score.code === name)?.value
  if (family === 'quality' || family === 'radiomics') return instance.quality[feature]
  if (family === 'embedding' && /^\d{1,5}$/.test(name)) return instance.embedding[Number(name)]
  return undefined
}

/**
 * Counts an instance into the cells of a model's reference distributions, under the month in which it was scored. Inside
 * the caller's transaction.
 */
export function countInstance(
  records: Pick<EgressRecords, 'addDrift'>,
  model: ModelReference,
  reference: ReferenceDistributions,
  instance: MeasuredInstance,
  month: string,
): void {
  for (const feature of reference.features) {
    const value = featureValue(instance, feature.feature)
    if (value === undefined || !Number.isFinite(value)) continue
    // A package may name a feature that the contract cannot say; such a one stays at the site.
    if (!driftCounts.shape.feature.safeParse(feature.feature).success) continue
    records.addDrift(model, feature.feature, month, binOf(feature, value))
  }
}

/**
 * Takes out of the held cells what may leave: every cell with 11 or more, feature by feature. What was taken starts again
 * at 0, so each count leaves once. Inside the caller's transaction.
 */
export function releaseCells(
  records: Pick<EgressRecords, 'ripeDrift' | 'releaseDrift'>,
  model: ModelReference,
  month: string,
): DriftCounts[] {
  const byFeature = new Map<string, { bin: number; count: number }[]>()
  for (const cell of records.ripeDrift(model.digest, month, SMALLEST_CELL)) {
    const cells = byFeature.get(cell.feature) ?? []
    cells.push({ bin: cell.bin, count: cell.held })
    byFeature.set(cell.feature, cells)
    records.releaseDrift(model.digest, cell.feature, month, cell.bin)
  }
  return [...byFeature].map(([feature, cells]) => ({ kind: 'drift-counts', model, feature, month, cells }))
}
