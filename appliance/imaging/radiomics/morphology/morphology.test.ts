import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Triple } from '../volume.ts'
import { fourierSums, pairwiseSums } from './autocorrelation.ts'
import { convexHull } from './convex-hull.ts'
import { CUBE_TRIANGLES } from './cube-triangles.ts'
import { ellipsoidArea, ellipsoidVolume } from './ellipsoid.ts'
import { hullFigures } from './hull-figures.ts'
import { meshFigures } from './mesh.ts'
import { eigenvalues } from './principal-axes.ts'

const maskOf = (n: number) => fc.uint8Array({ minLength: n, maxLength: n, max: 1 }).filter((mask) => mask.includes(1))

/** Counts each directed edge of the surface of a mask, as `from > to` in half voxels. */
function directedEdges(mask: Uint8Array, [nx, ny, nz]: Triple): Map<string, number> {
  const edges = new Map<string, number>()
  const inside = (x: number, y: number, z: number) =>
    x >= 0 && y >= 0 && z >= 0 && x < nx && y < ny && z < nz && mask[(z * ny + y) * nx + x] === 1
  for (let z = -1; z < nz; z++)
    for (let y = -1; y < ny; y++)
      for (let x = -1; x < nx; x++) {
        let corners = 0
        for (let k = 0; k < 8; k++) if (inside(x + (k & 1), y + ((k >> 1) & 1), z + (k >> 2))) corners |= 1 << k
        const triangles = CUBE_TRIANGLES[corners] ?? new Int8Array()
        const point = (at: number) => [0, 1, 2].map((i) => 2 * ([x, y, z][i] ?? 0) + (triangles[at + i] ?? 0)).join(',')
        for (let t = 0; t < triangles.length; t += 9)
          for (const [a, b] of [
            [0, 3],
            [3, 6],
            [6, 0],
          ] as const) {
            const key = `${point(t + a)}>${point(t + b)}`
            edges.set(key, (edges.get(key) ?? 0) + 1)
          }
      }
  return edges
}

describe('the surface mesh', () => {
  it('is closed and oriented for any mask: each edge is met once in each direction', () => {
    fc.assert(
      fc.property(maskOf(36), (mask) => {
        const edges = directedEdges(mask, [4, 3, 3])
        for (const [key, count] of edges) {
          const [from = '', to = ''] = key.split('>')
          expect(edges.get(`${to}>${from}`)).toBe(count)
        }
      }),
      { numRuns: 200 },
    )
  })

  it('is an octahedron around a single voxel', () => {
    const { volume, area } = meshFigures(Uint8Array.of(1), [1, 1, 1], [2, 2, 2])
    expect(volume).toBeCloseTo(8 / 6, 12)
    expect(area).toBeCloseTo(4 * Math.sqrt(3), 12)
  })

  it('comes near the volume and the area of a sphere', () => {
    const n = 41
    const mask = Uint8Array.from({ length: n ** 3 }, (_, i) => {
      const [x, y, z] = [i % n, Math.floor(i / n) % n, Math.floor(i / n / n)]
      return (x - 20) ** 2 + (y - 20) ** 2 + (z - 20) ** 2 <= 18.5 ** 2 ? 1 : 0
    })
    const { volume, area, candidates } = meshFigures(mask, [n, n, n], [1, 1, 1])
    expect(Math.abs(volume / ellipsoidVolume([18.5, 18.5, 18.5]) - 1)).toBeLessThan(0.01)
    expect(area / (4 * Math.PI * 18.5 ** 2)).toBeGreaterThan(1)
    expect(area / (4 * Math.PI * 18.5 ** 2)).toBeLessThan(1.1)
    const hull = hullFigures(candidates, [1, 1, 1])
    expect(hull.volume).toBeGreaterThanOrEqual(volume)
    expect(hull.diameter).toBeGreaterThanOrEqual(37)
    expect(hull.diameter).toBeLessThan(38)
    expect(hull.box).toEqual([37, 37, 37])
  })
})

