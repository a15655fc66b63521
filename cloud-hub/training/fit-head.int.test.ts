import { join } from 'node:path'
import { graphShape, readPackage, readPackageFile } from '@leadglass/models'
import onnxProto from 'onnx-proto'
import { describe, expect, it } from 'vitest'
import type { StoredRow } from '../lake/index.ts'
import { type FittedHead, headFitOf, tableOf } from './fit-head.ts'
import { type LinearHead, readHead } from './head-graph.ts'
import { headWiring } from './head-wiring.ts'
import { auc } from './math/auc.ts'
import { assertExported, runHead } from './parity.ts'
import { train } from './train.ts'
import { NEW_HEAD_TRAINERS, type TrainerChoice, trainerChoice } from './trainers/index.ts'
import { seededNumbers } from './trainers/seeded-numbers.ts'

const PACKAGE = join(import.meta.dirname, '..', '..', 'models', 'packages', 'chest-radiograph', '1.1.0')
const parent = await readPackage(PACKAGE)
const wiring = headWiring(parent.manifest, 'pneumonia')
const graph = await readPackageFile(parent, wiring.file)
const head = readHead(graph)

/** Options that make a fit quick where quality is not asked about. */
const QUICK: Readonly<Record<(typeof NEW_HEAD_TRAINERS)[number], TrainerChoice['options']>> = {
  linear: { strength: 100 },
  'multilayer-perceptron': { hidden: [8], epochs: 6 },
  'gradient-boosting': { rounds: 30, maximumDepth: 3 },
  'random-forest': { trees: 30, maximumDepth: 8 },
}

function choiceOf(trainer: TrainerChoice['trainer'], more: Partial<TrainerChoice> = {}): TrainerChoice {
  return trainerChoice.parse({ trainer, ...more })
}

/** Rows around the centre of the parent's head; the label follows two dimensions and their product. */
function madeRows(count: number, { mean, scale }: LinearHead = head): StoredRow[] {
  const numbers = seededNumbers(3)
  return Array.from({ length: count }, (_, i) => {
    const z = Array.from(mean, () => numbers.normal())
    const level = 1.5 * (z[0] ?? 0) + 1.5 * (z[1] ?? 0) * (z[2] ?? 0) + 0.7 * numbers.normal()
    return {
      site: `site-${i % 2}`,
      study: `study-${i}`,
      patient: `patient-${i % Math.ceil(count / 2)}`,
      instance: 1,
      view: i % 3 === 0 ? 'AP' : 'PA',
      sex: i % 2 === 0 ? 'F' : 'M',
      ageDecade: 3 + (i % 4),
      label: level > 0.5 ? 1 : 0,
      embedding: Float32Array.from(z, (value, k) => (mean[k] ?? 0) + value * (scale[k] ?? 1)),
    }
  })
}

function fitQuickly(rows: readonly StoredRow[], trainer: (typeof NEW_HEAD_TRAINERS)[number]): FittedHead {
  const fit = headFitOf(choiceOf(trainer, { options: QUICK[trainer], calibration: 'platt' }), graph, wiring)
  return fit(rows, 'seed', () => undefined)
}

/** The graph with one learned number changed: of a leaf, or of a weight. */
function broken(file: Uint8Array): Uint8Array {
  const model = onnxProto.onnx.ModelProto.decode(file)
  const [first] = model.graph?.node ?? []
  const leaves = first?.attribute?.find((one) => one.name === 'target_weights')
  if (leaves?.floats != null) {
    leaves.floats = leaves.floats.map((value, i) => (i === 0 ? value + 0.01 : value))
    return onnxProto.onnx.ModelProto.encode(model).finish()
  }
  const last = model.graph?.initializer?.findLast((one) => (one.rawData?.length ?? 0) >= 32)
  if (last?.rawData == null) throw new TypeError('the graph has no weights')
  const raw = Buffer.from(last.rawData)
  raw.writeFloatLE(raw.readFloatLE(0) + 0.01, 0)
  last.rawData = raw
  return onnxProto.onnx.ModelProto.encode(model).finish()
}

