import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readPackage } from '@leadglass/models'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { describe, expect, it } from 'vitest'
import { pythonPeer, sharedData } from '../../installer/testing/peers.ts'
import { preprocess } from '../training/golden/preprocess.ts'
import { columnsOf, type FairnessCase, groupsOf } from './case-columns.ts'
import { disparitiesOf, spreadOf } from './disparities.ts'
import { figuresOf, type GroupMetric } from './group-figures.ts'

const PYTHON = pythonPeer()
const SCRIPT = join(import.meta.dirname, 'testing', 'fairlearn-peer.py')
const DIABETES = sharedData('tabular/uci_diabetes130_dataset.zip')
const RADIOGRAPHS = sharedData('cxr-nih')
const PACKAGE = join(import.meta.dirname, '..', '..', 'models', 'packages', 'chest-radiograph', '1.1.0')
const CLOSE = 1e-12
/** Pixels of a side of the small radiographs. */
const SIDE = 256

type Figures = Readonly<Record<string, number | null>>
interface Found {
  readonly overall: Figures
  readonly groups: Readonly<Record<string, Figures>>
  readonly minimum: Figures
  readonly maximum: Figures
  readonly difference: Figures
  readonly ratio: Figures
  readonly toOverall: Figures
  readonly disparities: Figures
}
interface Row extends Omit<FairnessCase, 'groups'> {
  readonly groups: Readonly<Record<string, string>>
}

function askFairlearn(asked: object): { readonly found: readonly Found[]; readonly rows?: readonly Row[] } {
  const out = execFileSync(PYTHON ?? '', [SCRIPT], { input: JSON.stringify(asked), maxBuffer: 256 * 1024 * 1024 })
  return JSON.parse(out.toString('utf8')) as ReturnType<typeof askFairlearn>
}

function near(mine: number | null | undefined, theirs: number | null | undefined, what: string): void {
  expect(mine === null || mine === undefined, what).toBe(theirs === null || theirs === undefined)
  expect(Math.abs((mine ?? 0) - (theirs ?? 0)), what).toBeLessThan(CLOSE)
}

/** Every figure of every group, and every gap, of both. */
function compare(rows: readonly Row[], dimensions: readonly (readonly string[])[], found: readonly Found[]): number {
  const columns = columnsOf(rows.map((row) => ({ ...row, groups: new Map(Object.entries(row.groups)) })))
  let compared = 0
  for (const [place, names] of dimensions.entries()) {
    const theirs = found[place]
    const groups = groupsOf(columns, names)
    expect([...groups.keys()].sort()).toEqual(Object.keys(theirs?.groups ?? {}).sort())
    const whole = figuresOf(
      columns,
      Int32Array.from({ length: columns.n }, (_, i) => i),
    )
    for (const [metric, value] of Object.entries(theirs?.overall ?? {}))
      near(whole[metric as GroupMetric], value, metric)
    const mine = [...groups].map(([key, { rows: of }]) => {
      const figures = figuresOf(columns, of)
      for (const [metric, value] of Object.entries(theirs?.groups[key] ?? {})) {
        near(figures[metric as GroupMetric], value, `${key} ${metric}`)
        compared += 1
      }
      return figures
    })
    for (const metric of Object.keys(theirs?.difference ?? {})) {
      const spread = spreadOf(mine, whole, metric as GroupMetric)
      for (const kind of ['minimum', 'maximum', 'difference', 'ratio', 'toOverall'] as const) {
        near(spread?.[kind], theirs?.[kind][metric], `${names.join()} ${metric} ${kind}`)
      }
    }
    const gaps = disparitiesOf(mine, whole)
    for (const [measure, value] of Object.entries(theirs?.disparities ?? {})) {
      near(gaps[measure as keyof typeof gaps], value, `${names.join()} ${measure}`)
      compared += 1
    }
  }
  return compared
}

describe.skipIf(PYTHON === undefined)('tables and gaps by group, beside Fairlearn', () => {
  it.skipIf(DIABETES === undefined)(
    'agree on 50,883 encounters of UCI diabetes-130',
    () => {
      const dimensions = [['sex'], ['race'], ['age']]
      const known = (row: Row): boolean => row.groups.sex !== 'Unknown/Invalid'
      const { rows = [] } = askFairlearn({ diabetes: DIABETES, dimensions: [] })
      const usable = rows.filter(known)
      const { found } = askFairlearn({ rows: usable, dimensions })
      expect(usable.length).toBeGreaterThan(50_000)
      expect(compare(usable, dimensions, found)).toBeGreaterThan(100)
    },
    120_000,
  )

  it.skipIf(RADIOGRAPHS === undefined)(
    'agree on NIH radiographs under the shipped model',
    async () => {
      const rows = await scoredRadiographs()
      const dimensions = [['sex'], ['view'], ['age'], ['sex', 'view']]
      const { found } = askFairlearn({ rows, dimensions })
      expect(rows.length).toBeGreaterThan(250)
      expect(compare(rows, dimensions, found)).toBeGreaterThan(60)
    },
    180_000,
  )
})

/** Every radiograph of the index with its score by the shipped package, run by the hub's own preprocessing. */
async function scoredRadiographs(): Promise<Row[]> {
  const { manifest } = await readPackage(PACKAGE)
  const session = (file: string): Promise<InferenceSession> => InferenceSession.create(join(PACKAGE, file))
  const [backbone, head] = [await session('backbone.onnx'), await session('head.onnx')]
  const threshold = (manifest.outputs[0]?.operatingPoint.thresholdMilli ?? 0) / 1000
  const [heading = '', ...lines] = (await readFile(join(RADIOGRAPHS ?? '', 'index.csv'), 'utf8')).trim().split('\n')
  const names = heading.split(',')
  const chosen = lines.map((line) => line.split(','))
  const pixels = greyPixels(chosen.map((cells) => cells[names.indexOf('file')] ?? ''))
  const rows: Row[] = []
  for (const [place, cells] of chosen.entries()) {
    const cell = (name: string): string => cells[names.indexOf(name)] ?? ''
    const values = Float64Array.from(pixels.subarray(place * SIDE * SIDE, (place + 1) * SIDE * SIDE))
    const image = { width: SIDE, height: SIDE, values }
    const input = new Tensor('float32', preprocess(image, manifest.preprocessing), [1, 3, 224, 224])
    const { embedding } = await backbone.run({ image: input })
    if (embedding === undefined) throw new Error('the backbone gave no embedding')
    const { probability } = await head.run({ embedding })
    const score = Number(probability?.data[0])
    rows.push({
      score,
      positive: score >= threshold,
      label: cell('finding_labels').includes('Pneumonia') ? 1 : 0,
      patient: cell('patient_id'),
      groups: { sex: cell('sex'), view: cell('view'), age: Number(cell('age')) < 50 ? 'under 50' : '50 and over' },
    })
  }
  return rows
}

/** Grey values of images one after the other. */
function greyPixels(files: readonly string[]): Buffer {
  const script = `import json, sys
from PIL import Image
for path in json.load(sys.stdin):
    sys.stdout.buffer.write(Image.open(path).convert('L').resize((${SIDE}, ${SIDE})).tobytes())`
  const input = JSON.stringify(files.map((file) => join(RADIOGRAPHS ?? '', 'png256', file)))
  return execFileSync(PYTHON ?? '', ['-c', script], { input, maxBuffer: 256 * 1024 * 1024 })
}
