import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fillGolden } from '@leadglass/appliance/scoring'
import { gradientBoosting, trainingTable } from '@leadglass/cloud-hub/trainers'
import { type Column, packageTemplate, phantomDicom, writePackage } from '@leadglass/models'
import {
  explanationAnswer,
  explanationDetail,
  type StudyDetail,
  studyDetail,
  studyList,
} from '@leadglass/ui/contract/local-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ApplianceProcess, eventually } from '../../appliance/testing/appliance-process.ts'
import { activateModels, initialiseBox } from '../../appliance/testing/model-box.ts'
import { sendObjects } from '../../appliance/testing/send-objects.ts'
import { packageForRelease, SHIPPED_PACKAGE } from '../../appliance/testing/update-kit.ts'
import { FakeRepository } from '../../sync-agent/updates/testing/fake-repository.ts'

const COLUMNS: readonly Column[] = [
  { name: 'noise', source: 'quality.noise', unit: '1', missing: 'nan' },
  { name: 'nothing', source: 'quality.nothing', unit: '1', missing: 'nan' },
  { name: 'pneumonia', source: 'score.chest-radiograph.pneumonia', unit: '1', missing: 'refuse' },
]
const ROWS = 300

/** Trees over three columns, one of which nothing ever measures. */
function trees() {
  const values = Array.from({ length: ROWS }, (_, row) => {
    const noise = row % 7 === 0 ? Number.NaN : ((row * 7) % 11) / 100
    return [noise, Number.NaN, ((row * 53) % 97) / 97]
  })
  const labels = values.map(([noise = 0, , score = 0]) =>
    score + 2 * (Number.isNaN(noise) ? 0.1 : noise) > 0.55 ? 1 : 0,
  )
  const table = trainingTable({ columns: COLUMNS.length, values: values.flat(), labels, classes: 2 })
  return gradientBoosting.fit(table, { rounds: 25, learningRate: 0.3 }, 1)
}

describe('a model of tables, explained by the real appliance', () => {
  let root: string
  let appliance: ApplianceProcess
  let study: StudyDetail

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'explain-table-'))
    const fitted = trees()
    const template = packageTemplate({
      name: 'risk',
      kind: 'tabular',
      onnx: fitted.toOnnx(),
      goldenPng: new Uint8Array(),
    })
    const row = { noise: 0.02, nothing: null, pneumonia: 0.8 }
    const [probability = 0] = fitted.predict(Float32Array.of(0.02, Number.NaN, 0.8), COLUMNS.length)
    const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))
    const files = new Map(template.files)
    files.delete('golden/first-row.json')
    files.set('golden/row.json', json({ schema: 'leadglass.golden-row/1', values: row }))
    files.set(
      'golden/expected.json',
      json({ embedding: [probability], outputs: { 'output-0': probability }, tolerance: 1e-5 }),
    )
    const golden = [{ image: 'golden/row.json', expected: 'golden/expected.json' }]
    const fit = { ...template.manifest.fit, minRows: 16, minColumns: 16 }
    const { content } = await fillGolden({
      manifest: { ...template.manifest, columns: [...COLUMNS], golden, fit },
      files,
    })
    await writePackage(join(root, 'risk'), content)

    appliance = new ApplianceProcess(join(root, 'box'))
    const repository = new FakeRepository(Date.now())
    repository.list(await packageForRelease(SHIPPED_PACKAGE))
    repository.list(await packageForRelease(join(root, 'risk')))
    repository.publish()
    await initialiseBox(appliance, repository, { assembly: { quietMs: 500 } })
    await appliance.start()
    await activateModels(appliance, repository, 2)
    await sendObjects(appliance.dimsePort, [phantomDicom({ seed: 5, index: 1 }).bytes], () => undefined)
    const found = await eventually(async () => {
      const { studies } = await appliance.get('/api/studies?state=scored', studyList)
      return studies[0]
    }, 'a scored study')
    study = await appliance.get(`/api/studies/${found.study}`, studyDetail)
  }, 120_000)
  afterAll(async () => {
    await appliance.stop()
    await rm(root, { recursive: true, force: true })
  })

  it('says what each column contributes, by TreeSHAP, and the contributions are the log odds', async () => {
    const image = study.instances.find(({ scores }) => scores.some(({ model }) => model.name === 'risk'))
    const score = image?.scores.find(({ model }) => model.name === 'risk')
    if (image === undefined || score === undefined) throw new Error('the table was not scored')
    const base = `/api/studies/${study.summary.study}/explanations`
    const ask = async (method: string) => {
      const body = JSON.stringify({ instance: image.instance, model: score.model.digest, code: score.code, method })
      const init = { method: 'POST', body, headers: { 'content-type': 'application/json' } }
      return explanationAnswer.parse(await (await appliance.fetch(base, init)).json())
    }
    const answer = await ask('attribution')
    if (!answer.explained) throw new Error(answer.reason)
    const { content } = await appliance.get(`${base}/${answer.explanation.explanation}`, explanationDetail)
    if (content.method !== 'tree') throw new Error(content.method)
    expect(content.contributions.map(({ feature }) => feature)).toEqual(['noise', 'nothing', 'pneumonia'])
    expect(content.contributions[1]?.contribution, 'what is never there contributes nothing').toBe(0)
    const sum = content.contributions.reduce((all, one) => all + one.contribution, content.expected)
    expect(Math.abs(sum - content.total)).toBeLessThan(1e-9)
    expect(Math.abs(1 / (1 + Math.exp(-sum)) - score.value)).toBeLessThan(1e-6)
    expect(await ask('occlusion'), 'a table has no picture').toEqual({ explained: false, reason: 'kind-not-explained' })
  })

  it('has a command that says wrong use before it asks anybody', () => {
    const cli = join(import.meta.dirname, 'main.ts')
    const run = spawnSync(process.execPath, [cli, 'explain', 'a'.repeat(32), '--method', 'guess'], { encoding: 'utf8' })
    expect(run.status).toBe(2)
    expect(run.stderr).toContain('Allowed choices are occlusion, attribution')
  })
})
