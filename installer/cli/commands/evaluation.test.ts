import { describe, expect, it } from 'vitest'
import { evaluateCases } from '../../../cloud-hub/training/evaluation/index.ts'
import { madeCases } from '../../../cloud-hub/training/evaluation/testing/made-cases.ts'
import { presentEvaluation } from './evaluation.ts'

const NONE = { finding: null, evaluation: null, gates: [], gatesDeclaredBy: null }

describe('leadglass evaluation', () => {
  it('shows figures with intervals and cases, what is too few, and what is suspected', () => {
    const cases = madeCases({ n: 2000, viewEffect: 2 }).map((one, i) => ({ ...one, sex: i < 12 ? 'O' : one.sex }))
    const evaluation = evaluateCases(cases, [{ name: 'in-use', threshold: 0.4, chosenBy: 'the test' }])
    const shown = presentEvaluation({ ...NONE, finding: 'pneumonia', evaluation })
    expect(shown).toMatch(/^pneumonia: 2000 studies of 133\d patients, \d+ positive/)
    expect(shown).toMatch(/sensitivity at in-use\s+0\.\d{3} \(0\.\d{3} to 0\.\d{3}\)/)
    expect(shown).toMatch(/sex O\s+12\s+too few/)
    expect(shown).toContain('Shortcut by view: SUSPECTED')
    expect(shown).not.toContain('Gates')
  })

  it('says that there is none, and still which gates were met', () => {
    expect(presentEvaluation(NONE)).toBe('There is no evaluation of this version by this hub.')
    const gate = { name: 'positives', wanted: 'at least 10', value: 9, holds: false, outcome: 'failed' as const }
    const rest = { low: null, high: null, cases: null, detail: null }
    expect(presentEvaluation({ ...NONE, gates: [{ ...gate, ...rest }] })).toMatch(/positives\s+at least 10\s+9\.000/)
  })
})
