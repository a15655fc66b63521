import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { exchangePaths } from '@leadglass/sync-agent/exchange'
import { ingestSummary } from '@leadglass/ui/contract/hub-api'
import { type SyncEpoch, syncEpoch, syncStatus } from '@leadglass/ui/contract/local-api'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startThrowawayInstance, type ThrowawayInstance } from '../start/throwaway.ts'

const CLI = resolve(import.meta.dirname, 'main.ts')

describe('the way to the hub of a whole instance', () => {
  let folder: string
  let instance: ThrowawayInstance

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'leadglass-sync-'))
    instance = await startThrowawayInstance(folder)
  }, 120_000)

  afterAll(async () => {
    await instance.stop()
    await rm(folder, { recursive: true, force: true })
  })

  async function leadglass(...words: readonly string[]): Promise<{ status: number | null; stdout: string }> {
    const child = spawn(process.execPath, [CLI, ...words, '--data', folder], { stdio: ['ignore', 'pipe', 'inherit'] })
    let stdout = ''
    child.stdout.on('data', (part: Buffer) => {
      stdout += part.toString('utf8')
    })
    const status = await new Promise<number | null>((done) => child.once('close', done))
    return { status, stdout }
  }

  it('proves the present epoch: the same root on both sides, which the hub shows too', async () => {
    const { status, stdout } = await leadglass('sync', 'prove', '--json')
    const found: SyncEpoch = syncEpoch.parse(JSON.parse(stdout))
    expect(found).toMatchObject({ epoch: 1, closed: false, verdict: 'equal', differences: [] })
    expect(status).toBe(0)
    expect(found.envelopes).toBeGreaterThan(0)
    expect(found.hubRoot).toBe(found.root)
    const hub = await instance.client.request({
      service: 'hub',
      method: 'GET',
      path: '/api/ingest/summary',
      schema: ingestSummary,
    })
    expect(hub.devices[0]?.compared?.[0]).toMatchObject({ epoch: 1, equal: true, hubRoot: found.hubRoot })
    expect(hub.orphans).toEqual([])
  }, 120_000)

  it('says how the classes stand, and tells the agent how to use the line', async () => {
    const { status, stdout } = await leadglass('sync', 'status', '--json')
    expect(status).toBe(0)
    const facts = syncStatus.parse(JSON.parse(stdout))
    expect(facts.classes.map(({ stream, quota }) => [stream, quota === null])).toEqual([
      ['audit', true],
      ['labels', true],
      ['drift', false],
      ['features', false],
      ['health', false],
    ])
    const policy: unknown = JSON.parse(await readFile(exchangePaths(instance.layout.exchange).policy, 'utf8'))
    expect(policy).toEqual({ schema: 'leadglass.sync-policy/1', bytesPerSecond: null, shut: [] })
  }, 60_000)

  it('names the one effect that was changed behind the hub’s back, and fails', async () => {
    const database = new Database(join(instance.layout.hub.folder, 'hub.db'), { timeout: 10_000 })
    database
      .prepare(
        "UPDATE device_health SET software_version = '9.9.9' WHERE envelope = (SELECT min(envelope) FROM device_health)",
      )
      .run()
    database.close()
    const { status, stdout } = await leadglass('sync', 'prove', '--epoch', '1')
    expect(stdout).toContain('NOT EQUAL')
    expect(stdout).toMatch(/^ {2}health 1$/m)
    expect(status).toBe(1)
  }, 120_000)
})
