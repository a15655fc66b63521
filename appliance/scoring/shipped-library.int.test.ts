import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  drawQaPhantom,
  type ModelPackage,
  phantomDicom,
  qaPhantomDicom,
  qaPhantomTruth,
  splitOfPatient,
  wrapRadiograph,
} from '@leadglass/models'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sharedData } from '../../installer/testing/peers.ts'
import { syntheticHeader } from '../imaging/quality/testing/synthetic-header.ts'
import type { ScoringPool } from './index.ts'
import { degrade, labelsOf, VARIANTS } from './testing/degrade.ts'
import { ScoringRoom } from './testing/scoring-room.ts'

const radiographs = sharedData('cxr-nih')
const SIDE = 256
/** Rounding of the card and of another order of sums; a score that lies on a threshold moves a share by 1 in 84. */
const TOLERANCE = 0.002

let room: ScoringRoom
let pool: ScoringPool

beforeAll(async () => {
  room = await ScoringRoom.open()
  pool = await room.started({ workers: 2 })
})
afterAll(() => room.close())

/** The scores of one object by code. */
async function scoresOf(model: ModelPackage, name: string, bytes: Uint8Array): Promise<ReadonlyMap<string, number>> {
  const file = await room.write(`${name}.dcm`, bytes)
  const job = { jobId: 'card', packageFolder: model.folder, model: model.model, files: [file], timeoutMs: 50_000 }
  const outcome = await pool.score(job)
  await rm(file)
  if (outcome.kind === 'failed') throw new Error(`${outcome.reason} ${outcome.detail}`)
  const [one] = outcome.instances
  if (one?.kind !== 'scored') throw new Error(`not scored: ${one?.reason ?? 'nothing'}`)
  return new Map(one.scores.map(({ code, value }) => [code, value]))
}

interface Figure {
  readonly output: string
  readonly metric: string
  readonly interval?: string
  readonly value: number
  readonly images: number
}

/** A figure of the card; the first of several intervals. */
function stated(model: ModelPackage, output: string, metric: string): Figure {
  const figures = model.card.metrics as unknown as readonly Figure[]
  const found = figures.find((figure) => figure.output === output && figure.metric === metric)
  if (found === undefined) throw new Error(`the card says nothing of ${output} ${metric}`)
  return found
}

interface Judged {
  readonly score: number
  readonly label: boolean
}

function areaUnderCurve(cases: readonly Judged[]): number {
  const positives = cases.filter(({ label }) => label)
  const negatives = cases.filter(({ label }) => !label)
  let right = 0
  for (const p of positives) for (const n of negatives) right += p.score > n.score ? 1 : p.score === n.score ? 0.5 : 0
  return right / (positives.length * negatives.length)
}

function shareCalled(cases: readonly Judged[], label: boolean, called: boolean, thresholdMilli: number): number {
  const those = cases.filter((one) => one.label === label)
  return those.filter((one) => one.score * 1000 >= thresholdMilli === called).length / those.length
}

function expectDiscrimination(model: ModelPackage, code: string, cases: readonly Judged[]): void {
  const threshold = model.manifest.outputs.find((output) => output.code === code)?.operatingPoint.thresholdMilli ?? 0
  const area = stated(model, code, 'auc')
  expect(cases).toHaveLength(area.images)
  expect(Math.abs(areaUnderCurve(cases) - area.value), `${code} auc`).toBeLessThan(TOLERANCE)
  const sensitivity = shareCalled(cases, true, true, threshold)
  const specificity = shareCalled(cases, false, false, threshold)
  const slack = TOLERANCE + 1.5 / cases.filter(({ label }) => label).length
  expect(Math.abs(sensitivity - stated(model, code, 'sensitivity').value), code).toBeLessThan(slack)
  expect(Math.abs(specificity - stated(model, code, 'specificity').value), code).toBeLessThan(slack)
}

