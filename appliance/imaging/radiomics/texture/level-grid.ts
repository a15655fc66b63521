import type { Levels } from '../processing/discretise.ts'
import type { Triple } from '../volume.ts'

/**
 * Grey levels with a border of one voxel of level 0 (outside) on every side, so that a neighbour is always a plain offset.
 * `dimensions` count the border; x runs fastest.
 */
export interface LevelGrid {
  readonly dimensions: Triple
  readonly levels: Uint16Array
  readonly levelCount: number
  /** The morphological mask on the same padded grid: 1 within. */
  readonly mask: Uint8Array
}

/** IBSI 3.6: the four directions at Chebyshev distance 1 within a slice; the opposite ones are implied. */
export const PLANE_DIRECTIONS: readonly Triple[] = [
  [1, 0, 0],
  [0, 1, 0],
  [1, 1, 0],
  [1, -1, 0],
]

/** IBSI 3.6: the thirteen directions of a volume. */
export const SPACE_DIRECTIONS: readonly Triple[] = [
  ...PLANE_DIRECTIONS,
  ...[-1, 0, 1].flatMap((y) => [-1, 0, 1].map((x): Triple => [x, y, 1])),
]

/** Pads levels and morphological mask of one region. */
export function levelGrid(levels: Levels, mask: Uint8Array, dimensions: Triple): LevelGrid {
  const [nx, ny, nz] = dimensions
  const padded: Triple = [nx + 2, ny + 2, nz + 2]
  const size = padded[0] * padded[1] * padded[2]
  const grid = { levels: new Uint16Array(size), mask: new Uint8Array(size) }
  for (let z = 0, from = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++, from += nx) {
      const to = ((z + 1) * padded[1] + y + 1) * padded[0] + 1
      grid.levels.set(levels.levels.subarray(from, from + nx), to)
      grid.mask.set(mask.subarray(from, from + nx), to)
    }
  }
  return { ...grid, dimensions: padded, levelCount: levels.levelCount }
}

/** How far apart in the arrays two voxels of a grid are that lie `step` apart. */
export function offsetOf(grid: LevelGrid, step: Triple): number {
  const [nx, ny] = grid.dimensions
  return step[0] + nx * (step[1] + ny * step[2])
}

/** The offsets of all neighbours at Chebyshev distance 1: 8 within a slice, 26 in the volume. */
export function neighbourOffsets(grid: LevelGrid, inPlane: boolean): Int32Array {
  const half = (inPlane ? PLANE_DIRECTIONS : SPACE_DIRECTIONS).map((step) => offsetOf(grid, step))
  return Int32Array.from([...half, ...half.map((offset) => -offset)])
}

/** The index ranges of the slices that hold at least one voxel of the intensity mask, first index included, end not. */
export function filledSlices(grid: LevelGrid): { start: number; end: number }[] {
  const size = grid.dimensions[0] * grid.dimensions[1]
  const slices = Array.from({ length: grid.dimensions[2] }, (_, z) => ({ start: z * size, end: (z + 1) * size }))
  return slices.filter(({ start, end }) => grid.levels.subarray(start, end).some((level) => level !== 0))
}
