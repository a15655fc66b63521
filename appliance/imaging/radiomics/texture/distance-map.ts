import type { LevelGrid } from './level-grid.ts'

/**
 * The city block distance of each voxel of the morphological mask to the nearest voxel outside of it, so 1 at the border
 * (IBSI 3.9, VMDZ): within slices (4 neighbours) or in the volume (6 neighbours). Beyond the image is outside.
 * Two passes over the grid give the exact distance.
 */
export function distanceMap(grid: LevelGrid, inPlane: boolean): Uint16Array {
  const [nx, ny] = grid.dimensions
  const slice = inPlane ? 0 : nx * ny
  const distances = new Uint16Array(grid.mask.length)
  for (let i = 0; i < distances.length; i++) {
    if (grid.mask[i] !== 0) distances[i] = 1 + nearest(distances, i, -1, -nx, -slice)
  }
  for (let i = distances.length - 1; i >= 0; i--) {
    const known = distances[i] ?? 0
    if (known > 1) distances[i] = Math.min(known, 1 + nearest(distances, i, 1, nx, slice))
  }
  return distances
}

/** The least distance of the neighbours at three offsets; an offset of 0 is no neighbour. */
function nearest(distances: Uint16Array, i: number, column: number, row: number, slice: number): number {
  let least = distances[i + column] ?? 0
  const next = distances[i + row] ?? 0
  if (next < least) least = next
  if (slice === 0) return least
  return Math.min(least, distances[i + slice] ?? 0)
}
