import type { PreprocessingStep } from '@leadglass/models'
import { percentiles } from './percentile.ts'
import { linearAxis, nearestAxis } from './resample-plane.ts'
import { voiLinear } from './voi.ts'
import type { BodyVolume } from './volume-assembly.ts'

type Size = readonly [number, number, number]

/** A volume between two steps. */
interface VolumeState {
  readonly size: Size
  readonly spacing: Size
  readonly directions: BodyVolume['directions']
  readonly values: Float32Array
}

/**
 * Runs a package's steps on a volume in output units (slices were put through their modality LUT before).
 * @returns depth x rows x columns of the network's input. A volume that says no directions is taken as oriented.
 */
export function prepareVolume(volume: BodyVolume, steps: readonly PreprocessingStep[]): Float32Array {
  const { size, spacing, directions, values } = volume
  return steps.reduce<VolumeState>(runStep, { size, spacing, directions, values }).values
}

function runStep(state: VolumeState, step: PreprocessingStep): VolumeState {
  switch (step.step) {
    case 'modality-lut':
      return state
    case 'volume-orient':
      return state.directions === undefined ? state : oriented(state, state.directions, step.axes)
    case 'percentile-window': {
      const [low = 0, high = 0] = percentiles(new Float64Array(state.values), [step.low, step.high])
      const span = high - low
      return mapped(state, (value) => (span === 0 ? 0 : Math.min(1, Math.max(0, (value - low) / span))))
    }
    case 'voi-linear':
      return mapped(state, voiLinear(step.centre, step.width))
    case 'volume-resample':
      return resampled(state, step.spacing, step.interpolation)
    case 'volume-fit':
      return fitted(state, [step.depth, step.height, step.width], step.fill)
    case 'normalise':
      return mapped(state, (value) => (value - (step.mean[0] ?? 0)) / (step.std[0] ?? 1))
    case 'monochrome2':
    case 'voi-lut':
    case 'crop':
    case 'centre-square':
    case 'resize':
    case 'rescale':
    case 'replicate-channels':
      // The manifest's schema keeps these out of packages for volumes.
      throw new RangeError(`step ${step.step} is for images`)
  }
}

function mapped(state: VolumeState, of: (value: number) => number): VolumeState {
  return { ...state, values: state.values.map(of) }
}

/** Patient coordinates: x grows to the left, y to the back, z to the head (PS3.3 C.7.6.2.1.1). */
const AXIS_OF: Readonly<Record<string, { readonly axis: number; readonly sign: 1 | -1 }>> = {
  L: { axis: 0, sign: 1 },
  R: { axis: 0, sign: -1 },
  P: { axis: 1, sign: 1 },
  A: { axis: 1, sign: -1 },
  S: { axis: 2, sign: 1 },
  I: { axis: 2, sign: -1 },
}

/** Gives each named body axis the grid axis that runs most along it, and tells whether it runs against it. */
export function gridAxes(
  directions: readonly (readonly number[])[],
  axes: string,
): { readonly from: readonly number[]; readonly flipped: readonly boolean[] } {
  const free = [0, 1, 2]
  const from: number[] = []
  const flipped: boolean[] = []
  for (const letter of axes) {
    const { axis, sign } = AXIS_OF[letter] ?? { axis: 0, sign: 1 }
    const part = (grid: number): number => directions[grid]?.[axis] ?? 0
    const best = free.reduce((a, b) => (Math.abs(part(b)) > Math.abs(part(a)) ? b : a), free[0] ?? 0)
    free.splice(free.indexOf(best), 1)
    from.push(best)
    flipped.push(part(best) * sign < 0)
  }
  return { from, flipped }
}

