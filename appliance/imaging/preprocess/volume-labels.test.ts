import type { PreprocessingStep } from '@leadglass/models'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { prepareVolume } from './volume.ts'
import type { BodyVolume } from './volume-assembly.ts'
import { labelsOnSource } from './volume-labels.ts'

const DIRECTIONS = [
  [
    [0, 0, 1],
    [0, 1, 0],
    [1, 0, 0],
  ],
  [
    [0, -1, 0],
    [0, 0, -1],
    [1, 0, 0],
  ],
  [
    [-0.99, 0.1, 0.1],
    [0.1, 0.1, -0.99],
    [-0.1, 0.99, 0.1],
  ],
] as const

it('brings every voxel that the network saw back to where it was, whatever the axes, and leaves the others empty', () => {
  const side = fc.integer({ min: 1, max: 6 })
  fc.assert(
    fc.property(
      fc.tuple(side, side, side),
      fc.tuple(side, side, side),
      fc.constantFrom('SPL', 'AIL', 'RSA', 'IPR'),
      fc.constantFrom(...DIRECTIONS),
      (size, [depth, height, width], axes, directions) => {
        const values = Float32Array.from({ length: size[0] * size[1] * size[2] }, (_, index) => index + 1)
        const volume: BodyVolume = { size, spacing: [1, 1, 1], directions, values }
        const steps: PreprocessingStep[] = [
          { step: 'volume-orient', axes },
          { step: 'volume-resample', spacing: [1, 1, 1], interpolation: 'nearest' },
          { step: 'volume-fit', depth, height, width, fill: 0 },
        ]
        const seen = prepareVolume(volume, steps)
        const back = labelsOnSource(volume, steps, Uint8Array.from(seen))
        const held = new Set(seen)
        expect([...back]).toEqual([...values].map((value) => (held.has(value) ? value : 0)))
      },
    ),
  )
})

it('takes the cell that holds the centre of a voxel where the network looks at a coarser or a finer grid', () => {
  const source = { size: [1, 1, 6], spacing: [1, 1, 1] } as const
  const steps = (across: number, width: number): PreprocessingStep[] => [
    { step: 'volume-resample', spacing: [1, 1, across], interpolation: 'linear' },
    { step: 'volume-fit', depth: 1, height: 1, width, fill: 0 },
  ]
  expect([...labelsOnSource(source, steps(2, 3), Uint8Array.of(7, 8, 9))]).toEqual([7, 7, 8, 8, 9, 9])
  expect([...labelsOnSource(source, steps(2, 5), Uint8Array.of(1, 7, 8, 9, 1))]).toEqual([7, 7, 8, 8, 9, 9])
  expect([...labelsOnSource(source, steps(2, 1), Uint8Array.of(8))]).toEqual([0, 0, 8, 8, 0, 0])
  const fine = Uint8Array.from({ length: 12 }, (_, index) => index)
  expect([...labelsOnSource(source, steps(0.5, 12), fine)]).toEqual([1, 3, 5, 7, 9, 11])
})
