import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Dice } from '../score/dice.ts'
import { identify, type Specimen } from './identification.ts'
import { AS_SYNCED, noised, projected, quantised } from './mitigations.ts'

const dice = new Dice('identification test')
const chance = (): number => dice.below(2 ** 30) / 2 ** 30

/** So many patients with two images each; `spread` is how far a patient's images lie apart. */
function pairs(patients: number, spread: number): Specimen[] {
  return Array.from({ length: patients }, (_, patient) => {
    const centre = Array.from({ length: 12 }, () => chance() - 0.5)
    const image = (): Specimen => ({
      patient: String(patient),
      values: Float64Array.from(centre, (value) => value + spread * (chance() - 0.5)),
    })
    return [image(), image()]
  }).flat()
}

describe('identification', () => {
  it('finds everybody when the images of a patient lie together', () => {
    const found = identify(pairs(40, 0.01))
    expect(found).toMatchObject({ queries: 80, rank1: 80, rank5: 80 })
    expect(found.pairAuc).toBe(1)
    expect(found.guessed).toBeCloseTo(80 / 79, 10)
  })

  it('finds no more than chance when they do not', () => {
    const found = identify(pairs(100, 1000))
    expect(found.rank1).toBeLessThan(10)
    expect(found.pairAuc).toBeGreaterThan(0.4)
    expect(found.pairAuc).toBeLessThan(0.6)
  })

  it('asks only for patients with another image', () => {
    const single = { patient: 'alone', values: new Float64Array(12) }
    expect(identify([...pairs(3, 0.1), single]).queries).toBe(6)
  })

  it('does not depend on the unit or the origin of a component', () => {
    const specimens = pairs(30, 0.5)
    const shifted = specimens.map(({ patient, values }) => ({ patient, values: values.map((v, k) => v * (k + 1) + k) }))
    expect(identify(shifted)).toEqual(identify(specimens))
  })
})

describe('mitigations', () => {
  const vectors = pairs(30, 0.5).map(({ values }) => values)

  it('leaves the vectors alone when nothing is done', () => {
    expect(AS_SYNCED.apply(vectors)).toEqual(vectors)
  })

  it('quantises to at most 2^bits values a component, none further than half a step away within the range', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), (bits) => {
        const blurred = quantised(bits).apply(vectors)
        return Array.from({ length: 12 }, (_, k) => new Set(blurred.map((vector) => vector[k])).size).every(
          (values) => values <= 2 ** bits,
        )
      }),
    )
  })

  it('projects to the wanted length, the same for equal vectors', () => {
    const [first = new Float64Array()] = vectors
    const blurred = projected(5, chance).apply([first, first])
    expect(blurred.map(({ length }) => length)).toEqual([5, 5])
    expect(blurred[0]).toEqual(blurred[1])
  })

  it('adds noise of the stated size', () => {
    const many = Array.from({ length: 2000 }, (_, i) => Float64Array.of(i % 2))
    const errors = noised(2, chance)
      .apply(many)
      .map((vector, i) => (vector[0] ?? 0) - (i % 2))
    const deviation = Math.sqrt(errors.reduce((sum, error) => sum + error ** 2, 0) / errors.length)
    // The components have deviation 0.5.
    expect(deviation).toBeGreaterThan(0.9)
    expect(deviation).toBeLessThan(1.1)
  })
})