describe('the card of phantom-qa', () => {
  it('says what the package gives on the held-out seeds', { timeout: 300_000 }, async () => {
    const model = await room.ship('phantom-qa', '1.0.0')
    const seeds = Array.from({ length: 300 }, (_, index) => 5001 + index)
    const errors = { 'phantom.visible-discs': 0, 'phantom.modulation': 0 }
    const deviations: Judged[] = []
    for (const seed of seeds) {
      const truth = qaPhantomTruth(drawQaPhantom(seed))
      const scores = await scoresOf(model, `qa-${seed}`, qaPhantomDicom(drawQaPhantom(seed)).bytes)
      errors['phantom.visible-discs'] += Math.abs((scores.get('phantom.visible-discs') ?? 9) - truth.visibleDiscs)
      errors['phantom.modulation'] += Math.abs((scores.get('phantom.modulation') ?? 9) - truth.modulation)
      deviations.push({ score: scores.get('phantom.deviation') ?? Number.NaN, label: truth.deviates })
    }
    for (const [code, sum] of Object.entries(errors)) {
      const { value } = stated(model, code, 'mean absolute error')
      expect(Math.abs(sum / seeds.length - value), code).toBeLessThan(TOLERANCE)
    }
    expectDiscrimination(model, 'phantom.deviation', deviations)
  })

  it('is about a phantom, and no chest fits the model', async () => {
    const model = await room.ship('phantom-qa', '1.0.0')
    const chest = phantomDicom({ seed: 6, index: 1, rows: 300, columns: 300 }).bytes
    await expect(scoresOf(model, 'chest', chest)).rejects.toThrow('no-fit-body-part')
    expect((await pool.runGoldenCases(model.folder)).kind).toBe('passed')
  })
})

describe.skipIf(radiographs === undefined)('the card of chest-radiograph (needs the shared NIH data)', () => {
  it('says what the package gives on patients it was not trained on', { timeout: 600_000 }, async () => {
    const model = await room.ship('chest-radiograph', '1.1.0')
    expect((await pool.runGoldenCases(model.folder)).kind).toBe('passed')
    const judged = new Map<string, Judged[]>()
    const judge = (code: string, scores: ReadonlyMap<string, number>, label: boolean): void => {
      judged.set(code, [...(judged.get(code) ?? []), { score: scores.get(code) ?? Number.NaN, label }])
    }
    for (const row of await testRows(radiographs ?? '')) {
      const pixels = await readPixels(join(radiographs ?? '', 'png256', row.file))
      for (const variant of VARIANTS) {
        const object = wrap(degrade(pixels, SIDE, variant, row.file), row.file, row.view)
        const scores = await scoresOf(model, 'radiograph', object)
        const [inverted, rotated, exposure] = labelsOf(variant)
        judge('quality.inverted', scores, inverted)
        judge('quality.rotated', scores, rotated)
        judge('quality.exposure', scores, exposure)
        if (variant !== '') continue
        judge('view.ap', scores, row.view === 'AP')
        judge('pneumonia', scores, row.positive)
      }
    }
    for (const [code, cases] of judged) expectDiscrimination(model, code, cases)
  })

  it('shares backbone and pneumonia head with the version before, byte for byte', async () => {
    const [before, after] = [await room.ship('chest-radiograph', '1.0.0'), await room.ship('chest-radiograph', '1.1.0')]
    const digest = (model: ModelPackage, path: string): string | undefined =>
      model.manifest.files.find((file) => file.path === path)?.sha256
    for (const path of ['backbone.onnx', 'head.onnx']) expect(digest(after, path)).toBe(digest(before, path))
    expect(after.manifest.lineage.parent).toBe(before.model.digest)
  })
})

interface Row {
  readonly file: string
  readonly positive: boolean
  readonly view: 'AP' | 'PA'
}

async function testRows(folder: string): Promise<readonly Row[]> {
  const [head = '', ...lines] = (await readFile(join(folder, 'index.csv'), 'utf8')).trim().split('\n')
  const names = head.split(',')
  return lines.flatMap((line) => {
    const cells = line.split(',')
    const cell = (name: string): string => cells[names.indexOf(name)] ?? ''
    if (splitOfPatient(cell('patient_id')) !== 'test') return []
    return [{ file: cell('file'), positive: cell('source_class') === 'Pneumonia', view: cell('view') as Row['view'] }]
  })
}

async function readPixels(path: string): Promise<Uint8Array> {
  const { data, info } = await sharp(path)
    .toColourspace('b-w')
    .extractChannel(0)
    .raw()
    .toBuffer({ resolveWithObject: true })
  expect([info.width, info.height]).toEqual([SIDE, SIDE])
  return Uint8Array.from(data)
}

function wrap(values: Uint8Array, name: string, view: Row['view']): Uint8Array {
  return wrapRadiograph({ rows: SIDE, columns: SIDE, bitsStored: 8, values }, syntheticHeader(`card ${name}`, view))
}
