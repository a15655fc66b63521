import { describe, expect, it } from 'vitest'
import { auc } from '../math/auc.ts'
import { type NewHeadChoice, trainerChoice } from './choice.ts'
import { fitChosen, MOST_SEARCHED_ROWS } from './fit-chosen.ts'
import { candidatesOf } from './named.ts'
import { seededNumbers } from './seeded-numbers.ts'
import { type TrainingTable, trainingTable } from './table.ts'
import { madeTable } from './testing/made-tables.ts'

function choiceOf(trainer: NewHeadChoice['trainer'], options = {}, calibration = 'none'): NewHeadChoice {
  return { ...trainerChoice.parse({ trainer, options, calibration }), trainer }
}

/** Rows of a patient are alike and of one class, and say nothing about any other patient. */
function patientsTable(patients: number, rowsEach: number): TrainingTable {
  const numbers = seededNumbers(8)
  const groups = Array.from({ length: patients * rowsEach }, (_, row) => row % patients)
  const own = Array.from({ length: patients }, () => [numbers.normal(), numbers.normal(), numbers.normal()])
  const labelOf = Array.from({ length: patients }, () => numbers.below(2))
  return trainingTable({
    columns: 3,
    values: groups.flatMap((group) => (own[group] ?? []).map((value) => value + 0.01 * numbers.normal())),
    labels: groups.map((group) => labelOf[group] ?? 0),
    groups,
  })
}

describe('a fit with everything chosen', () => {
  it('never judges a patient by models that knew the patient', () => {
    const table = patientsTable(80, 6)
    const { outOfFold, model } = fitChosen(table, choiceOf('random-forest', { trees: 40, minimumLeafWeight: 1 }), 's')
    const labels = [...table.labels]
    // The model knows its patients by heart; the folds must not.
    expect(auc([...model.predict(table.values, table.columns)], labels)).toBeGreaterThan(0.98)
    expect(auc([...outOfFold], labels)).toBeLessThan(0.65)
  })

  it('takes of its candidates the one with the least loss, and records all of them', () => {
    const table = madeTable({ rows: 600, columns: 3 })
    const { record } = fitChosen(table, choiceOf('gradient-boosting', { rounds: 40 }), 's')
    expect(record.candidates).toHaveLength(3)
    const least = Math.min(...record.candidates.map((one) => one.logLoss))
    expect(record.candidates.find((one) => one.logLoss === least)?.options).toEqual(record.options)
    // It ended early, on patients of its own.
    expect(record.kept).toBeGreaterThan(0)
    expect(record.kept).toBeLessThanOrEqual(40)
    expect(record.validationLoss).toBeGreaterThan(0)
  })

  it('compares nothing when everything is given', () => {
    const given = { strength: 5 }
    expect(candidatesOf(choiceOf('linear', given))).toEqual([given])
    const { record } = fitChosen(madeTable({ rows: 300, columns: 3 }), choiceOf('linear', given), 's')
    expect(record.candidates.map((one) => one.options)).toEqual([given])
    expect(record.candidates[0]?.logLoss).toBeGreaterThan(0)
  })

  it('compares on so many rows at most, of whole patients', () => {
    const table = madeTable({ rows: MOST_SEARCHED_ROWS + 3000, columns: 2 })
    const grouped = { ...table, groups: table.groups.map((_, row) => Math.floor(row / 7)) }
    const { record } = fitChosen(grouped, choiceOf('linear'), 's')
    expect(record.searchedRows).toBeGreaterThanOrEqual(MOST_SEARCHED_ROWS)
    expect(record.searchedRows).toBeLessThan(MOST_SEARCHED_ROWS + 7)
  })

  it('says how far it is, up to the end', () => {
    const shares: number[] = []
    fitChosen(madeTable({ rows: 200, columns: 2 }), choiceOf('linear'), 's', (share) => shares.push(share))
    expect(shares).toEqual(shares.toSorted((a, b) => a - b))
    expect(shares.at(-1)).toBe(1)
  })

  it('lays the calibration over the scores of the folds', () => {
    const table = madeTable({ rows: 900, columns: 4 })
    const forest = { trees: 30, maximumDepth: 16, minimumLeafWeight: 1 }
    const [plain, calibrated] = ['none', 'isotonic'].map((method) =>
      fitChosen(table, choiceOf('random-forest', forest, method), 's'),
    )
    const error = (probabilities: Float64Array | undefined): number =>
      (probabilities ?? new Float64Array()).reduce((sum, p, row) => sum + (p - (table.labels[row] ?? 0)) ** 2, 0) /
      table.rows
    expect(error(calibrated?.outOfFold)).toBeLessThanOrEqual(error(plain?.outOfFold))
    expect(calibrated?.model.predict(table.values, 4)).not.toEqual(plain?.model.predict(table.values, 4))
  })
})
