import type { PreprocessingStep } from '@leadglass/models'
import type { Photometric, PixelArray } from '../decode/index.ts'
import { applyValueMap, type ValueMap } from '../luts.ts'
import type { VoiLut } from '../voi-lut.ts'
import { areaResize } from './area-resize.ts'
import { percentiles } from './percentile.ts'
import { bilinearResize, centreSquare, cropBox, nearestResize } from './resample-plane.ts'
import { voiFunction, voiLinear } from './voi.ts'

/** What a step works on: a grey plane, or channels one after another; float64 throughout. */
export interface PreprocessingState {
  readonly rows: number
  readonly columns: number
  readonly channels: number
  readonly values: Float64Array
  readonly photometric: Photometric
  readonly modalityLut: ValueMap
  /** What the header says of how the image is to be shown. */
  readonly voiLut?: VoiLut | undefined
  /** The single plane as it was before channels were replicated; quality is measured on it. */
  readonly grey: Float64Array
}

/** The state before the first step. */
export function initialState(
  frame: {
    readonly rows: number
    readonly columns: number
    readonly photometric: Photometric
    readonly voiLut?: VoiLut | undefined
  },
  stored: PixelArray | Float64Array,
  modalityLut: ValueMap,
): PreprocessingState {
  const values = stored instanceof Float64Array ? stored : new Float64Array(stored)
  const { rows, columns, photometric, voiLut } = frame
  return { rows, columns, channels: 1, values, photometric, modalityLut, voiLut, grey: values }
}

type StepOf<Name extends PreprocessingStep['step']> = Extract<PreprocessingStep, { step: Name }>
type Executor<Name extends PreprocessingStep['step']> = (
  state: PreprocessingState,
  step: StepOf<Name>,
) => PreprocessingState

type VolumeStepName = 'volume-orient' | 'volume-resample' | 'volume-fit'
/** Steps of one grey frame; those of volumes are in `volume.ts`. */
export type PlaneStepName = Exclude<PreprocessingStep['step'], VolumeStepName>

const RESIZERS = { area: areaResize, bilinear: bilinearResize, nearest: nearestResize } as const

/** Every step of an image and what it does. A new step does not compile until it has an executor. */
export const EXECUTORS: { readonly [Name in PlaneStepName]: Executor<Name> } = {
  'modality-lut': (state) => plane(state, applyValueMap(state.modalityLut, state.values)),
  monochrome2: (state) => (state.photometric === 'MONOCHROME1' ? plane(state, inverted(state.values)) : state),
  'percentile-window': (state, step) => plane(state, windowed(state.values, step.low, step.high)),
  resize: (state, step) => ({
    ...plane(state, RESIZERS[step.interpolation](state.values, state.rows, state.columns, step.height, step.width)),
    rows: step.height,
    columns: step.width,
  }),
  'voi-linear': (state, step) => plane(state, state.values.map(voiLinear(step.centre, step.width))),
  // A header's window is of values as they are: MONOCHROME1 is turned round after it (PS3.3 C.11.2.1.2, C.7.6.3.1.2).
  'voi-lut': (state, step) => {
    const shown =
      state.voiLut === undefined
        ? windowed(state.values, step.fallback.low, step.fallback.high)
        : state.values.map(voiFunction(state.voiLut))
    return plane(state, state.photometric === 'MONOCHROME1' ? shown.map((value) => 1 - value) : shown)
  },
  crop: (state, step) => {
    const box = cropBox(state.values, state.rows, state.columns, step)
    return { ...plane(state, box.values), rows: box.rows, columns: box.columns }
  },
  'centre-square': (state) => {
    const square = centreSquare(state.values, state.rows, state.columns)
    return { ...plane(state, square.values), rows: square.side, columns: square.side }
  },
  rescale: (state, step) =>
    plane(
      state,
      state.values.map((value) => value * step.slope + step.intercept),
    ),
  'replicate-channels': (state, step) => ({
    ...state,
    channels: step.channels,
    values: replicated(state.values, step.channels),
  }),
  normalise: (state, step) => ({ ...state, values: normalised(state.values, step.mean, step.std) }),
}

function plane(state: PreprocessingState, values: Float64Array): PreprocessingState {
  return { ...state, values, grey: values }
}

/** Largest value of the image minus the value. */
function inverted(values: Float64Array): Float64Array {
  let largest = Number.NEGATIVE_INFINITY
  for (let i = 0; i < values.length; i += 1) largest = Math.max(largest, values[i] ?? 0)
  const result = new Float64Array(values.length)
  for (let i = 0; i < values.length; i += 1) result[i] = largest - (values[i] ?? 0)
  return result
}

/** Percentiles to 0..1, clipped; 0 everywhere when they coincide. */
function windowed(values: Float64Array, low: number, high: number): Float64Array {
  const [lowest = 0, highest = 0] = percentiles(values, [low, high])
  const span = highest - lowest
  const result = new Float64Array(values.length)
  if (span === 0) return result
  for (let i = 0; i < values.length; i += 1) {
    result[i] = Math.min(1, Math.max(0, ((values[i] ?? 0) - lowest) / span))
  }
  return result
}

function replicated(values: Float64Array, count: number): Float64Array {
  const result = new Float64Array(values.length * count)
  for (let channel = 0; channel < count; channel += 1) result.set(values, channel * values.length)
  return result
}

function normalised(values: Float64Array, mean: readonly number[], std: readonly number[]): Float64Array {
  const length = values.length / mean.length
  const result = new Float64Array(values.length)
  for (let channel = 0; channel < mean.length; channel += 1) {
    const centre = mean[channel] ?? 0
    const scale = std[channel] ?? 1
    const end = (channel + 1) * length
    for (let i = channel * length; i < end; i += 1) result[i] = ((values[i] ?? 0) - centre) / scale
  }
  return result
}
