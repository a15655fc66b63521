import type { PreprocessingStep } from '@leadglass/models'
import { gridAxes } from './volume.ts'
import type { BodyVolume } from './volume-assembly.ts'

/** One axis of the network's grid on its way back: the grid axis of the source it came from, and where its cells lie. */
interface AxisBack {
  readonly from: number
  readonly flipped: boolean
  /** For each cell of the source along this axis, the cell of the network's grid; -1 outside of it. */
  cells: Int32Array
  spacing: number
}

/**
 * Brings the labels of the network's grid back to the grid of the source: each voxel of the source gets the label of the
 * cell of the network that holds its centre, and 0, the background, where the network did not look.
 * @param steps those that made the network's input of `source`. @param labels depth x rows x columns of the network.
 * @returns depth x rows x columns of `source`.
 */
export function labelsOnSource(
  source: Pick<BodyVolume, 'size' | 'spacing' | 'directions'>,
  steps: readonly PreprocessingStep[],
  labels: Uint8Array,
): Uint8Array {
  const axes: AxisBack[] = [0, 1, 2].map((axis) => axisOf(source, axis, false))
  let size: readonly number[] = source.size
  for (const step of steps) {
    if (step.step === 'volume-orient' && source.directions !== undefined) {
      const { from, flipped } = gridAxes(source.directions, step.axes)
      from.forEach((grid, place) => {
        axes[place] = axisOf(source, grid, flipped[place] === true)
      })
      size = axes.map(({ cells }) => cells.length)
    }
    if (step.step === 'volume-resample') size = axes.map((axis, place) => resample(axis, size, place, step.spacing))
    if (step.step === 'volume-fit') size = fit(axes, size, [step.depth, step.height, step.width])
  }
  const [, rows = 1, columns = 1] = size
  const strides = [rows * columns, columns, 1]
  // Every axis adds its part of the place, so that one look is enough for a voxel.
  const parts: Int32Array[] = []
  axes.forEach(({ from, flipped, cells }, place) => {
    const ordered = flipped ? cells.toReversed() : cells
    parts[from] = ordered.map((cell) => (cell < 0 ? -1 : cell * (strides[place] ?? 1)))
  })
  return gathered(parts, source.size, labels)
}

function axisOf(source: Pick<BodyVolume, 'size' | 'spacing'>, from: number, flipped: boolean): AxisBack {
  const cells = Int32Array.from({ length: source.size[from] ?? 1 }, (_, index) => index)
  return { from, flipped, cells, spacing: source.spacing[from] ?? 1 }
}

/** @returns the size of the axis afterwards. */
function resample(axis: AxisBack, size: readonly number[], place: number, spacing: readonly number[]): number {
  const before = size[place] ?? 1
  const scale = (spacing[place] ?? 1) / axis.spacing
  if (Math.abs(scale - 1) < 1e-6) return before
  const target = Math.max(1, Math.round(before / scale))
  axis.cells = axis.cells.map((cell) => Math.min(target - 1, Math.floor((cell + 0.5) / scale)))
  axis.spacing = spacing[place] ?? 1
  return target
}

function fit(axes: readonly AxisBack[], size: readonly number[], room: readonly number[]): readonly number[] {
  axes.forEach((axis, place) => {
    const length = room[place] ?? 1
    const before = Math.floor((length - (size[place] ?? 1)) / 2)
    axis.cells = axis.cells.map((cell) => (cell + before >= 0 && cell + before < length ? cell + before : -1))
  })
  return room
}

function gathered(parts: readonly Int32Array[], size: readonly number[], labels: Uint8Array): Uint8Array {
  const [slices = 1, rows = 1, columns = 1] = size
  const across = parts[2] ?? new Int32Array(columns)
  const result = new Uint8Array(slices * rows * columns)
  for (let z = 0; z < slices; z += 1) {
    const deep = parts[0]?.[z] ?? -1
    if (deep < 0) continue
    for (let y = 0; y < rows; y += 1) {
      const down = parts[1]?.[y] ?? -1
      if (down < 0) continue
      const to = (z * rows + y) * columns
      for (let x = 0; x < columns; x += 1) {
        const part = across[x] ?? -1
        if (part >= 0) result[to + x] = labels[deep + down + part] ?? 0
      }
    }
  }
  return result
}
