import { spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { phantomDicom } from '@leadglass/models'
import { agentConfig, resolveConfig } from '@leadglass/sync-agent/agent'
import { exchangePaths } from '@leadglass/sync-agent/exchange'
import { localModelList } from '@leadglass/ui/contract/local-api'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { initialiseAppliance } from '../../appliance/commands.ts'
import { ApplianceProcess, eventually } from '../../appliance/testing/appliance-process.ts'
import { sendObjects } from '../../appliance/testing/send-objects.ts'
import { enrolDevices } from '../../cloud-hub/commands.ts'
import { device } from '../../cloud-hub/testing/device.ts'
import { AgentProcess } from '../../sync-agent/agent/testing/agent-process.ts'
import { startThrowawayInstance, type ThrowawayInstance } from '../start/throwaway.ts'
import { peer } from '../testing/peers.ts'

const CLI = resolve(import.meta.dirname, '..', 'cli', 'main.ts')
const BOX = device('test-box')
const FEATURES =
  'SELECT count(*) AS n FROM instance_features f JOIN envelope_inbox i ON i.id = f.envelope WHERE i.device = ?'

let root: string
let hub: ThrowawayInstance
let box: ApplianceProcess
let agentFile: string

/** A command line as a person calls it, on one of the two sides. @param tracer stands before Node. */
async function leadglass(
  side: 'hub' | 'box',
  words: readonly string[],
  tracer: readonly string[] = [],
): Promise<{ readonly status: number | null; readonly out: string; readonly error: string }> {
  const data = side === 'hub' ? join(root, 'hub') : join(root, 'box')
  const [program = '', ...rest] = [...tracer, process.execPath, CLI, ...words, '--data', data, '--json']
  const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'] })
  const said = { out: '', error: '' }
  child.stdout.on('data', (part: Buffer) => {
    said.out += part.toString('utf8')
  })
  child.stderr.on('data', (part: Buffer) => {
    said.error += part.toString('utf8')
  })
  const status = await new Promise<number | null>((done) => child.once('close', done))
  return { status, ...said }
}

/** The JSON that a command printed. @throws with its words when it failed. */
async function done(side: 'hub' | 'box', words: readonly string[], tracer: readonly string[] = []): Promise<unknown> {
  const { status, out, error } = await leadglass(side, words, tracer)
  if (status !== 0) throw new Error(`${words.join(' ')} ended with ${status}: ${error}`)
  return JSON.parse(out) as unknown
}

const at = (...names: readonly string[]): string => join(root, ...names)

/** Batches of the box that wait. */
const waiting = async (): Promise<readonly string[]> =>
  (await readdir(exchangePaths(at('box', 'exchange')).outbox)).filter((name) => name.endsWith('.batch'))

function committed(): number {
  const database = new Database(join(hub.layout.hub.folder, 'hub.db'), { readonly: true, timeout: 10_000 })
  try {
    return (database.prepare(FEATURES).get(BOX) as { n: number }).n
  } finally {
    database.close()
  }
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'leadglass-carried-'))
  hub = await startThrowawayInstance(at('hub'))
  const given = hub.layout.agent.folder
  const initialRoot = await readFile(join(given, 'initial-root.json'))
  const policy: Parameters<typeof initialiseAppliance>[0] extends { trust?: infer T } ? NonNullable<T> : never = {
    initialRoot,
    policy: JSON.parse(await readFile(join(given, 'policy.json'), 'utf8')) as never,
  }
  box = new ApplianceProcess(at('box'))
  const made = await initialiseAppliance({
    folder: box.configuration.dataFolder,
    device: BOX,
    accounts: [],
    trust: policy,
    settings: { assembly: { quietMs: 500 } },
  })
  // The identity is carried too: this box never reaches its hub.
  const enrolled = await enrolDevices({
    folder: hub.layout.hub.folder,
    devices: [{ device: BOX, auditVerifierKey: made.auditVerifierKey }],
  })
  const identity = enrolled.get(BOX)
  if (identity === undefined) throw new Error('the box was not enrolled')
  await mkdir(at('box', 'agent'), { recursive: true })
  for (const name of ['initial-root.json', 'policy.json', 'hub-log.vkey', 'witness.key.pem']) {
    await cp(join(given, name), at('box', 'agent', name))
  }
  await writeFile(at('box', 'agent', 'hub-ca.pem'), identity.caPem)
  await writeFile(at('box', 'agent', 'device.pem'), identity.certificatePem)
  await writeFile(at('box', 'agent', 'device.key'), identity.keyPem, { mode: 0o600 })
  agentFile = at('box', 'agent', 'config.json')
  const settings = {
    device: BOX,
    exchangeFolder: '../exchange',
    agentFolder: '.',
    hub: { mqttUrl: 'mqtts://127.0.0.1:1', httpUrl: 'http://127.0.0.1:1/', caFile: 'hub-ca.pem' },
    certificateFile: 'device.pem',
    keyFile: 'device.key',
    updates: { initialRootFile: 'initial-root.json', policyFile: 'policy.json' },
    hubLog: { keyFile: 'hub-log.vkey', witnessKeyFile: 'witness.key.pem' },
  }
  await writeFile(agentFile, JSON.stringify(settings))
  await box.start()
}, 180_000)

afterAll(async () => {
  await box.stop()
  await hub.stop()
  await rm(root, { recursive: true, force: true })
}, 60_000)