/** Turns a volume along the named body axes; an oblique grid keeps its tilt. */
function oriented(state: VolumeState, directions: readonly (readonly number[])[], axes: string): VolumeState {
  const { from, flipped } = gridAxes(directions, axes)
  const take = (sizes: Size): Size => [sizes[from[0] ?? 0] ?? 1, sizes[from[1] ?? 0] ?? 1, sizes[from[2] ?? 0] ?? 1]
  const size = take(state.size)
  const strides = [state.size[1] * state.size[2], state.size[2], 1]
  const step = from.map((grid, i) => (flipped[i] === true ? -1 : 1) * (strides[grid] ?? 1))
  const start = from.reduce(
    (at, grid, i) => at + (flipped[i] === true ? ((size[i] ?? 1) - 1) * (strides[grid] ?? 1) : 0),
    0,
  )
  const values = new Float32Array(state.values.length)
  const [deep = 0, down = 0, across = 0] = step
  let to = 0
  for (let z = 0; z < size[0]; z += 1) {
    for (let y = 0; y < size[1]; y += 1) {
      for (let x = 0, at = start + z * deep + y * down; x < size[2]; x += 1, at += across) {
        values[to] = state.values[at] ?? 0
        to += 1
      }
    }
  }
  return { size, spacing: take(state.spacing), directions: undefined, values }
}

/** Axis by axis: columns, rows, depth. Each target size is the field of view over the target spacing, rounded. */
function resampled(state: VolumeState, spacing: Size, interpolation: 'linear' | 'nearest'): VolumeState {
  let { size, values } = state
  for (const axis of [2, 1, 0]) {
    const scale = (spacing[axis] ?? 1) / (state.spacing[axis] ?? 1)
    if (Math.abs(scale - 1) < 1e-6) continue
    const source = size[axis] ?? 1
    const target = Math.max(1, Math.round(source / scale))
    values = resampledAxis(values, size, axis, target, scale, interpolation)
    size = [axis === 0 ? target : size[0], axis === 1 ? target : size[1], axis === 2 ? target : size[2]]
  }
  return { ...state, size, spacing, values }
}

function resampledAxis(
  values: Float32Array,
  size: Size,
  axis: number,
  target: number,
  scale: number,
  interpolation: 'linear' | 'nearest',
): Float32Array {
  const source = size[axis] ?? 1
  const inner = size.slice(axis + 1).reduce((product, length) => product * length, 1)
  const outer = size.slice(0, axis).reduce((product, length) => product * length, 1)
  const linear = linearAxis(source, target, scale)
  const first = interpolation === 'linear' ? linear.first : nearestAxis(source, target, scale)
  const result = new Float32Array(outer * target * inner)
  for (let o = 0; o < outer; o += 1) {
    for (let i = 0; i < target; i += 1) {
      const low = (o * source + (first[i] ?? 0)) * inner
      const high = (o * source + (linear.second[i] ?? 0)) * inner
      const share = interpolation === 'linear' ? (linear.share[i] ?? 0) : 0
      const to = (o * target + i) * inner
      for (let k = 0; k < inner; k += 1) {
        const value = values[low + k] ?? 0
        result[to + k] = share === 0 ? value : value + ((values[high + k] ?? 0) - value) * share
      }
    }
  }
  return result
}

/** Cuts or fills at both ends of each axis; an odd voxel goes to the end. */
function fitted(state: VolumeState, size: Size, fill: number): VolumeState {
  const [depth, height, width] = size
  const [slices, rows, columns] = state.size
  const values = new Float32Array(depth * height * width).fill(fill)
  const offsets = [depth - slices, height - rows, width - columns].map((room) => Math.floor(room / 2))
  const [before = 0, above = 0, left = 0] = offsets
  const fromColumn = Math.max(0, -left)
  const toColumn = Math.max(0, left)
  const length = Math.min(columns - fromColumn, width - toColumn)
  for (let z = Math.max(0, -before); z < slices && z + before < depth; z += 1) {
    for (let y = Math.max(0, -above); y < rows && y + above < height; y += 1) {
      const from = (z * rows + y) * columns + fromColumn
      values.set(state.values.subarray(from, from + length), ((z + before) * height + y + above) * width + toColumn)
    }
  }
  return { ...state, size, values }
}
