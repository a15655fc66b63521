/** An edge of a cube by its two corners. A corner's bits say where it is: 1 = far x, 2 = far y, 4 = far z. */
type Edge = readonly [number, number]

/** The corners of the six faces, anticlockwise as seen from outside. */
const FACES: readonly (readonly [number, number, number, number])[] = [
  [0, 4, 6, 2],
  [1, 3, 7, 5],
  [0, 1, 5, 4],
  [2, 6, 7, 3],
  [0, 2, 3, 1],
  [4, 5, 7, 6],
]

/**
 * For each of the 256 sets of corners inside a region, the triangles of the surface within the cube, flat: nine coordinates a
 * triangle, in half voxels from corner 0, normals outwards.
 *
 * Marching cubes at level 0.5 of a binary mask (IBSI 3.1, mesh-based representation). The table is made, not listed: on every
 * face the cut edges are joined around each run of inside corners, so diagonal inside corners stay apart. Neighbouring cubes
 * agree on the face that they share, so the mesh is closed. The pieces join to loops, and a loop of n points becomes n - 2
 * triangles around that of its points that gives the most area: of the possible choices this one gives the meshes of the
 * published tables, and the reference volume (the one of least area is 1.2 % below it).
 */
export const CUBE_TRIANGLES: readonly Int8Array[] = Array.from({ length: 256 }, (_, inside) =>
  Int8Array.from(loopsOf(inside).flatMap(triangulate)),
)

/** A point of the surface: the middle of a cut edge, in half voxels. */
type Point = readonly [number, number, number]

function loopsOf(inside: number): Point[][] {
  const next = segmentsOf(inside)
  const loops: Point[][] = []
  while (next.size > 0) {
    const loop: Point[] = []
    let [key] = next.keys()
    while (key !== undefined) {
      const following = next.get(key)
      next.delete(key)
      if (following !== undefined) loop.push(middle([key >> 3, key & 7]))
      key = following
    }
    loops.push(loop)
  }
  return loops
}

/** From each cut edge to the one that follows it in its loop. */
function segmentsOf(inside: number): Map<number, number> {
  const next = new Map<number, number>()
  for (const face of FACES) {
    const isInside = (k: number) => ((inside >> (face[k & 3] ?? 0)) & 1) === 1
    const edge = (k: number) => edgeKey([face[k & 3] ?? 0, face[(k + 1) & 3] ?? 0])
    for (let k = 0; k < 4; k++) {
      if (isInside(k) || !isInside(k + 1)) continue
      let leave = k + 1
      while (isInside(leave + 1)) leave += 1
      next.set(edge(k), edge(leave))
    }
  }
  return next
}

function edgeKey([a, b]: Edge): number {
  return a < b ? a * 8 + b : b * 8 + a
}

function middle([a, b]: Edge): Point {
  const at = (bit: number) => ((a & bit) === 0 ? 0 : 1) + ((b & bit) === 0 ? 0 : 1)
  return [at(1), at(2), at(4)]
}

function triangulate(loop: Point[]): number[] {
  let best: { area: number; triangles: number[] } = { area: 0, triangles: [] }
  for (let start = 0; start < loop.length; start++) {
    const turned = [...loop.slice(start), ...loop.slice(0, start)]
    const [apex, ...others] = turned
    const triangles: number[] = []
    let area = 0
    for (let k = 0; apex !== undefined && k + 1 < others.length; k++) {
      const [b, c] = [others[k] ?? apex, others[k + 1] ?? apex]
      triangles.push(...apex, ...b, ...c)
      area += doubledArea(apex, b, c)
    }
    if (area > best.area + 1e-9) best = { area, triangles }
  }
  return best.triangles
}

function doubledArea(a: Point, b: Point, c: Point): number {
  const [ux, uy, uz] = [b[0] - a[0], b[1] - a[1], b[2] - a[2]]
  const [vx, vy, vz] = [c[0] - a[0], c[1] - a[1], c[2] - a[2]]
  return Math.hypot(uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx)
}
