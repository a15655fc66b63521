import type { PreprocessingStep } from '@leadglass/models'
import type { Photometric, PixelArray } from '../decode/index.ts'
import type { ValueMap } from '../luts.ts'
import { EXECUTORS, initialState, type PreprocessingState } from './steps.ts'

export { areaResize } from './area-resize.ts'
export { percentiles } from './percentile.ts'
export { prepareVolume } from './volume.ts'
export {
  assembleVolume,
  type BodyVolume,
  type VolumeAssembly,
  type VolumeFault,
  type VolumeSlice,
} from './volume-assembly.ts'

/** One grey frame and how its stored values are to be read. */
export interface PreprocessingInput {
  readonly rows: number
  readonly columns: number
  readonly photometric: Photometric
  readonly stored: PixelArray
  readonly modalityLut: ValueMap
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
  const first = initialState(input, input.stored, input.modalityLut)
  const last = steps.reduce(runStep, first)
  return {
    channels: last.channels,
    height: last.rows,
    width: last.columns,
    values: new Float32Array(last.values),
    grey: last.grey,
  }
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
