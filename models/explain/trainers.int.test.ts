import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import {
  calibrate,
  exportParity,
  type FittedModel,
  gradientBoosting,
  linearRegression,
  randomForest,
} from '../../cloud-hub/training/trainers/index.ts'
import { madeTable } from '../../cloud-hub/training/trainers/testing/made-tables.ts'
import { attributionsOf } from './attributions.ts'
import { readOnnxGraph } from './onnx-graph.ts'
import { shapleyByDefinition } from './testing/shapley.ts'
import { readTreeEnsemble } from './tree-ensemble.ts'

const [ROWS, COLUMNS] = [600, 7]
const table = madeTable({ rows: ROWS, columns: COLUMNS, seed: 4 })
const classes = madeTable({ rows: ROWS, columns: COLUMNS, classes: 3, seed: 5 })
const boosted = gradientBoosting.fit(table, { rounds: 40, maximumDepth: 4 }, 1)
const MODELS: Readonly<Record<string, FittedModel>> = {
  'gradient boosting': boosted,
  'gradient boosting of three classes': gradientBoosting.fit(classes, { rounds: 15, maximumDepth: 3 }, 1),
  'gradient boosting with Platt scaling': calibrate(boosted, table, 'platt'),
  'gradient boosting with isotonic calibration': calibrate(boosted, table, 'isotonic'),
  'random forest': randomForest.fit(table, { trees: 30 }, 2),
  'random forest of three classes': randomForest.fit(classes, { trees: 10 }, 2),
  'logistic regression': linearRegression.fit(table, {}, 3),
  'logistic regression of three classes': linearRegression.fit(classes, {}, 3),
}

describe.each(Object.entries(MODELS))('%s, as exported', (_name, model) => {
  const onnx = model.toOnnx()
  const rows = table.values.subarray(0, 20 * COLUMNS)

  it('is taken apart exactly: the parts give what trainer and runtime give, missing values included', async () => {
    expect((await exportParity(model, onnx, rows)).holds, 'trainer and runtime are one').toBe(true)
    const probabilities = model.predict(rows, COLUMNS)
    const scores = model.scores(rows, COLUMNS)
    let largest = 0
    for (let at = 0; at < 20; at += 1) {
      const row = rows.subarray(at * COLUMNS, (at + 1) * COLUMNS)
      const parts = Array.from({ length: model.outputs }, (_, index) =>
        attributionsOf(onnx, { input: 'features', row, output: 'probability', index }),
      )
      for (const [index, one] of parts.entries()) {
        const sum = one.contributions.reduce((total, value) => total + value, one.expected)
        expect(Math.abs(sum - one.total)).toBeLessThan(1e-9)
        const said = probabilities[at * model.outputs + index] ?? Number.NaN
        const given = probabilityOf(
          parts.map(({ total }) => total),
          index,
          one.link,
        )
        if (given !== undefined) largest = Math.max(largest, Math.abs(given - said))
        else expect(Math.abs(one.total - (scores[at] ?? Number.NaN))).toBeLessThan(1e-5)
      }
    }
    expect(largest).toBeLessThan(1e-6)
  })
})

/** The link in double precision; `undefined` for an isotonic calibration. */
function probabilityOf(totals: readonly number[], index: number, link: readonly string[]): number | undefined {
  const total = totals[index] ?? Number.NaN
  const clipped = totals.map((value) => Math.min(1, Math.max(0, value)))
  const sum = totals.reduce((all, value) => all + Math.exp(value), 0)
  const words = link.filter((one) => one !== 'Identity').join(' ')
  if (words === 'Sigmoid') return 1 / (1 + Math.exp(-total))
  if (words === 'Softmax') return Math.exp(total) / sum
  if (words === 'Clip') return clipped[index]
  if (words === 'Clip Div')
    return (
      (clipped[index] ?? 0) /
      Math.max(
        clipped.reduce((all, value) => all + value, 0),
        1e-6,
      )
    )
  return undefined
}

