import type { PreprocessingStep } from '@leadglass/models'
import type { Photometric, PixelArray } from '../decode/index.ts'
import type { ValueMap } from '../luts.ts'
import type { VoiLut } from '../voi-lut.ts'
import { indexedPlane, resizedValuesOf, runIndexed, valuesOf } from './indexed-plane.ts'
import { EXECUTORS, initialState, type PreprocessingState } from './steps.ts'
import { countValues, type ValueCounts } from './value-counts.ts'

export { areaResize } from './area-resize.ts'
export { percentiles } from './percentile.ts'
export { countValues, percentilesOfCounts, type ValueCounts } from './value-counts.ts'
export { prepareVolume } from './volume.ts'
export {
  assembleVolume,
  type BodyVolume,
  type VolumeAssembly,
  type VolumeFault,
  type VolumeSlice,
} from './volume-assembly.ts'
export { labelsOnSource } from './volume-labels.ts'

/** One grey frame and how its stored values are to be read. */
export interface PreprocessingInput {
  readonly rows: number
  readonly columns: number
  readonly photometric: Photometric
  readonly stored: PixelArray
  readonly modalityLut: ValueMap
  /** How the header wants it shown; undefined when it does not say. */
  readonly voiLut?: VoiLut | undefined
  /** `countValues(stored)`, where the caller has it already. */
  readonly counted?: ValueCounts | undefined
}

/** The network's input, channels x height x width, and the grey plane it was made from (0..1 after a window). */
export interface PreparedTensor {
  readonly channels: number
  readonly height: number
  readonly width: number
  readonly values: Float32Array
  readonly grey: Float64Array
}

/** Runs the steps of a package in order, in float64; the result is rounded to float32 once, at the end. */
export function preprocess(input: PreprocessingInput, steps: readonly PreprocessingStep[]): PreparedTensor {
  const { state, rest } = afterTableSteps(input, steps)
  const last = asLastSteps(state, rest) ?? rest.reduce(runStep, state)
  return {
    channels: last.channels,
    height: last.rows,
    width: last.columns,
    values: last.values instanceof Float32Array ? last.values : new Float32Array(last.values),
    grey: last.grey,
  }
}

/** Steps that look at each value by itself run on a table of values first, and with them an area resize; the values are the same. */
function afterTableSteps(
  input: PreprocessingInput,
  steps: readonly PreprocessingStep[],
): { readonly state: PreprocessingState; readonly rest: readonly PreprocessingStep[] } {
  const { stored, modalityLut, rows, columns } = input
  let plane = indexedPlane(stored, input.counted ?? countValues(stored))
  if (plane === undefined) return { state: initialState(input, stored, modalityLut), rest: steps }
  for (const [at, step] of steps.entries()) {
    const next = runIndexed(plane, step, input)
    if (next !== undefined) {
      plane = next
      continue
    }
    if (step.step !== 'resize' || step.interpolation !== 'area') {
      return { state: initialState(input, valuesOf(plane), modalityLut), rest: steps.slice(at) }
    }
    const frame = { ...input, rows: step.height, columns: step.width }
    const resized = resizedValuesOf(plane, rows, columns, step)
    return { state: initialState(frame, resized, modalityLut), rest: steps.slice(at + 1) }
  }
  return { state: initialState(input, valuesOf(plane), modalityLut), rest: [] }
}

type Ended = Omit<PreprocessingState, 'values'> & { readonly values: Float32Array | Float64Array }

/** How most packages end, channels and then normalisation, rounded as it goes. @returns `undefined` for another end. */
function asLastSteps(state: PreprocessingState, rest: readonly PreprocessingStep[]): Ended | undefined {
  const [copy, norm, more] = rest
  if (copy?.step !== 'replicate-channels' || norm?.step !== 'normalise' || more !== undefined) return undefined
  if (state.channels !== 1 || norm.mean.length !== copy.channels) return undefined
  const length = state.values.length
  const values = new Float32Array(length * copy.channels)
  for (let channel = 0; channel < copy.channels; channel += 1) {
    const [centre = 0, scale = 1] = [norm.mean[channel], norm.std[channel]]
    const at = channel * length
    if (channel > 0 && centre === norm.mean[channel - 1] && scale === norm.std[channel - 1]) {
      values.copyWithin(at, at - length, at)
      continue
    }
    for (let i = 0; i < length; i += 1) values[at + i] = ((state.values[i] as number) - centre) / scale
  }
  return { ...state, channels: copy.channels, values }
}

function runStep(state: PreprocessingState, step: PreprocessingStep): PreprocessingState {
  switch (step.step) {
    case 'modality-lut':
      return EXECUTORS['modality-lut'](state, step)
    case 'monochrome2':
      return EXECUTORS.monochrome2(state, step)
    case 'percentile-window':
      return EXECUTORS['percentile-window'](state, step)
    case 'resize':
      return EXECUTORS.resize(state, step)
    case 'replicate-channels':
      return EXECUTORS['replicate-channels'](state, step)
    case 'normalise':
      return EXECUTORS.normalise(state, step)
    case 'voi-linear':
      return EXECUTORS['voi-linear'](state, step)
    case 'voi-lut':
      return EXECUTORS['voi-lut'](state, step)
    case 'crop':
      return EXECUTORS.crop(state, step)
    case 'centre-square':
      return EXECUTORS['centre-square'](state, step)
    case 'rescale':
      return EXECUTORS.rescale(state, step)
    case 'volume-orient':
    case 'volume-resample':
    case 'volume-fit':
      // The manifest's schema keeps steps of volumes out of packages for images.
      throw new RangeError(`step ${step.step} is for volumes`)
  }
}
