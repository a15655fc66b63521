import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readPackage, readPackageFile } from '@leadglass/models'
import { CompactRange, decodeEvent } from '@leadglass/sync-agent/audit-log'
import {
  failure as apiFailure,
  approvalSummary,
  deviceDetail,
  deviceList,
  driftList,
  evaluationView,
  health,
  hubSession,
  importAnswer,
  ingestSummary,
  logExport,
  modelList,
  preparedSigning,
  type TrainingRun,
  trainingLog,
  trainingRun,
  versionDetail,
} from '@leadglass/ui/contract/hub-api'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { enrolDevice, type InitialisedHub, initialiseHub } from './commands.ts'
import { openApproverKey, signPrepared } from './governance/index.ts'
import { holdTestCeremony, TEST_PASSPHRASE, type TestCeremony } from './testing/ceremony.ts'
import { placeTestHub } from './testing/databases.ts'
import { device, featuresBody, payloadOf, sealAll, TestDevice } from './testing/device.ts'
import { HubProcess } from './testing/hub-process.ts'
import { syntheticSite } from './testing/synthetic-site.ts'
import { readHead } from './training/head-graph.ts'

const BOX = device('box-01')
const PACKAGE = join(import.meta.dirname, '..', 'models', 'packages', 'chest-radiograph', '1.0.0')

