import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, normalize } from 'node:path'
import { agentConfig, resolveConfig } from '@leadglass/sync-agent/agent'
import { anchorFingerprints } from '@leadglass/sync-agent/contract'
import { enrolmentView, localModelList } from '@leadglass/ui/contract/local-api'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { initialiseAppliance } from '../../appliance/commands.ts'
import { ApplianceProcess, eventually } from '../../appliance/testing/appliance-process.ts'
import { approvedRepository, SHIPPED_PACKAGE } from '../../appliance/testing/update-kit.ts'
import { EnrolmentHub } from '../../cloud-hub/enrolment/testing/enrolment-hub.ts'
import { device } from '../../cloud-hub/testing/device.ts'
import { AgentProcess } from '../../sync-agent/agent/testing/agent-process.ts'

const BOX = device('test-box')

let root: string
let hub: EnrolmentHub
let delivery: Server
let appliance: ApplianceProcess
let agent: AgentProcess

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'leadglass-joined-'))
  const repository = await approvedRepository(SHIPPED_PACKAGE)
  const published = join(root, 'repository')
  await repository.writeTo(published)
  hub = await EnrolmentHub.start({ updates: { policy: repository.policy, repository: published } })
  delivery = await serve(published)
  appliance = new ApplianceProcess(root)
  // A box as it comes out of its carton: it trusts nobody yet.
  await initialiseAppliance({ folder: join(root, 'appliance'), device: BOX, accounts: [] })
  await mkdir(join(root, 'agent'), { recursive: true })
  await mkdir(join(root, 'exchange'), { recursive: true })
  const { port } = delivery.address() as AddressInfo
  const settings = {
    device: BOX,
    exchangeFolder: 'exchange',
    agentFolder: 'agent',
    hub: { mqttUrl: hub.url, httpUrl: `http://127.0.0.1:${port}/`, caFile: 'agent/hub-ca.pem' },
    certificateFile: 'agent/device.pem',
    keyFile: 'agent/device.key',
    intervals: { reconnectFirstMs: 100, reconnectLargestMs: 500, updatesMs: 1000, renewalMs: 1000 },
  }
  const file = join(root, 'agent.json')
  await writeFile(file, JSON.stringify(settings))
  agent = AgentProcess.at(resolveConfig(agentConfig.parse(settings), root), file)
  await agent.start()
  await appliance.start()
}, 120_000)

afterAll(async () => {
  await agent.end('SIGTERM')
  await appliance.stop()
  await hub.stop()
  await new Promise((resolve) => delivery.close(resolve))
  await rm(root, { recursive: true, force: true })
}, 60_000)

const view = () => appliance.get('/api/enrolment', enrolmentView)
const post = (path: string, body: unknown) =>
  appliance.fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

it('a box that knows no hub joins by its console, trusts what a person has compared, and then verifies and installs a release', async () => {
  const alone = await eventually(async () => {
    const now = await view()
    return now.agent === null ? undefined : now
  }, 'word of the agent')
  expect(alone.agent).toMatchObject({ certificate: null, problem: { code: 'not-enrolled' } })

  // A slip of the hand is found here; a code that the hub does not know is the hub's to refuse, and both say what to do.
  const { code } = hub.invitations.invite(BOX, 600_000)
  const slip = `${code.slice(0, -1)}${code.endsWith('0') ? '1' : '0'}`
  expect((await post('/api/enrolment/join', { hubUrl: hub.url, code: slip })).status).toBe(422)
  expect((await post('/api/enrolment/join', { hubUrl: hub.url, code: '0000-0000-0000-0000' })).ok).toBe(true)
  const refused = await eventually(async () => {
    const { agent: said } = await view()
    return said?.join?.state === 'refused' ? said.join.problem : undefined
  }, 'a refusal')
  expect(refused).toMatchObject({ code: 'invitation-unknown', nextStep: expect.stringContaining('address') as unknown })

  expect((await post('/api/enrolment/join', { hubUrl: hub.url, code })).ok).toBe(true)
  const joined = await eventually(async () => {
    const now = await view()
    return now.anchors === 'to-be-confirmed' ? now : undefined
  }, 'what the hub gives to be pinned')
  expect(joined.agent?.certificate).not.toBeNull()
  expect(await readFile(join(root, 'exchange', 'outbox', 'join.json')).catch(() => 'gone')).toBe('gone')

  // The agent has verified and laid the kit by now; the appliance takes nothing before a person has compared.
  const given = anchorFingerprints(await hub.anchoring.anchors())
  expect(joined.offered).toBe(given.all)
  await eventually(
    () => readFile(join(root, 'exchange', 'inbox', 'updates', 'metadata', '1.root.json')).catch(() => undefined),
    'the kit of the agent',
  )
  expect((await appliance.get('/api/models', localModelList)).models).toEqual([])
  expect((await post('/api/enrolment/anchors', { fingerprint: 'ab'.repeat(32) })).status).toBe(409)
  expect((await view()).pinned).toEqual({ root: null, policy: null, desiredKey: null })
  expect((await post('/api/enrolment/anchors', { fingerprint: given.all })).ok).toBe(true)
  expect(await view()).toMatchObject({ anchors: 'same', pinned: { root: given.root, desiredKey: given.desiredKey } })
  await eventually(
    async () => {
      const { models } = await appliance.get('/api/models', localModelList)
      return models.find(({ state }) => state === 'active')
    },
    'the release in use',
    60_000,
  )

  // The hub can hear it as a witness, and knows that it reads signatures.
  const { database } = hub.core
  expect(database.prepare('SELECT has_root AS root FROM device_anchor WHERE device = ?').get(BOX)).toEqual({ root: 1 })
}, 180_000)

/** A repository as the hub serves it. */
async function serve(folder: string): Promise<Server> {
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(request.url ?? '/')).replace(/^\/delivery\//, '')
    readFile(join(folder, path)).then(
      (bytes) => response.end(bytes),
      () => response.writeHead(404).end(),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}
