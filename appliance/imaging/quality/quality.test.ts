import { describe, expect, it } from 'vitest'
import type { DecodedImage } from '../decode/index.ts'
import type { InstanceFacts } from '../facts.ts'
import { greyQuality, imageQuality } from './index.ts'
import { sharpnessAndNoise } from './sharpness-noise.ts'

const facts: InstanceFacts = {
  modality: 'DX',
  sopClassUid: '',
  bodyPart: '',
  view: '',
  rows: 0,
  columns: 0,
  frames: 1,
  monochrome: true,
  exposureIndex: 412.5,
  deviationIndex: undefined,
}

function imageOf(rows: number, columns: number, pixels: Uint16Array, bitsStored = 12): DecodedImage {
  return { rows, columns, frames: 1, samplesPerPixel: 1, bitsStored, signed: false, photometric: 'MONOCHROME2', pixels }
}

/** Normal deviates from a fixed stream (Box and Muller). */
function normals(count: number): Float64Array {
  let state = 12345
  const uniform = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return (state + 0.5) / 4_294_967_296
  }
  return Float64Array.from(
    { length: count },
    () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
  )
}

describe('quality figures', () => {
  it('find the sigma of known noise on a slope within 3 percent', () => {
    const size = 256
    const noise = normals(size * size)
    const plane = Float64Array.from(noise, (value, i) => 2000 + (i % size) + 5 * value)
    expect(sharpnessAndNoise(plane, size, size, 1).noise).toBeCloseTo(5, 0)
    expect(Math.abs(sharpnessAndNoise(plane, size, size, 1).noise - 5)).toBeLessThan(0.15)
  })

  it('rate a blurred edge as less sharp', () => {
    const edge = (width: number): Float64Array =>
      Float64Array.from({ length: 64 * 64 }, (_, i) => Math.min(1, Math.max(0, ((i % 64) - 32) / width + 0.5)))
    const sharp = sharpnessAndNoise(edge(1), 64, 64, 1).sharpness
    expect(sharp).toBeGreaterThan(4 * sharpnessAndNoise(edge(8), 64, 64, 1).sharpness)
  })

  it('count clipped pixels against the stored bits, and the entropy of four equal parts as two bits', () => {
    const pixels = Uint16Array.from({ length: 400 }, (_, i) => [0, 1300, 2600, 4095][i % 4] ?? 0)
    const figures = imageQuality(imageOf(20, 20, pixels), pixels, facts).quality
    expect(figures).toMatchObject({
      'quality.clipped-low': 0.25,
      'quality.clipped-high': 0.25,
      'quality.range-use': 1,
      'quality.entropy': 2,
      'quality.exposure-index': 412.5,
    })
    expect(figures).not.toHaveProperty('quality.deviation-index')
  })

  it('are finite for a flat image, a single pixel and a thin strip', () => {
    for (const [rows, columns] of [
      [8, 8],
      [1, 1],
      [2, 50],
    ] as const) {
      const pixels = new Uint16Array(rows * columns).fill(100)
      const figures = imageQuality(imageOf(rows, columns, pixels), pixels, facts).quality
      expect(Object.values(figures).every(Number.isFinite)).toBe(true)
    }
  })

  it('measure mean and standard deviation of the grey plane', () => {
    expect(greyQuality(Float64Array.of(0, 0, 1, 1))).toEqual({ 'quality.mean': 0.5, 'quality.contrast': 0.5 })
  })
})
