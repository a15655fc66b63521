import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { phantomDicom } from '@leadglass/models'
import { decodeEvent, type RecordedAuditEvent } from '@leadglass/sync-agent/audit-log'
import { deviceId } from '@leadglass/sync-agent/contract'
import { AgentStatusFile, exchangePaths } from '@leadglass/sync-agent/exchange'
import { systemClock } from '@leadglass/sync-agent/foundation'
import { logExport, studyList } from '@leadglass/ui/contract/local-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { peer } from '../installer/testing/peers.ts'
import { StatusReporter } from '../sync-agent/agent/status-reporter.ts'
import { initialiseAppliance } from './commands.ts'
import { ApplianceProcess, eventually } from './testing/appliance-process.ts'
import { sendObjects } from './testing/send-objects.ts'

const ECHO = peer('echoscu')

/** Each act on the running product, and the words that must stand in its log afterwards. */
describe('a walk through the running product', () => {
  let root: string
  let appliance: ApplianceProcess

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'leadglass-walk-'))
    appliance = new ApplianceProcess(root)
    await initialiseAppliance({
      folder: appliance.configuration.dataFolder,
      device: appliance.configuration.device as Parameters<typeof initialiseAppliance>[0]['device'],
      accounts: [{ userName: 'reader', role: 'radiologist', password: 'a long enough password' }],
      settings: { assembly: { quietMs: 500 } },
    })
    await appliance.start()
  })
  afterAll(async () => {
    await appliance.kill()
    await rm(root, { recursive: true, force: true })
  })

  const log = async (): Promise<RecordedAuditEvent[]> =>
    (await appliance.get('/api/audit/export', logExport)).leaves.flatMap(
      (leaf) => decodeEvent(Buffer.from(leaf, 'base64')) ?? [],
    )
  /** Acts, and waits for the words in the part of the log that follows. */
  const act = async (what: () => unknown, ...words: readonly string[]): Promise<RecordedAuditEvent[]> => {
    const before = (await log()).length
    await what()
    return eventually(
      async () => {
        const after = (await log()).slice(before)
        return words.every((word) => after.some(({ event }) => event === word)) ? after : undefined
      },
      words.join(', '),
      60_000,
    )
  }
  const signIn = (password: string): Promise<Response> =>
    fetch(`${appliance.url}/api/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ account: 'reader', password }),
    })

  it('begins with its own start', async () => {
    expect((await log()).map(({ event }) => event)).toContain('process.started')
  })

  it('records storing, completion, de-identification by action, and the end without a model', async () => {
    const { bytes } = phantomDicom({ seed: 5, index: 1 })
    const found = await act(
      () => sendObjects(appliance.dimsePort, [bytes], () => undefined),
      'association.accepted',
      'instance.stored',
      'association.ended',
      'study.completed',
      'study.deidentified',
      'study.not-scored',
    )
    const cleaned = found.find(({ event }) => event === 'study.deidentified')
    expect(cleaned?.codes).toContain('instances-1')
    expect(cleaned?.codes.filter((code) => code.startsWith('action.')).length).toBeGreaterThan(2)
  })

  it.skipIf(ECHO === undefined)('records C-ECHO, and an association that is rejected (needs dcmtk)', async () => {
    const echo = (called: string): unknown =>
      spawnSync(ECHO ?? '', ['-aec', called, '127.0.0.1', String(appliance.dimsePort)])
    await act(() => echo('LEADGLASS'), 'association.accepted', 'echo.answered', 'association.ended')
    await act(() => echo('SOMEBODY'), 'association.rejected')
  })

  it('records what people do: sign-in, failure, list, study, refusal, sign-out', async () => {
    await act(() => signIn('wrong password'), 'session.refused')
    let cookie = ''
    await act(async () => {
      cookie = ((await signIn('a long enough password')).headers.get('set-cookie') ?? '').split(';')[0] ?? ''
    }, 'session.opened')
    const ask = (path: string, method = 'GET') => fetch(`${appliance.url}${path}`, { method, headers: { cookie } })
    let study = ''
    await act(async () => {
      study = studyList.parse(await (await ask('/api/studies')).json()).studies[0]?.study ?? ''
    }, 'study.listed')
    const read = await act(() => ask(`/api/studies/${study}`), 'study.read')
    expect(read.find(({ event }) => event === 'study.read')?.subject).toEqual({ kind: 'study', id: study })
    await act(() => ask('/api/audit/export'), 'access.refused')
    await act(() => ask('/api/session', 'DELETE'), 'session.closed')
  })

  it('records a changed setting and every reading of the log', async () => {
    await act(() => appliance.writeSettings({ assembly: { quietMs: 700 } }), 'setting.changed', 'log.read')
  })

  it('records what the agent did, as the agent says it', async () => {
    const device = deviceId.parse(appliance.configuration.device)
    const file = new AgentStatusFile(exchangePaths(appliance.configuration.exchangeFolder).agentStatus)
    const agent = new StatusReporter(file, device, systemClock, 1000)
    agent.set({ link: 'up', updates: { at: new Date().toISOString(), outcome: 'refused', code: 'rollback-attack' } })
    const told = await act(() => agent.flush(0), 'agent.reported')
    const codes = told.find(({ event }) => event === 'agent.reported')?.codes
    expect(codes).toEqual(['link-up', 'updates.refused', 'rollback-attack'])
    agent.countRefusedFile('file-damaged')
    const more = await act(() => agent.flush(1, true), 'agent.reported')
    expect(more.find(({ event }) => event === 'agent.reported')).toMatchObject({
      outcome: 'failure',
      codes: ['files-refused-1'],
    })
  })

  it('ends with its own end', async () => {
    expect(await appliance.stop()).toBe(0)
    await appliance.start()
    expect((await log()).map(({ event }) => event)).toContain('process.stopped')
  })
})
