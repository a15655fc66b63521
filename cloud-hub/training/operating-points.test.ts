import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { confusionAt } from './math/calibration.ts'
import { operatingPointsOf, thresholdBy } from './operating-points.ts'

const scored = fc
  .array(fc.record({ score: fc.integer({ min: 1, max: 998 }), label: fc.constantFrom(0, 1) }), {
    minLength: 2,
    maxLength: 60,
  })
  .filter((cases) => new Set(cases.map(({ label }) => label)).size === 2)

describe('an operating point by rule', () => {
  it('is the last threshold that keeps the share, as trying each one finds it', () => {
    fc.assert(
      fc.property(
        scored,
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        fc.constantFrom('sensitivity-at-least' as const, 'specificity-at-least' as const),
        (cases, share, kind) => {
          const scores = cases.map(({ score }) => score / 1000)
          const labels = cases.map(({ label }) => label)
          const kept = Array.from({ length: 999 }, (_, i) => i + 1).filter((milli) => {
            const counts = confusionAt(scores, labels, milli / 1000)
            return kind === 'sensitivity-at-least'
              ? counts.truePositive >= share * (counts.truePositive + counts.falseNegative)
              : counts.trueNegative >= share * (counts.trueNegative + counts.falsePositive)
          })
          const wanted = kind === 'sensitivity-at-least' ? kept.at(-1) : kept[0]
          expect(Math.round(thresholdBy({ kind, share }, scores, labels) * 1000)).toBe(wanted)
        },
      ),
    )
  })

  it('comes nearest where no threshold keeps the share', () => {
    expect(thresholdBy({ kind: 'sensitivity-at-least', share: 1 }, [0, 0.9], [1, 0])).toBe(0.001)
    expect(thresholdBy({ kind: 'specificity-at-least', share: 1 }, [1, 0.1], [0, 1])).toBe(0.999)
  })
})

describe('the operating points of an evaluation', () => {
  const inUse = { candidate: 0.4, parent: 0.5, chosenBy: 'Youden' }
  const declared = [
    { name: 'fixed', rule: { kind: 'threshold', milli: 300 } },
    { name: 'rule-out', rule: { kind: 'sensitivity-at-least', share: 1 } },
  ] as const
  const first = { name: 'in-use', threshold: 0.4, runningThreshold: 0.5, chosenBy: 'Youden' }
  const fixed = { name: 'fixed', threshold: 0.3, runningThreshold: 0.3, chosenBy: 'fixed by the package' }

  it('are chosen for either model by its own scores', () => {
    const scores = { candidate: [0.2, 0.7], parent: [0.1, 0.6], labels: [0, 1] }
    expect(operatingPointsOf([...declared], inUse, scores)).toEqual([
      first,
      fixed,
      { name: 'rule-out', threshold: 0.7, runningThreshold: 0.6, chosenBy: 'sensitivity of 1 on the training part' },
    ])
  })

  it('are taken from where the head was fitted, and left out where nothing was chosen', () => {
    const elsewhere = [{ name: 'rule-out', threshold: 0.25, runningThreshold: 0.35 }]
    const found = operatingPointsOf([...declared], inUse, undefined, elsewhere)
    expect(found.slice(2)).toEqual([{ ...elsewhere[0], chosenBy: 'sensitivity of 1 on the training part' }])
    expect(operatingPointsOf([...declared], inUse, undefined)).toEqual([first, fixed])
  })
})