it('agrees with the definition over all subsets, on trees that were trained', () => {
  const small = gradientBoosting.fit(table, { rounds: 6, maximumDepth: 4 }, 9).toOnnx()
  const node = readOnnxGraph(small).nodes.find(({ operator }) => operator.endsWith('TreeEnsembleRegressor'))
  if (node === undefined) throw new Error('the trees are missing')
  const ensemble = readTreeEnsemble(node, 'target')
  for (let at = 0; at < 10; at += 1) {
    const row = table.values.subarray(at * COLUMNS, (at + 1) * COLUMNS)
    const { contributions } = attributionsOf(small, { input: 'features', row, output: 'probability', index: 0 })
    const defined = shapleyByDefinition(ensemble, row, 0, COLUMNS)
    for (const [i, value] of contributions.entries()) expect(Math.abs(value - (defined[i] ?? 0))).toBeLessThan(1e-9)
  }
})

const python = process.env.LEADGLASS_PYTHON
const hasShap = python !== undefined && canImport(python, 'shap')
const reason = hasShap ? '' : ' [LEADGLASS_PYTHON names a Python that has shap]'

describe.skipIf(!hasShap)(`beside the package shap${reason}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'leadglass-shap-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('gives the same values for the same trees', () => {
    const node = readOnnxGraph(boosted.toOnnx()).nodes.find(({ operator }) =>
      operator.endsWith('TreeEnsembleRegressor'),
    )
    if (node === undefined) throw new Error('the trees are missing')
    const { trees, base } = readTreeEnsemble(node, 'target')
    // The package does not know missing values in trees of its own form.
    const values = Float32Array.from(table.values.subarray(0, 40 * COLUMNS), (value) =>
      Number.isNaN(value) ? 0 : value,
    )
    const input = {
      rows: Array.from({ length: 40 }, (_, at) => [...values.subarray(at * COLUMNS, (at + 1) * COLUMNS)]),
      trees: trees.map((tree) => ({
        children_left: [...tree.whenTrue].map((child, at) => ((tree.feature[at] ?? -1) < 0 ? -1 : child)),
        children_right: [...tree.whenFalse].map((child, at) => ((tree.feature[at] ?? -1) < 0 ? -1 : child)),
        features: [...tree.feature],
        thresholds: [...tree.threshold],
        values: [...tree.leaves].map((value) => [value]),
        node_sample_weight: [...tree.cover],
      })),
    }
    const path = join(folder, 'trees.json')
    writeFileSync(path, JSON.stringify(input))
    const answer = execFileSync(python ?? '', ['-W', 'ignore', '-c', SHAP, path], { encoding: 'utf8' })
    const said = JSON.parse(answer) as { values: number[][]; expected: number }
    let largest = 0
    for (const [at, of] of said.values.entries()) {
      const row = values.subarray(at * COLUMNS, (at + 1) * COLUMNS)
      const { contributions } = attributionsOf(boosted.toOnnx(), {
        input: 'features',
        row,
        output: 'probability',
        index: 0,
      })
      for (const [i, value] of of.entries()) largest = Math.max(largest, Math.abs(value - (contributions[i] ?? 0)))
    }
    expect(said.values).toHaveLength(40)
    expect(largest).toBeLessThan(1e-6)
    expect(Number.isFinite(base[0])).toBe(true)
  })
})

const SHAP = `
import json, sys
import numpy as np
import shap
given = json.load(open(sys.argv[1]))
trees = []
for tree in given['trees']:
    made = {name: np.array(values, dtype=np.int32) for name, values in tree.items() if name.startswith(('children', 'features'))}
    made['thresholds'] = np.array(tree['thresholds'], dtype=np.float64)
    made['values'] = np.array(tree['values'], dtype=np.float64)
    made['node_sample_weight'] = np.array(tree['node_sample_weight'], dtype=np.float64)
    made['children_default'] = made['children_left'].copy()
    trees.append(made)
explainer = shap.TreeExplainer({'trees': trees}, feature_perturbation='tree_path_dependent')
values = explainer.shap_values(np.array(given['rows'], dtype=np.float64), check_additivity=False)
values = np.asarray(values)
if values.ndim == 3:
    values = values[..., 0]
print(json.dumps({'values': values.tolist(), 'expected': float(np.ravel(explainer.expected_value)[0])}))
`

function canImport(program: string, module: string): boolean {
  try {
    execFileSync(program, ['-c', `import ${module}`], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
