import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { phantomDicom } from '@leadglass/models'
import { envelopeBody } from '@leadglass/sync-agent/contract'
import {
  type ExplanationSummary,
  egressList,
  explanationAnswer,
  explanationDetail,
  explanationList,
  explanationPicture,
  failure,
  logExport,
  type StudyDetail,
  studyDetail,
  studyList,
} from '@leadglass/ui/contract/local-api'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { initialiseAppliance } from '../commands.ts'
import { ApplianceProcess, eventually } from '../testing/appliance-process.ts'
import { activateModels } from '../testing/model-box.ts'
import { sendObjects } from '../testing/send-objects.ts'
import { approvedRepository, SHIPPED_PACKAGE } from '../testing/update-kit.ts'

const PASSWORD = 'a long enough password'

describe('explanations over the interface of the real appliance', () => {
  let root: string
  let appliance: ApplianceProcess
  let study: StudyDetail
  let made: ExplanationSummary
  const base = () => `/api/studies/${study.summary.study}/explanations`
  const post = async (body: object, headers: Record<string, string> = {}) => {
    const init = {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    }
    return appliance.fetch(base(), init)
  }
  const wanted = (change: object = {}) => ({
    instance: 0,
    model: study.instances[0]?.scores[0]?.model.digest ?? '',
    code: 'pneumonia',
    ...change,
  })
  const codeOf = async (path: string) => failure.parse(await (await appliance.fetch(path)).json()).error.code

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'leadglass-explain-'))
    appliance = new ApplianceProcess(root)
    const repository = await approvedRepository(SHIPPED_PACKAGE)
    await initialiseAppliance({
      folder: appliance.configuration.dataFolder,
      device: appliance.configuration.device as Parameters<typeof initialiseAppliance>[0]['device'],
      accounts: [{ userName: 'tech', role: 'technologist', password: PASSWORD }],
      trust: { initialRoot: repository.initialRoot, policy: repository.policy },
      settings: { assembly: { quietMs: 500 } },
    })
    await appliance.start()
    await activateModels(appliance, repository)
    await sendObjects(appliance.dimsePort, [phantomDicom({ seed: 5, index: 1 }).bytes], () => undefined)
    const found = await eventually(async () => {
      const { studies } = await appliance.get('/api/studies?state=scored', studyList)
      return studies[0]
    }, 'a scored study')
    study = await appliance.get(`/api/studies/${found.study}`, studyDetail)
  })
  afterAll(async () => {
    await appliance.stop()
    await rm(root, { recursive: true, force: true })
  })

  it('explains a score on demand, lists it, and gives map and picture to whoever shows the same image', async () => {
    const answer = explanationAnswer.parse(await (await post(wanted())).json())
    if (!answer.explained) throw new Error(answer.reason)
    made = answer.explanation
    const { explanations } = await appliance.get(base(), explanationList)
    expect(explanations).toEqual([made])
    const claims = `instance=0&frame=0&code=pneumonia&model=${made.model.digest}&pixels=${made.pixels}`
    const detail = await appliance.get(`${base()}/${made.explanation}?${claims}`, explanationDetail)
    if (detail.content.method !== 'occlusion') throw new Error('no map')
    expect(detail.content.values).toHaveLength(detail.content.rows * detail.content.columns)
    const picture = await appliance.get(
      `${base()}/${made.explanation}/picture?${claims}&palette=viridis`,
      explanationPicture,
    )
    expect(picture.words).toContain('Not for diagnostic use')
    expect(picture.largest).toBe(Math.max(0, ...detail.content.values))
    const png = sharp(Buffer.from(picture.png, 'base64'))
    expect((await png.metadata()).format).toBe('png')
    const { data, info } = await png.raw().toBuffer({ resolveWithObject: true })
    const at = 3 * (info.width - 1)
    expect([...data.subarray(at, at + 3)], 'the scale ends in the brightest colour').toEqual([253, 231, 37])
  }, 60_000)

  it('refuses it over another image, frame or model, with a code and an entry in the audit log', async () => {
    const one = `${base()}/${made.explanation}`
    expect(await codeOf(`${one}?pixels=${'0'.repeat(64)}`)).toBe('explanation-mismatch')
    expect(await codeOf(`${one}?frame=1`)).toBe('explanation-mismatch')
    expect(await codeOf(`${one}/picture?model=${'0'.repeat(64)}`)).toBe('explanation-mismatch')
    expect(await codeOf(`${base()}/999`)).toBe('explanation-unknown')
    expect(await codeOf(`${one}?anything=1`)).toBe('bad-request')
    expect((await post(wanted({ code: 'fracture' }))).status).toBe(404)
    expect((await post(wanted({ instance: -1 }))).status).toBe(400)
    const { leaves } = await appliance.get('/api/audit/export', logExport)
    const events = leaves.map((leaf) => JSON.parse(Buffer.from(leaf, 'base64').toString('utf8')) as { event: string })
    const counted = (event: string) => events.filter((entry) => entry.event === event).length
    expect([counted('explanation.made'), counted('explanation.read'), counted('explanation.refused')]).toEqual([
      1, 2, 3,
    ])
  })

  it('is for whoever may open the study, and for nobody who is not signed in', async () => {
    expect((await fetch(`${appliance.url}${base()}`)).status).toBe(401)
    const body = JSON.stringify({ account: 'tech', password: PASSWORD })
    const headers = { 'content-type': 'application/json' }
    const session = await fetch(`${appliance.url}/api/session`, { method: 'POST', body, headers })
    const cookie = session.headers.get('set-cookie')?.split(';')[0] ?? ''
    expect((await fetch(`${appliance.url}${base()}/${made.explanation}`, { headers: { cookie } })).status).toBe(200)
    const other = `/api/studies/${'f'.repeat(32)}/explanations/${made.explanation}`
    expect((await fetch(`${appliance.url}${other}`, { headers: { cookie } })).status).toBe(404)
  })

  it('takes the log odds apart, and nothing of any explanation leaves the box', async () => {
    const answer = explanationAnswer.parse(await (await post(wanted({ method: 'attribution' }))).json())
    if (!answer.explained) throw new Error(answer.reason)
    const detail = await appliance.get(`${base()}/${answer.explanation.explanation}`, explanationDetail)
    if (detail.content.method === 'occlusion') throw new Error('a map')
    const { expected, total, contributions } = detail.content
    const sum = contributions.reduce((all, one) => all + one.contribution, expected)
    expect(Math.abs(sum - total)).toBeLessThan(1e-9)
    expect(Math.abs(1 / (1 + Math.exp(-total)) - detail.score)).toBeLessThan(1e-6)

    // What is sealed, and what lies for the agent: codes of the audit log at most.
    const { envelopes } = await appliance.get('/api/egress?limit=500', egressList)
    expect(envelopes.length).toBeGreaterThan(3)
    for (const { kind } of envelopes) expect(kind).not.toMatch(/expla|heat|occlusion/)
    const folder = join(appliance.configuration.exchangeFolder, 'outbox')
    const names = await eventually(async () => {
      const found = (await readdir(folder)).filter((name) => name.endsWith('.batch'))
      return found.length > 0 ? found : undefined
    }, 'a batch for the agent')
    const batches = await Promise.all(
      names.map(async (name) => gunzipSync(await readFile(join(folder, name))).toString()),
    )
    const map = await appliance.get(`${base()}/${made.explanation}`, explanationDetail)
    const figures = map.content.method === 'occlusion' ? map.content.values.filter((value) => value !== 0) : []
    const kept = Buffer.from(Float32Array.from(figures).buffer).toString('base64').slice(8, 40)
    for (const text of [...batches, JSON.stringify(envelopes)]) {
      expect(text).not.toContain(made.pixels)
      expect(text).not.toContain(made.digest)
      expect(text).not.toContain(kept)
      for (const figure of figures.slice(0, 20)) expect(text).not.toContain(String(figure))
      for (const { contribution } of contributions.slice(0, 20)) expect(text).not.toContain(String(contribution))
    }
    expect(envelopeBody.safeParse({ kind: 'explanation', ...map }).success, 'the contract has no such kind').toBe(false)
  }, 60_000)
})
