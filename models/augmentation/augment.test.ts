import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { augmentationStep, trainingMember } from '../package/augmentation.ts'
import { augment, type GreyPlane } from './augment.ts'
import { drawSteps } from './draw.ts'

const golden = z.object({
  training: trainingMember,
  rows: z.number(),
  columns: z.number(),
  cases: z.array(z.object({ seed: z.number(), values: z.array(z.number()) })).min(4),
})

const plane = (rows: number, columns: number): GreyPlane => ({
  rows,
  columns,
  values: Float64Array.from({ length: rows * columns }, (_, i) => ((i * 37) % 101) / 100),
})

describe('declared augmentation', () => {
  it('is what Python makes of the same steps and seeds', async () => {
    const text = await readFile(join(import.meta.dirname, 'python-golden.json'), 'utf8')
    const { training, rows, columns, cases } = golden.parse(JSON.parse(text))
    for (const { seed, values } of cases) {
      const made = augment(plane(rows, columns), training.augmentation, seed)
      expect(made.values).toHaveLength(values.length)
      for (const [i, value] of values.entries()) expect(made.values[i]).toBeCloseTo(value, 11)
    }
  })

  it('refuses flips where laterality matters, and bounds that would make another image', () => {
    const flip = { step: 'flip-horizontal', probability: 0.5 }
    const noise = { step: 'gaussian-noise', deviation: 0.02 }
    const of = (laterality: string, ...augmentation: object[]) =>
      trainingMember.safeParse({ laterality, augmentation }).success
    expect([
      of('matters', noise),
      of('does-not-matter', flip),
      of('matters', flip),
      of('matters', noise, flip),
    ]).toEqual([true, true, false, false])
    expect(of('matters', { step: 'flip-vertical', probability: 0 })).toBe(false)
    expect(of('matters', { step: 'affine', rotationDegrees: 90, scale: 0, shift: 0 })).toBe(false)
    expect(of('matters', { step: 'blur' })).toBe(false)
  })

  it('repeats with its seed, stays within 0..1, and without bounds changes nothing', () => {
    const steps = [
      { step: 'affine', rotationDegrees: 15, scale: 0.25, shift: 0.15 },
      { step: 'contrast-brightness', contrast: 0.5, brightness: 0.3 },
      { step: 'gaussian-noise', deviation: 0.2 },
    ].map((step) => augmentationStep.parse(step))
    const still = [
      { step: 'flip-horizontal', probability: 0 },
      { step: 'affine', rotationDegrees: 0, scale: 0, shift: 0 },
      { step: 'contrast-brightness', contrast: 0, brightness: 0 },
      { step: 'gaussian-noise', deviation: 0 },
    ].map((step) => augmentationStep.parse(step))
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 1, max: 9 }), (seed, side) => {
        const image = plane(side, side + 2)
        const once = augment(image, steps, seed)
        expect(augment(image, steps, seed).values).toEqual(once.values)
        expect(once.values.every((value) => value >= 0 && value <= 1)).toBe(true)
        for (const [i, value] of augment(image, still, seed).values.entries()) {
          expect(value).toBeCloseTo(image.values[i] ?? Number.NaN, 12)
        }
      }),
    )
  })

  it('flips twice to where it was', () => {
    const flips = [
      { step: 'flip-horizontal' as const, probability: 1 },
      { step: 'flip-vertical' as const, probability: 1 },
    ]
    const image = plane(3, 4)
    expect(drawSteps(flips, 5).map(({ step }) => step)).toEqual(['flip-horizontal', 'flip-vertical'])
    expect(augment(image, flips, 5).values).toEqual(image.values.toReversed())
    expect(augment(image, [...flips, ...flips], 5).values).toEqual(image.values)
  })
})