describe.each(NEW_HEAD_TRAINERS)('a head of the trainer %s', (trainer) => {
  const rows = madeRows(400)
  const fitted = fitQuickly(rows, trainer)
  const embeddings = rows.map((row) => row.embedding)

  it('takes the place of the parent in the wiring, and the export is the trainer', async () => {
    const parity = await assertExported(fitted, wiring, embeddings)
    expect(parity).toMatchObject({ cases: 400, limit: 1e-6 })
    expect(parity.largestDifference).toBeLessThanOrEqual(1e-6)
  })

  it('is refused when one number of the export is another', async () => {
    await expect(assertExported({ ...fitted, graph: broken(fitted.graph) }, wiring, embeddings)).rejects.toMatchObject({
      code: 'export-differs',
    })
  })

  it('is the same bytes for the same rows and seed', () => {
    expect(Buffer.from(fitQuickly(rows, trainer).graph).equals(fitted.graph)).toBe(true)
  })

  it('is another architecture than the parent: no plan for changes covers it by itself', () => {
    expect(graphShape(fitted.graph)).not.toBe(graphShape(graph))
  })

  it('records what was chosen', () => {
    expect(fitted.chosen.trainer).toMatchObject({ name: trainer, calibration: 'platt', folds: 5 })
    expect(fitted.chosen.trainer?.options).toMatchObject(QUICK[trainer])
    expect(fitted.outOfFold).toHaveLength(400)
  })
})

describe('a run', () => {
  it('finds with trees what no linear head can', async () => {
    const rows = madeRows(1200)
    const parentScores = await runHead(
      graph,
      wiring,
      rows.map((row) => row.embedding),
    )
    const parent = { scores: parentScores, threshold: 0.4, operatingPoints: [] }
    const measured = (choice: TrainerChoice) =>
      train(rows, parent, headFitOf(choice, graph, wiring), '1', () => undefined).measured
    const trees = measured(
      choiceOf('gradient-boosting', { options: { maximumDepth: 3, rounds: 150 }, calibration: 'isotonic' }),
    )
    const linear = measured(choiceOf('parent-head'))
    expect(linear.prior?.candidates.length).toBeGreaterThan(1)
    expect(linear.trainer).toBeUndefined()
    expect(trees.prior).toBeUndefined()
    expect(trees.trainer?.kept).toBeGreaterThan(0)
    expect(trees.candidate.auc.value).toBeGreaterThan(linear.candidate.auc.value + 0.03)
  }, 120_000)

  it('keeps a head around its parent when nothing is chosen', async () => {
    const rows = madeRows(200)
    const [given, named] = [undefined, choiceOf('parent-head')].map((choice) =>
      headFitOf(choice, graph, wiring)(rows, 's', () => undefined),
    )
    expect(Buffer.from(given?.graph ?? []).equals(named?.graph ?? Buffer.alloc(0))).toBe(true)
    expect(graphShape(given?.graph ?? graph)).toBe(graphShape(graph))
  })

  it('refuses to begin anew where the graph makes other scores too, and to hold trees around trees', () => {
    const shared = headWiring(parent.manifest, 'quality.rotated')
    expect(() => headFitOf(choiceOf('random-forest'), graph, shared)).toThrow(/makes others too/)
    const trees = fitQuickly(madeRows(200), 'random-forest').graph
    expect(() => headFitOf(choiceOf('parent-head'), trees, wiring)).toThrow(/other operators/)
    expect(() => headFitOf(choiceOf('linear'), trees, wiring)).not.toThrow()
  })
})

describe('a choice', () => {
  it('is refused with the option that is wrong', () => {
    const refused = (value: unknown): string =>
      trainerChoice.safeParse(value).error?.issues[0]?.path.join('.') ?? 'taken'
    expect(refused({ trainer: 'gradient-boosting', options: { maximumDepth: 99 } })).toBe('options.maximumDepth')
    expect(refused({ trainer: 'linear', options: { trees: 3 } })).toBe('options')
    expect(refused({ trainer: 'parent-head', options: { strength: 3 } })).toBe('')
    expect(refused({ trainer: 'deep' })).toBe('trainer')
    expect(refused({ trainer: 'random-forest' })).toBe('taken')
  })
})

describe('a table of a snapshot', () => {
  it('has one group a patient, and pseudonyms of two sites never meet', () => {
    const { groups, rows } = tableOf(madeRows(100))
    expect(rows).toBe(100)
    // 50 patients of two sites, whose pseudonyms are the same words here.
    const pairs = new Set(madeRows(100).map((row) => `${row.site} ${row.patient}`))
    expect(new Set(groups).size).toBe(pairs.size)
  })

  it('ranks as it should', () => {
    const rows = madeRows(400)
    const fitted = fitQuickly(rows, 'random-forest')
    expect(
      auc(
        Array.from(fitted.outOfFold),
        rows.map((row) => row.label),
      ),
    ).toBeGreaterThan(0.7)
  })
})