describe('the convex hull', () => {
  const side = (p: Int32Array, t: readonly number[], k: number) => {
    const at = (i: number, axis: number) => p[3 * i + axis] ?? 0
    const [a = 0, b = 0, c = 0] = t
    const from = (i: number): Triple => [at(i, 0) - at(a, 0), at(i, 1) - at(a, 1), at(i, 2) - at(a, 2)]
    const [u, v, w] = [from(b), from(c), from(k)]
    const normal = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]] as const
    return normal[0] * w[0] + normal[1] * w[1] + normal[2] * w[2]
  }

  it('has no point outside and is closed, whatever lies in one plane or on one line', () => {
    const point = fc.tuple(
      fc.integer({ min: 0, max: 4 }),
      fc.integer({ min: 0, max: 4 }),
      fc.integer({ min: 0, max: 4 }),
    )
    fc.assert(
      fc.property(fc.array(point, { maxLength: 40 }), (list) => {
        const spanning = [...list, [0, 0, 0], [4, 0, 0], [0, 4, 1], [1, 0, 4]]
        const points = Int32Array.from(spanning.flat())
        const hull = convexHull(points)
        const edges = new Set<string>()
        for (let t = 0; t < hull.length; t += 3) {
          const face = [hull[t] ?? 0, hull[t + 1] ?? 0, hull[t + 2] ?? 0] as const
          for (let k = 0; k < spanning.length; k++) expect(side(points, face, k)).toBeLessThanOrEqual(0)
          for (let e = 0; e < 3; e++) edges.add(`${face[e]}>${face[(e + 1) % 3]}`)
        }
        expect(edges.size).toBe(hull.length)
        for (const edge of edges) expect(edges.has(edge.split('>').reverse().join('>'))).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  it('of a full lattice is its box', () => {
    const lattice = Array.from({ length: 5 * 4 * 3 }, (_, i) => [i % 5, Math.floor(i / 5) % 4, Math.floor(i / 20)])
    const points = lattice.flat().map((index) => 2 * index)
    const { volume, area, diameter } = hullFigures(Int32Array.from(points), [1, 2, 3])
    expect(volume).toBeCloseTo(4 * 6 * 6, 9)
    expect(area).toBeCloseTo(2 * (24 + 24 + 36), 9)
    expect(diameter).toBeCloseTo(Math.sqrt(16 + 36 + 36), 9)
  })
})

describe('axes and ellipsoids', () => {
  it('finds the eigenvalues: their sum and product are the trace and the determinant', () => {
    const part = fc.double({ min: -10, max: 10, noNaN: true })
    fc.assert(
      fc.property(fc.array(part, { minLength: 9, maxLength: 9 }), (g) => {
        const entry = (i: number, j: number) =>
          [0, 1, 2].reduce((sum, k) => sum + (g[3 * i + k] ?? 0) * (g[3 * j + k] ?? 0), 0)
        const [xx, yy, zz, xy, xz, yz] = [entry(0, 0), entry(1, 1), entry(2, 2), entry(0, 1), entry(0, 2), entry(1, 2)]
        const [a, b, c] = eigenvalues([xx, yy, zz, xy, xz, yz])
        const scale = 1 + xx + yy + zz
        expect(Math.abs(a + b + c - (xx + yy + zz)) / scale).toBeLessThan(1e-9)
        const determinant = xx * (yy * zz - yz * yz) - xy * (xy * zz - yz * xz) + xz * (xy * yz - yy * xz)
        expect(Math.abs(a * b * c - determinant) / scale ** 3).toBeLessThan(1e-9)
        expect(a >= b && b >= c && c >= 0).toBe(true)
      }),
    )
  })

  it('knows the sphere, and a spheroid by the eccentricities of IBSI', () => {
    expect(ellipsoidArea([2, 2, 2])).toBeCloseTo(16 * Math.PI, 12)
    // by the definition of IBSI an oblate body has the area ratio of the prolate one: 2 pi (1 + 2 / e arcsin e) of 8 pi
    const e = Math.sqrt(3) / 2
    const ratio = (1 + (2 / e) * Math.asin(e)) / 4
    expect(ellipsoidArea([2, 2, 1])).toBeCloseTo(16 * Math.PI * ratio, 3)
  })
})

describe('spatial autocorrelation', () => {
  it('gives the same sums by Fourier transforms as pair by pair', () => {
    fc.assert(
      fc.property(
        maskOf(60),
        fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 60, maxLength: 60 }),
        (mask, list) => {
          const values = Float64Array.from(list, (value, i) => (mask[i] === 1 ? value : 0))
          const region = { dimensions: [5, 4, 3], spacing: [1, 1.5, 3], values, mask } as const
          const [pairs, spectrum] = [pairwiseSums(region, mask, values), fourierSums(region, mask, values)]
          expect(spectrum?.weights).toBeCloseTo(pairs.weights, 7)
          expect(spectrum?.products).toBeCloseTo(pairs.products, 6)
          expect(spectrum?.squaredGaps).toBeCloseTo(pairs.squaredGaps, 6)
        },
      ),
      { numRuns: 60 },
    )
  })
})