describe('a box that never has a link', () => {
  it('gets its model from a kit, without opening a socket', async () => {
    await done('hub', ['kit', 'write', '--out', at('usb')])
    const strace = peer('strace')
    const trace = at('network.txt')
    const tracer = strace === undefined ? [] : [strace, '-f', '-e', 'trace=network', '-o', trace]
    expect(await done('box', ['kit', 'read', at('usb')], tracer)).toMatchObject({
      outcome: 'taken',
      models: expect.arrayContaining([expect.stringMatching(/^chest-radiograph@/)]) as unknown,
    })
    if (strace !== undefined) {
      const calls = await readFile(trace, 'utf8')
      // A socketpair is a pipe between processes of this machine; whoever speaks to a network needs socket().
      expect(calls.split('\n').filter((line) => /\b(?:socket|connect|bind)\(/.test(line))).toEqual([])
    }
    await eventually(
      async () => {
        const { models } = await box.get('/api/models', localModelList)
        return models.find(({ state, model }) => state === 'active' && model.name === 'chest-radiograph')
      },
      'the model in use',
      60_000,
    )
  }, 180_000)

  it('refuses what is half copied, torn, foreign or meant for the other side, in plain words, and takes nothing', async () => {
    const spoilt = async (name: string, spoil: (folder: string) => Promise<void>): Promise<string> => {
      await cp(at('usb'), at(name), { recursive: true })
      await spoil(at(name))
      const { status, error } = await leadglass('box', ['kit', 'read', at(name)])
      expect([name, status]).toEqual([name, 4])
      return error
    }
    const blob = async (folder: string): Promise<string> => {
      const [first = ''] = await readdir(join(folder, 'repository', 'blobs'))
      return join(folder, 'repository', 'blobs', first)
    }
    expect(await spoilt('unfinished', (folder) => rm(join(folder, 'kit.json')))).toContain('kit-missing')
    expect(await spoilt('half', async (folder) => rm(await blob(folder)))).toContain('Copy the whole kit again')
    expect(await spoilt('torn', async (folder) => truncate(await blob(folder), 10))).toContain('kit-damaged')
    expect(await spoilt('no list', (folder) => writeFile(join(folder, 'kit.json'), '{'))).toContain('kit-unreadable')
    const left = await readdir(at('box', 'exchange', 'carried'))
    expect(left).toEqual([])
  }, 180_000)

  it('sends features once, however often the kit is carried, and empties its outbox when the answer is back', async () => {
    const results: string[] = []
    const objects = [1, 2, 3].map((index) => phantomDicom({ seed: 5, index }).bytes)
    await sendObjects(box.dimsePort, objects, (_at, _uid, { kind }) => results.push(kind))
    expect(results).toEqual(['accepted', 'accepted', 'accepted'])
    await eventually(
      async () => ((await waiting()).some((name) => /-3-/.test(name)) ? true : undefined),
      'features',
      60_000,
    )

    await done('box', ['kit', 'export', '--out', at('back')])
    const sent = await readdir(at('back', 'outbox'))
    expect(await leadglass('hub', ['kit', 'read', at('back')])).toMatchObject({ status: 4 })
    expect(await done('hub', ['kit', 'import', at('back')])).toMatchObject({ device: BOX, refused: 0, answers: [] })
    const after = committed()
    expect(after).toBe(3)
    await done('hub', ['kit', 'import', at('back')])
    expect(committed()).toBe(after)

    // A kit that was changed on its way, and one of a stranger.
    await cp(at('back'), at('changed'), { recursive: true })
    const list = await readFile(at('changed', 'kit.json'), 'utf8')
    await writeFile(at('changed', 'kit.json'), list.replace(BOX, 'other-box'))
    const changed = await leadglass('hub', ['kit', 'import', at('changed')])
    expect(changed.status).not.toBe(0)
    expect(changed.error).toContain('not signed')

    // Nothing counts as delivered before the answer is back.
    expect((await waiting()).filter((name) => sent.includes(name)).length).toBeGreaterThan(0)
    await done('hub', ['kit', 'write', '--out', at('usb')])
    expect(await done('box', ['kit', 'read', at('usb')])).toMatchObject({ acknowledged: true })
    await eventually(
      async () => ((await waiting()).some((name) => sent.includes(name)) ? undefined : true),
      'an outbox without what was delivered',
      60_000,
    )
  }, 240_000)

  it('takes a kit through the agent that runs, and an acknowledgement of another hub from nobody', async () => {
    const config = resolveConfig(agentConfig.parse(JSON.parse(await readFile(agentFile, 'utf8'))), at('box', 'agent'))
    const agent = AgentProcess.at(config, agentFile)
    await agent.start()
    try {
      expect(await done('box', ['kit', 'read', at('usb')])).toMatchObject({ outcome: 'taken', acknowledged: true })
      const note = at('usb', 'acknowledgements', `${BOX}.note`)
      await cp(at('usb'), at('forged'), { recursive: true })
      const forged = (await readFile(note, 'utf8')).replace(/"sequence":\d+/, '"sequence":999999')
      await writeFile(at('forged', 'acknowledgements', `${BOX}.note`), forged)
      const { writeKitList } = await import('@leadglass/sync-agent/exchange')
      await writeKitList(at('forged'), { direction: 'to-site', device: null, at: new Date().toISOString() })
      const refused = await leadglass('box', ['kit', 'read', at('forged')])
      expect(refused.status).toBe(4)
      expect(refused.error).toContain('acknowledgement-not-signed')
    } finally {
      await agent.end('SIGTERM')
    }
  }, 120_000)
})
