/** The corner of a triangle after each corner. */
const NEXT = [1, 2, 0] as const

/** A triangle of the hull while it is built: corners anticlockwise from outside, and the face across each of its edges. */
interface Face {
  readonly corners: readonly [number, number, number]
  readonly neighbours: [Face | undefined, Face | undefined, Face | undefined]
  readonly normal: readonly [number, number, number]
  readonly offset: number
  /** Points strictly outside of this face, each kept by one face only. */
  outside: number[]
  dropped: boolean
}

/**
 * The convex hull of points with integer coordinates below 2^12 by Quickhull. All sides are decided in exact integer
 * arithmetic, so coplanar and collinear points need no tolerance.
 * @param points three figures each; not all in one plane.
 * @returns the corners of each triangle of the hull as point indices, three each, anticlockwise from outside.
 */
export function convexHull(points: Int32Array): Int32Array {
  const faces = new Set(tetrahedron(points))
  const pending = [...faces]
  for (let face = pending.pop(); face !== undefined; face = pending.pop()) {
    if (face.dropped || face.outside.length === 0) continue
    const apex = furthest(points, face)
    const { visible, horizon } = visibleFrom(points, face, apex)
    const added = horizon.map(({ from, to, beyond }) => {
      const fresh = makeFace(points, from, to, apex)
      connect(fresh, 0, beyond, to, from)
      return fresh
    })
    joinFan(added)
    for (const old of visible) {
      old.dropped = true
      faces.delete(old)
      distribute(points, old.outside, added, apex)
    }
    for (const fresh of added) faces.add(fresh)
    pending.push(...added)
  }
  return Int32Array.from([...faces].flatMap((face) => [...face.corners]))
}

function makeFace(points: Int32Array, a: number, b: number, c: number): Face {
  const at = (p: number, axis: number) => points[3 * p + axis] ?? 0
  const [ux, uy, uz] = [at(b, 0) - at(a, 0), at(b, 1) - at(a, 1), at(b, 2) - at(a, 2)]
  const [vx, vy, vz] = [at(c, 0) - at(a, 0), at(c, 1) - at(a, 1), at(c, 2) - at(a, 2)]
  const normal = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx] as const
  const offset = normal[0] * at(a, 0) + normal[1] * at(a, 1) + normal[2] * at(a, 2)
  return {
    corners: [a, b, c],
    neighbours: [undefined, undefined, undefined],
    normal,
    offset,
    outside: [],
    dropped: false,
  }
}

/** Positive outside of the face's plane. */
function side(points: Int32Array, { normal, offset }: Face, p: number): number {
  const [x = 0, y = 0, z = 0] = [points[3 * p], points[3 * p + 1], points[3 * p + 2]]
  return normal[0] * x + normal[1] * y + normal[2] * z - offset
}

function tetrahedron(points: Int32Array): Face[] {
  const count = points.length / 3
  const pick = (measure: (p: number) => number) => {
    let best = 0
    for (let p = 1; p < count; p++) if (measure(p) > measure(best)) best = p
    return best
  }
  const distance = (a: number) => (p: number) =>
    [0, 1, 2].reduce((sum, axis) => sum + ((points[3 * p + axis] ?? 0) - (points[3 * a + axis] ?? 0)) ** 2, 0)
  const a = 0
  const b = pick(distance(a))
  const c = pick((p) => makeFace(points, a, b, p).normal.reduce((sum, part) => sum + part * part, 0))
  const base = makeFace(points, a, b, c)
  const d = pick((p) => Math.abs(side(points, base, p)))
  const [u, v, w] = side(points, base, d) > 0 ? [a, c, b] : [a, b, c]
  const bottom = makeFace(points, u, v, w)
  const walls = [makeFace(points, v, u, d), makeFace(points, w, v, d), makeFace(points, u, w, d)]
  walls.forEach((wall, k) => {
    connect(wall, 0, bottom, bottom.corners[k] ?? 0, bottom.corners[(k + 1) % 3] ?? 0)
  })
  joinFan(walls)
  const faces = [bottom, ...walls]
  const all = Array.from({ length: count }, (_, p) => p)
  distribute(points, all, faces, d)
  return faces
}

/** Makes two faces neighbours: across edge `edge` of the one, and across the edge from -> to of the other. */
function connect(face: Face, edge: 0 | 1 | 2, other: Face, from: number, to: number): void {
  face.neighbours[edge] = other
  for (const k of [0, 1, 2] as const)
    if (other.corners[k] === from && other.corners[NEXT[k]] === to) other.neighbours[k] = face
}

/** Faces around one apex (their third corner): each is joined to the one that begins where it ends. */
function joinFan(fan: readonly Face[]): void {
  const byStart = new Map(fan.map((face) => [face.corners[0], face]))
  for (const face of fan) {
    const following = byStart.get(face.corners[1])
    if (following === undefined) continue
    face.neighbours[1] = following
    following.neighbours[2] = face
  }
}

function furthest(points: Int32Array, face: Face): number {
  let [best, most] = [face.outside[0] ?? 0, 0]
  for (const p of face.outside) {
    const distance = side(points, face, p)
    if (distance > most) [best, most] = [p, distance]
  }
  return best
}

/** The faces that a point is strictly outside of, and the edges around them with the face beyond each. */
function visibleFrom(points: Int32Array, start: Face, apex: number) {
  const visible = new Set([start])
  const horizon: { from: number; to: number; beyond: Face }[] = []
  const pending = [start]
  for (let face = pending.pop(); face !== undefined; face = pending.pop()) {
    for (const k of [0, 1, 2] as const) {
      const beyond = face.neighbours[k]
      if (beyond === undefined || visible.has(beyond)) continue
      if (side(points, beyond, apex) > 0) {
        visible.add(beyond)
        pending.push(beyond)
      } else {
        horizon.push({ from: face.corners[k], to: face.corners[NEXT[k]], beyond })
      }
    }
  }
  return { visible, horizon }
}

/** Gives each point to the first face that it is outside of; a point outside of none is inside the hull. */
function distribute(points: Int32Array, candidates: readonly number[], faces: readonly Face[], used: number): void {
  for (const p of candidates) {
    if (p === used) continue
    const face = faces.find((candidate) => side(points, candidate, p) > 0)
    face?.outside.push(p)
  }
}
