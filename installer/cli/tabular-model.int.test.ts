import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fillGolden, testPackage } from '@leadglass/appliance/scoring'
import {
  gradientBoosting,
  linearRegression,
  randomForest,
  type TrainingTable,
  trainingTable,
} from '@leadglass/cloud-hub/trainers'
import { type Column, inspectOnnx, packageTemplate, wrapRadiograph, writePackage } from '@leadglass/models'
import { studyDetail, studyList } from '@leadglass/ui/contract/local-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ApplianceProcess, eventually } from '../../appliance/testing/appliance-process.ts'
import { activateModels, initialiseBox } from '../../appliance/testing/model-box.ts'
import { sendObjects } from '../../appliance/testing/send-objects.ts'
import { packageForRelease, SHIPPED_PACKAGE } from '../../appliance/testing/update-kit.ts'
import { FakeRepository } from '../../sync-agent/updates/testing/fake-repository.ts'

const PROGRAM_ROOT = resolve(import.meta.dirname, '..', '..')
const COLUMNS: readonly Column[] = [
  { name: 'age', source: 'header.age-years', unit: 'a', missing: 'refuse', range: { minimum: 18, maximum: 110 } },
  { name: 'sex', source: 'header.sex', unit: '1', missing: { impute: 0.5 }, coding: { F: 0, M: 1 } },
  { name: 'noise', source: 'quality.noise', unit: '1', missing: 'nan' },
  { name: 'pneumonia', source: 'score.chest-radiograph.pneumonia', unit: '1', missing: 'refuse' },
]

/** Rows whose class depends on age and on the score of the other model; some values are missing. */
function table(): TrainingTable {
  const rows = 400
  const values = new Float64Array(rows * COLUMNS.length)
  const labels = new Uint8Array(rows)
  for (let row = 0; row < rows; row += 1) {
    const age = 20 + ((row * 37) % 70)
    const score = ((row * 53) % 97) / 97
    values.set([age, row % 2, row % 9 === 0 ? Number.NaN : ((row * 7) % 11) / 100, score], row * COLUMNS.length)
    labels[row] = age / 100 + score > 0.9 ? 1 : 0
  }
  return trainingTable({ columns: COLUMNS.length, values, labels, classes: 2 })
}

const TRAINED = {
  'risk-boosting': () => gradientBoosting.fit(table(), { rounds: 30, learningRate: 0.3 }, 1),
  'risk-forest': () => randomForest.fit(table(), { trees: 20 }, 1),
  // A linear model knows no NaN.
  'risk-linear': () => linearRegression.fit(table(), {}, 1),
} as const

/** A package as an author makes it, with what the trainer says of two rows as its golden cases. */
async function writeRisk(folder: string, name: keyof typeof TRAINED): Promise<string> {
  const fitted = TRAINED[name]()
  const template = packageTemplate({ name, kind: 'tabular', onnx: fitted.toOnnx(), goldenPng: new Uint8Array() })
  const rows = [
    { age: 64, sex: 1, noise: 0.02, pneumonia: 0.8 },
    { age: 33, sex: 0, noise: 0.05, pneumonia: 0.1 },
  ]
  const files = new Map(template.files)
  const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))
  for (const [i, values] of rows.entries()) {
    const [probability = Number.NaN] = fitted.predict(Float32Array.from(Object.values(values)), COLUMNS.length)
    files.set(`golden/row-${i}.json`, json({ schema: 'leadglass.golden-row/1', values }))
    files.set(
      `golden/row-${i}-expected.json`,
      json({ embedding: [probability], outputs: { 'output-0': probability }, tolerance: 1e-5 }),
    )
  }
  files.delete('golden/first-row.json')
  const golden = rows.map((_, i) => ({ image: `golden/row-${i}.json`, expected: `golden/row-${i}-expected.json` }))
  const fit = { ...template.manifest.fit, minRows: 16, minColumns: 16 }
  const columns = COLUMNS.map((one) =>
    name === 'risk-linear' && one.missing === 'nan' ? { ...one, missing: { impute: 0.05 } } : one,
  )
  const manifest = { ...template.manifest, columns, golden, fit }
  const { content, filled } = await fillGolden({ manifest, files })
  expect(filled.size).toBe(0)
  await writePackage(folder, content)
  return folder
}

