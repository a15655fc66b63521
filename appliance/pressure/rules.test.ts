import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { limitReached } from './limits.ts'
import { type Marks, type Measurement, NO_PRESSURE, nextPressure, PRESSURE_LEVELS, type Pressure } from './rules.ts'

const MARKS: Marks = {
  soft: { freeBytes: 2000, freeInodesPercent: 10, waitingSeconds: 3600 },
  hard: { freeBytes: 1000, freeInodesPercent: 3, waitingSeconds: Number.POSITIVE_INFINITY },
  recoverPercent: 10,
}
const FINE: Measurement = { freeBytes: 10_000, freeInodesPercent: 90, waitingSeconds: 0 }
const HARD: Pressure = { level: 'hard', causes: ['free-bytes'] }

const rank = ({ level }: Pressure): number => PRESSURE_LEVELS.indexOf(level)
const measurements = fc.record({
  freeBytes: fc.integer({ min: 0, max: 5000 }),
  freeInodesPercent: fc.option(fc.integer({ min: 0, max: 100 })),
  waitingSeconds: fc.integer({ min: 0, max: 10_000 }),
})

describe('the marks', () => {
  it.each([
    ['all is well', FINE, 'none', []],
    ['bytes below the soft mark', { ...FINE, freeBytes: 1999 }, 'soft', ['free-bytes']],
    ['exactly at the soft mark', { ...FINE, freeBytes: 2000 }, 'none', []],
    ['bytes below the hard mark', { ...FINE, freeBytes: 999 }, 'hard', ['free-bytes']],
    ['inodes below the hard mark', { ...FINE, freeInodesPercent: 2 }, 'hard', ['free-inodes']],
    ['inodes that are not counted', { ...FINE, freeInodesPercent: null }, 'none', []],
    ['a queue that waits', { ...FINE, waitingSeconds: 3601 }, 'soft', ['waiting']],
    ['two causes', { ...FINE, freeBytes: 1500, waitingSeconds: 3601 }, 'soft', ['free-bytes', 'waiting']],
  ] as const)('%s', (_name, measured, level, causes) => {
    expect(nextPressure(NO_PRESSURE, measured, MARKS)).toEqual({ level, causes })
  })

  it('are left only when things are clearly better', () => {
    expect(nextPressure(HARD, { ...FINE, freeBytes: 1050 }, MARKS)).toEqual(HARD)
    expect(nextPressure(HARD, { ...FINE, freeBytes: 1100 }, MARKS)).toEqual({ level: 'soft', causes: ['free-bytes'] })
    expect(nextPressure(HARD, { ...FINE, freeBytes: 2200 }, MARKS)).toEqual(NO_PRESSURE)
    const soft: Pressure = { level: 'soft', causes: ['waiting'] }
    expect(nextPressure(soft, { ...FINE, waitingSeconds: 3500 }, MARKS).level).toBe('soft')
    expect(nextPressure(soft, { ...FINE, waitingSeconds: 3000 }, MARKS).level).toBe('none')
  })

  it('never understate what is measured, never fall below it, and settle', () => {
    fc.assert(
      fc.property(fc.array(measurements, { minLength: 1, maxLength: 20 }), (series) => {
        let pressure = NO_PRESSURE
        for (const measured of series) {
          const before = pressure
          pressure = nextPressure(before, measured, MARKS)
          const plain = nextPressure(NO_PRESSURE, measured, MARKS)
          expect(rank(pressure)).toBeGreaterThanOrEqual(rank(plain))
          expect(rank(pressure)).toBeLessThanOrEqual(Math.max(rank(plain), rank(before)))
          expect(nextPressure(pressure, measured, MARKS).level).toBe(pressure.level)
          expect(pressure.causes.length > 0).toBe(pressure.level !== 'none')
        }
        expect(nextPressure(pressure, FINE, MARKS)).toEqual(NO_PRESSURE)
      }),
    )
  })
})

describe('the limits', () => {
  const limits = { maximumInstancesPerAssociation: 2, maximumBytesPerAssociation: 1000, maximumHeldBytes: 5000 }
  it.each([
    [{ associationInstances: 2, associationBytes: 1000, heldBytes: 5000 }, undefined],
    [{ associationInstances: 3, associationBytes: 0, heldBytes: 0 }, 'association-instances'],
    [{ associationInstances: 1, associationBytes: 1001, heldBytes: 0 }, 'association-bytes'],
    [{ associationInstances: 1, associationBytes: 0, heldBytes: 5001 }, 'held-bytes'],
  ] as const)('%j: %s', (usage, expected) => {
    expect(limitReached(usage, limits)).toBe(expected)
  })

  it('do without a total', () => {
    const { maximumHeldBytes: _none, ...others } = limits
    expect(limitReached({ associationInstances: 1, associationBytes: 0, heldBytes: 1e15 }, others)).toBeUndefined()
  })
})