describe('the hub as a process', () => {
  let folder: string
  let hub: HubProcess
  let made: InitialisedHub
  let ceremony: TestCeremony

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hub-process-'))
    placeTestHub(folder)
    ceremony = await holdTestCeremony(folder)
    const approvers = ceremony.approvers.map(({ person, role, printedName, publicKey }) => ({
      person,
      role,
      printedName,
      publicKey,
    }))
    made = await initialiseHub({ folder, names: ['localhost'], policy: ceremony.policy, approvers })
    hub = await HubProcess.start(folder)
  })
  afterEach(async () => {
    await hub.kill()
    await rm(folder, { recursive: true, force: true })
  })

  const sign = async (approval: string, key: TestCeremony['approvers'][number]): Promise<Response> => {
    const password = made.accounts.find((one) => one.account === key.person)?.password ?? ''
    const begun = await hub.request('POST', `/api/approvals/${approval}/signing`, {
      person: key.person,
      password,
      keyid: key.keyid,
      meaning: 'approval',
    })
    if (!begun.ok) return begun
    const { act, signed: bytes, statement } = preparedSigning.parse(await begun.json())
    const open = await openApproverKey(key, TEST_PASSPHRASE)
    const signed = await signPrepared(open, Buffer.from(bytes, 'base64'), Buffer.from(statement, 'base64'))
    const body = { act, keyid: signed.keyid, signature: signed.signature, statement: signed.envelope }
    return hub.request('POST', `/api/approvals/${approval}/signatures`, body)
  }

  it('says that it is well, and ends in order', async () => {
    expect(health.parse(await hub.get('/api/health')).status).toBe('ok')
    expect(await hub.stop()).toBe(0)
  })

  it('takes a package from import through two signatures to delivery', async () => {
    const { model } = importAnswer.parse(await hub.post('/api/models/import', { folder: PACKAGE }))
    expect(importAnswer.parse(await hub.post('/api/models/import', { folder: PACKAGE })).outcome).toBe(
      'already-present',
    )
    const signoffs = ceremony.approvers.map(({ person, role }) => ({ person, role }))
    const submitted = approvalSummary.parse(
      await hub.post('/api/approvals', { name: model.name, version: model.version, signoffs }),
    )
    expect(submitted.state).toBe('submitted')
    const [clinical, technical] = ceremony.approvers
    if (clinical === undefined || technical === undefined) throw new Error('two approvers')
    expect(approvalSummary.parse(await (await sign(submitted.approval, clinical)).json()).state).toBe(
      'partially-signed',
    )
    const again = await sign(submitted.approval, clinical)
    expect(again.status).toBe(409)
    const refusal = apiFailure.parse(await again.json())
    expect(refusal.error.code).toBe('refused')
    expect(refusal.error.message).toContain('already')
    const last = approvalSummary.parse(await (await sign(submitted.approval, technical)).json())
    expect(last.state).toBe('published')
    expect(last.signatures.map((one) => one.printedName)).toEqual(['Clinical', 'Technical'])
    const { versions } = modelList.parse(await hub.get('/api/models'))
    expect(versions[0]).toMatchObject({ state: 'released', headline: { name: 'auc' } })
    const detail = versionDetail.parse(await hub.get(`/api/models/${model.name}/versions/${model.version}`))
    expect(detail.approval).toBe(submitted.approval)
    expect(detail.signatures).toHaveLength(2)

    const target = await hub.request('GET', `/delivery/metadata/1.approved-models.json`, undefined, {})
    expect(target.status).toBe(200)
    const part = await hub.request('GET', '/delivery/metadata/1.root.json', undefined, { range: 'bytes=0-9' })
    expect(part.status).toBe(206)
    expect((await part.arrayBuffer()).byteLength).toBe(10)
    const outside = await hub.request('GET', '/delivery/..%2fhub.json', undefined, {})
    expect(outside.status).toBeGreaterThanOrEqual(400)
  })

  it('loses nothing that it acknowledged when it is killed, and takes the rest afterwards', async () => {
    const identity = await enrolDevice({ folder, device: BOX })
    const envelopes = sealAll(
      BOX,
      Array.from({ length: 1500 }, (_, i) => featuresBody(i)),
    )
    const batches = Array.from({ length: 30 }, (_, i) => ({
      id: randomUUID(),
      part: envelopes.slice(i * 50, i * 50 + 50),
    }))
    let box = await TestDevice.connect(BOX, `mqtts://127.0.0.1:${hub.mqtt}`, identity)
    let acknowledged = 0
    for (let round = 0; round < 3; round++) {
      const sending = batches.map(({ id, part }) => box.publish(payloadOf(part, id)).catch(() => undefined))
      await box.acknowledged(batches[round * 3]?.id ?? '')
      await hub.kill()
      await Promise.all(sending)
      await box.end()
      acknowledged = Math.max(
        acknowledged,
        ...box.acknowledgements.flatMap((one) => one.watermarks.map((mark) => mark.sequence)),
      )
      hub = await HubProcess.start(folder)
      const { devices } = ingestSummary.parse(await hub.get('/api/ingest/summary'))
      expect(devices[0]?.streams[0]?.watermark).toBeGreaterThanOrEqual(acknowledged)
      expect(devices[0]?.streams[0]?.effects).toBe(devices[0]?.streams[0]?.watermark)
      box = await TestDevice.connect(BOX, `mqtts://127.0.0.1:${hub.mqtt}`, identity)
    }
    for (const { id, part } of batches) await box.publish(payloadOf(part, id))
    await box.acknowledged(batches.at(-1)?.id ?? '')
    const expected = new CompactRange()
    for (const { digest } of envelopes) expected.append(Buffer.from(digest, 'hex'))
    const { devices } = ingestSummary.parse(await hub.get('/api/ingest/summary'))
    expect(devices[0]?.epochs).toEqual([
      { epoch: 1, envelopes: 1500, root: Buffer.from(expected.root()).toString('hex') },
    ])
    expect(devices[0]?.streams[0]).toMatchObject({ watermark: 1500, effects: 1500 })
    await box.end()
  })

  it('trains over its API, and comes up again after it was killed while it trained', async () => {
    const { model } = importAnswer.parse(await hub.post('/api/models/import', { folder: PACKAGE }))
    const head = readHead(await readPackageFile(await readPackage(PACKAGE), 'head.onnx'))
    const { features, labels } = syntheticSite(head, model.digest, 600)
    const box = await TestDevice.connect(
      BOX,
      `mqtts://127.0.0.1:${hub.mqtt}`,
      await enrolDevice({ folder, device: BOX }),
    )
    for (const bodies of [features, labels]) {
      for (let i = 0; i < bodies.length; i += 100) {
        const batch = randomUUID()
        await box.publish(payloadOf(sealAll(BOX, bodies.slice(i, i + 100), i + 1), batch))
        await box.acknowledged(batch)
      }
    }
    await box.end()
    const request = { finding: 'pneumonia', model: model.name, parent: null, seed: 1 }
    const tooDeep = { trainer: 'gradient-boosting', options: { maximumDepth: 99 } }
    await expect(hub.post('/api/training-runs', { ...request, trainer: tooDeep })).rejects.toThrow(/400.*maximumDepth/)
    const started = trainingRun.parse(await hub.post('/api/training-runs', request))
    const path = `/api/training-runs/${started.run}`
    const until = async (states: readonly string[]): Promise<TrainingRun> => {
      for (;;) {
        const run = trainingRun.parse(await hub.get(path))
        if (states.includes(run.state)) return run
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
    await until(['running'])
    await hub.kill()
    hub = await HubProcess.start(folder)
    const run = await until(['succeeded', 'failed', 'stopped-by-gate'])
    expect(run).toMatchObject({ state: 'succeeded', attempt: 2, candidate: { version: '1.1.0' }, progress: 1 })
    expect(run.gates.every((gate) => gate.holds)).toBe(true)
    expect(run.rows.at(-1)).toEqual({ name: 'rows of the dataset', rows: 600 })
    expect(run.metrics[0]?.name).toBe('auc')
    const { lines } = trainingLog.parse(await hub.get(`${path}/log`))
    expect(lines.at(-1)).toContain('as candidate')
    const ofRun = evaluationView.parse(await hub.get(`${path}/evaluation`))
    expect(ofRun).toMatchObject({ finding: 'pneumonia', gatesDeclaredBy: 'default' })
    expect(ofRun.evaluation?.candidate.auc.value).toBe(run.metrics[0]?.value)
    expect(ofRun.gates).toEqual(run.gates)
    const ofVersion = `/api/models/${model.name}/versions/1.1.0/evaluation`
    expect(evaluationView.parse(await hub.get(ofVersion))).toEqual(ofRun)
    const { versions } = modelList.parse(await hub.get('/api/models'))
    expect(versions.find((one) => one.model.version === '1.1.0')).toMatchObject({
      state: 'candidate',
      author: 'operator',
    })
  })

  it('signs people in by password, keeps them to their role, and pauses after five failures', async () => {
    const page = { 'x-leadglass-page': '1' }
    const auditor = made.accounts.find((one) => one.role === 'auditor')
    const signIn = (password: string, headers: Record<string, string> = page): Promise<Response> =>
      hub.request('POST', '/api/session', { account: 'auditor', password }, headers)
    expect((await signIn(auditor?.password ?? '', {})).status).toBe(403)
    const answer = await signIn(auditor?.password ?? '')
    expect(hubSession.parse(await answer.json())).toEqual({ account: 'auditor', role: 'auditor' })
    const set = answer.headers.get('set-cookie') ?? ''
    expect(set).toContain('HttpOnly')
    expect(set).toContain('SameSite=Strict')
    const cookie = { cookie: set.split(';')[0] ?? '', ...page }
    expect((await hub.request('GET', '/api/audit/export', undefined, cookie)).status).toBe(200)
    expect((await hub.request('POST', '/api/models/import', { folder: PACKAGE }, cookie)).status).toBe(403)
    expect((await hub.request('DELETE', '/api/session', undefined, cookie)).status).toBe(200)
    expect((await hub.request('GET', '/api/session', undefined, cookie)).status).toBe(401)
    for (let i = 0; i < 5; i++) expect((await signIn('wrong')).status).toBe(401)
    expect((await signIn(auditor?.password ?? '')).status).toBe(429)
  })

  it('answers hostile requests with a coded failure', async () => {
    const bodies = ['{', '[]', 'null', '{"folder":7}', '{"folder":"/x","more":1}', JSON.stringify({ folder: 'x' })]
    for (const body of bodies) {
      const answer = await hub.request('POST', '/api/models/import', body)
      expect([body, answer.status]).toEqual([body, 400])
      expect(await answer.json()).toMatchObject({ error: { code: 'request-invalid' } })
    }
    expect((await hub.request('POST', '/api/models/import', { folder: 'x'.repeat(400_000) })).status).toBe(400)
    expect((await hub.request('GET', '/api/devices/%00')).status).toBe(400)
    expect((await hub.request('GET', '/api/models/no-such/versions/1.0.0')).status).toBe(404)
    expect((await hub.request('GET', '/api/none')).status).toBe(404)
    expect(
      (await hub.request('GET', '/api/devices', undefined, { authorization: 'Bearer wrong-token-of-some-length' }))
        .status,
    ).toBe(401)
    const missing = await hub.request('POST', '/api/models/import', { folder: '/no/such/folder' })
    expect(missing.status).toBe(409)
    expect(await missing.json()).toMatchObject({ error: { code: 'manifest-missing' } })
  })

  it('shows devices, drift and its own log', async () => {
    await enrolDevice({ folder, device: BOX })
    expect(deviceList.parse(await hub.get('/api/devices')).devices).toHaveLength(1)
    expect(deviceDetail.parse(await hub.get(`/api/devices/${BOX}`)).audit).toBeNull()
    expect(driftList.parse(await hub.get('/api/drift')).features).toEqual([])
    const exported = logExport.parse(await hub.get('/api/audit/export'))
    expect(exported.leaves).toHaveLength(exported.checkpoint.size)
    const events = exported.leaves.map((leaf) => decodeEvent(Buffer.from(leaf, 'base64'))?.event)
    expect(events).toEqual(
      expect.arrayContaining(['person.enrolled', 'process.started', 'device.enrolled', 'log.read']),
    )
    const page = await hub.request('GET', '/', undefined, {})
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(await page.text()).toContain('not built')
  })
})
