import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assembleVolume, prepareVolume, type VolumeSlice } from './index.ts'

const AXIAL = [1, 0, 0, 0, 1, 0]

/** Four slices of 2 x 3, whose values say where they lie: 100 z + 10 y + x. */
function slices(change: (slice: VolumeSlice, z: number) => VolumeSlice = (slice) => slice): VolumeSlice[] {
  return [0, 1, 2, 3].map((z) =>
    change(
      {
        rows: 2,
        columns: 3,
        values: Float32Array.from({ length: 6 }, (_, i) => 100 * z + 10 * Math.floor(i / 3) + (i % 3)),
        position: [0, 0, 5 * z],
        orientation: AXIAL,
        spacing: [2, 1],
      },
      z,
    ),
  )
}

function volumeOf(given: readonly VolumeSlice[]) {
  const assembly = assembleVolume(given)
  if (assembly.kind === 'fault') throw new Error(assembly.fault)
  return assembly.volume
}

describe('a volume from slices', () => {
  it('is the same whatever order the slices came in', () => {
    const wanted = volumeOf(slices())
    expect(wanted).toMatchObject({ size: [4, 2, 3], spacing: [5, 2, 1] })
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }), (order) => {
        const all = slices()
        expect(volumeOf(order.flatMap((i) => all.slice(i, i + 1)))).toEqual(wanted)
      }),
    )
  })

  it.each<[string, VolumeSlice[]]>([
    ['slices-too-few', slices().slice(1)],
    ['slice-geometry-missing', slices((one, z) => (z === 2 ? { ...one, position: [] } : one))],
    ['slice-geometry-missing', slices((one) => ({ ...one, spacing: [] }))],
    ['slice-geometry-missing', slices((one) => ({ ...one, orientation: [1, 0, 0, 1, 0, 0] }))],
    ['slices-differ', slices((one, z) => (z === 1 ? { ...one, columns: 2 } : one))],
    ['slices-differ', slices((one, z) => (z === 1 ? { ...one, orientation: [0, 1, 0, 0, 0, 1] } : one))],
    ['slices-coincide', slices((one, z) => (z === 3 ? { ...one, position: [0, 0, 10] } : one))],
    ['slices-irregular', slices((one, z) => (z === 3 ? { ...one, position: [0, 0, 20] } : one))],
  ])('is refused as %s', (fault, given) => {
    expect(assembleVolume(given)).toEqual({ kind: 'fault', fault })
  })
})

describe('the steps of a volume', () => {
  const fit = { step: 'volume-fit', depth: 4, height: 2, width: 3, fill: 0 } as const

  it('turn the axes to what the model wants, whatever plane the slices lie in', () => {
    // The same body as sagittal slices: rows run to the feet, columns to the back, slices to the left.
    const body = (x: number, y: number, z: number): number => 100 * z + 10 * y + x
    const axial = [0, 1, 2, 3].map(
      (z): VolumeSlice => ({
        rows: 4,
        columns: 4,
        values: Float32Array.from({ length: 16 }, (_, i) => body(i % 4, Math.floor(i / 4), z)),
        position: [0, 0, z],
        orientation: AXIAL,
        spacing: [1, 1],
      }),
    )
    const sagittal = [0, 1, 2, 3].map(
      (x): VolumeSlice => ({
        rows: 4,
        columns: 4,
        values: Float32Array.from({ length: 16 }, (_, i) => body(x, i % 4, 3 - Math.floor(i / 4))),
        position: [x, 0, 3],
        orientation: [0, 1, 0, 0, 0, -1],
        spacing: [1, 1],
      }),
    )
    const steps = [{ step: 'volume-orient', axes: 'SPL' }] as const
    const turned = prepareVolume(volumeOf(sagittal), steps)
    expect(turned).toEqual(prepareVolume(volumeOf(axial), steps))
    expect(turned[0]).toBe(0)
    const flipped = prepareVolume(volumeOf(axial), [{ step: 'volume-orient', axes: 'IAR' }])
    expect(flipped).toEqual(turned.toReversed())
  })

  it('resample a slope to itself inside the field of view, and sizes are rounded', () => {
    const half = prepareVolume(volumeOf(slices()), [
      { step: 'volume-resample', spacing: [5, 2, 0.5], interpolation: 'linear' },
      { ...fit, width: 6 },
    ])
    expect([...half.slice(0, 6)]).toEqual([0, 0.25, 0.75, 1.25, 1.75, 2])
    const nearest = prepareVolume(volumeOf(slices()), [
      { step: 'volume-resample', spacing: [10, 2, 1], interpolation: 'nearest' },
      { ...fit, depth: 2 },
    ])
    expect([...nearest.slice(0, 1), ...nearest.slice(6, 7)]).toEqual([100, 300])
  })

  it('cut and fill about the middle', () => {
    const wide = prepareVolume(volumeOf(slices()), [{ ...fit, depth: 6, width: 1, fill: -1 }])
    expect([...wide]).toEqual([-1, -1, 1, 11, 101, 111, 201, 211, 301, 311, -1, -1])
  })

  it('window and normalise', () => {
    const windowed = prepareVolume(volumeOf(slices()), [
      { step: 'percentile-window', low: 0, high: 100 },
      { step: 'normalise', mean: [0.5], std: [0.5] },
    ])
    expect([windowed[0], windowed.at(-1)]).toEqual([-1, 1])
    const declared = prepareVolume(volumeOf(slices()), [{ step: 'voi-linear', centre: 100.5, width: 201 }])
    expect([declared[0], declared[6], declared.at(-1)]).toEqual([0, 0.5, 1])
  })
})
