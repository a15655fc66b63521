import type { PreprocessingStep } from '@leadglass/models'
import type { Photometric, PixelArray } from '../decode/index.ts'
import { applyValueMap, type ValueMap } from '../luts.ts'
import { areaResizeIndexed } from './area-resize.ts'
import { percentilesOfCounts, type ValueCounts } from './value-counts.ts'
import { voiLinear } from './voi.ts'

/** A plane as its stored values and one mapped value for each value that can occur: a step on it costs a table, not a plane. */
export interface IndexedPlane {
  readonly stored: PixelArray
  readonly counted: ValueCounts
  readonly table: Float64Array
}

/** The plane before the first step; `undefined` when a table would be larger than the plane is. */
export function indexedPlane(stored: PixelArray, counted: ValueCounts | undefined): IndexedPlane | undefined {
  if (counted === undefined || counted.counts.length > 4 * stored.length) return undefined
  const { lowest, counts } = counted
  const table = new Float64Array(counts.length)
  for (let cell = 0; cell < table.length; cell += 1) table[cell] = lowest + cell
  return { stored, counted, table }
}

/** Runs a step that looks at each value by itself. @returns `undefined` when the step is not of that kind. */
export function runIndexed(
  plane: IndexedPlane,
  step: PreprocessingStep,
  image: { readonly photometric: Photometric; readonly modalityLut: ValueMap },
): IndexedPlane | undefined {
  if (step.step === 'modality-lut') return { ...plane, table: applyValueMap(image.modalityLut, plane.table) }
  if (step.step === 'monochrome2') {
    return image.photometric === 'MONOCHROME1' ? { ...plane, table: inverted(plane) } : plane
  }
  if (step.step === 'percentile-window') return { ...plane, table: windowed(plane, step.low, step.high) }
  if (step.step === 'voi-linear') return { ...plane, table: plane.table.map(voiLinear(step.centre, step.width)) }
  if (step.step === 'rescale') {
    return { ...plane, table: plane.table.map((value) => value * step.slope + step.intercept) }
  }
  return undefined
}

/** The plane's mapped values. */
export function valuesOf({ stored, counted, table }: IndexedPlane): Float64Array {
  const values = new Float64Array(stored.length)
  for (let i = 0; i < values.length; i += 1) values[i] = table[(stored[i] as number) - counted.lowest] as number
  return values
}

/** The plane's mapped values, stretched by area averaging. */
export function resizedValuesOf(
  { stored, counted, table }: IndexedPlane,
  rows: number,
  columns: number,
  to: { readonly height: number; readonly width: number },
): Float64Array {
  return areaResizeIndexed(stored, { lowest: counted.lowest, table }, rows, columns, to.height, to.width)
}

/** Largest value that occurs minus the value. */
function inverted({ table, counted }: IndexedPlane): Float64Array {
  let largest = Number.NEGATIVE_INFINITY
  table.forEach((value, cell) => {
    if (counted.counts[cell] !== 0) largest = Math.max(largest, value)
  })
  return table.map((value) => largest - value)
}

/** Percentiles to 0..1, clipped; 0 everywhere when they coincide. */
function windowed({ table, counted }: IndexedPlane, low: number, high: number): Float64Array {
  const [lowest = 0, highest = 0] = percentilesOfCounts(counted, table, [low, high])
  const span = highest - lowest
  const result = new Float64Array(table.length)
  if (span === 0) return result
  for (let cell = 0; cell < table.length; cell += 1) {
    result[cell] = Math.min(1, Math.max(0, ((table[cell] as number) - lowest) / span))
  }
  return result
}