function radiograph(study: string, age: number | null): Uint8Array {
  const values = Uint8Array.from({ length: 96 * 96 }, (_, at) => (at * 5 + study.length) % 251)
  return wrapRadiograph(
    { rows: 96, columns: 96, bitsStored: 8, values },
    {
      studySeed: study,
      seriesNumber: 1,
      instanceNumber: 1,
      patientId: `PZ-${study}-1877`,
      patientName: 'ZWERENZ^ODA',
      patientBirthDate: '19600101',
      patientSex: 'F',
      patientAgeYears: age,
      view: 'PA',
      spacing: [1, 1],
      studyDate: '20260105',
      studyTime: '080000',
      accessionNumber: study.toUpperCase(),
      studyDescription: 'CHEST',
      seriesDescription: 'PA',
      imageComments: '',
      institutionName: 'TEST',
      manufacturer: 'TEST',
      modelName: 'TEST',
      burnedInAnnotation: 'NO',
    },
  )
}

describe('models of tables', () => {
  let root: string
  let appliance: ApplianceProcess
  const folders = new Map<string, string>()

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'tabular-'))
    for (const name of Object.keys(TRAINED) as (keyof typeof TRAINED)[]) {
      folders.set(name, await writeRisk(join(root, name), name))
    }
    appliance = new ApplianceProcess(join(root, 'box'))
    const repository = new FakeRepository(Date.now())
    repository.list(await packageForRelease(SHIPPED_PACKAGE))
    for (const folder of folders.values()) repository.list(await packageForRelease(folder))
    repository.publish()
    await initialiseBox(appliance, repository, { assembly: { quietMs: 500 } })
    await appliance.start()
    await activateModels(appliance, repository, 4)
  }, 120_000)
  afterAll(async () => {
    await appliance.stop()
    await rm(root, { recursive: true, force: true })
  })

  it.each(Object.keys(TRAINED))('%s passes the tests of a package, and agrees with its trainer', async (name) => {
    const report = await testPackage(folders.get(name) ?? '', PROGRAM_ROOT)
    expect(report).toMatchObject({ passed: true, golden: { cases: 2 } })
    expect(report.golden?.maximumDeviation).toBeLessThan(1e-5)
  })

  it('are inspected before they run: trees and classifiers of ai.onnx.ml among their operators', () => {
    const operators = Object.keys(inspectOnnx(TRAINED['risk-boosting']().toOnnx()).operators)
    expect(operators.some((name) => name.startsWith('ai.onnx.ml::TreeEnsemble'))).toBe(true)
  })

  async function detailOf(studies: number, accession: string) {
    const found = await eventually(async () => {
      const list = await appliance.get('/api/studies', studyList)
      const done = list.studies.filter((one) => one.state === 'scored')
      return done.length === studies ? done : undefined
    }, `${studies} scored studies`)
    for (const { study } of found) {
      const detail = await appliance.get(`/api/studies/${study}`, studyDetail)
      if (JSON.stringify(detail).includes(accession)) return detail
    }
    throw new Error('the study is not there')
  }

  it('score a study after the model whose score they read', async () => {
    await sendObjects(appliance.dimsePort, [radiograph('qx77191', 64)], () => undefined)
    const detail = await detailOf(1, 'QX77191')
    const scores = detail.instances.flatMap((one) => one.scores)
    const of = (name: string) => scores.find((one) => one.model.name === name)
    expect(of('chest-radiograph')).toBeDefined()
    const pneumonia = of('chest-radiograph')?.value ?? Number.NaN
    for (const name of Object.keys(TRAINED) as (keyof typeof TRAINED)[]) {
      const noise = detail.instances[0]?.quality['quality.noise'] ?? Number.NaN
      const [wanted = Number.NaN] = TRAINED[name]().predict(Float32Array.of(64, 0, noise, pneumonia), COLUMNS.length)
      expect(of(name)?.value).toBeCloseTo(wanted, 4)
    }
  })

  it('say which input is missing, and the other models score all the same', async () => {
    await sendObjects(appliance.dimsePort, [radiograph('qx77192', null)], () => undefined)
    const detail = await detailOf(2, 'QX77192')
    expect(detail.instances.flatMap((one) => one.scores).map((one) => one.model.name)).toEqual(['chest-radiograph'])
    expect(JSON.stringify(detail)).toContain('missing-input.age')
  })
})
