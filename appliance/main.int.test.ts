import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeEvent, encodeVerifierKey, parseVerifierKey } from '@leadglass/sync-agent/audit-log'
import type { DeviceId } from '@leadglass/sync-agent/contract'
import { health, logExport } from '@leadglass/ui/contract/local-api'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { initialiseAppliance, openEgressEpoch } from './commands.ts'
import { ApplianceProcess } from './testing/appliance-process.ts'

const MAIN = join(import.meta.dirname, 'main.ts')

describe('the appliance process', () => {
  let root: string
  let appliance: ApplianceProcess
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'leadglass-main-'))
    appliance = new ApplianceProcess(root)
  })
  afterEach(async () => {
    await appliance.kill()
    await rm(root, { recursive: true, force: true })
  })

  const device = 'test-box' as DeviceId

  it('starts in an empty folder, answers, and stops in order with a caller still connected', async () => {
    await appliance.start()
    expect((await appliance.get('/api/health', health)).status).toBe('ok')
    const idle = connect(appliance.dimsePort, '127.0.0.1')
    await once(idle, 'connect')
    expect(await appliance.stop()).toBe(0)
    idle.destroy()
    await appliance.start()
    expect(await appliance.stop()).toBe(0)
  })

  it('keeps its folder and secrets to itself', async () => {
    await appliance.start()
    const { folders } = appliance
    for (const path of [folders.records, folders.databaseKey, folders.siteSecret, folders.operatorToken]) {
      expect((await stat(path)).mode & 0o077, path).toBe(0)
    }
  })

  it.each([
    ['no configuration', [] as string[]],
    ['a file that is not there', ['--config', '/nonexistent/config.json']],
  ])('ends with 1 and a line of JSON: %s', (_name, args) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' })
    expect(status).toBe(1)
    expect(stdout).toBe('')
    expect(JSON.parse(stderr.trim().split('\n').at(-1) ?? '')).toMatchObject({ event: 'process.start-failed' })
  })

  it('says which setting it does not understand, and does not start', async () => {
    await appliance.writeSettings({
      destinations: [{ name: 'pacs', aeTitle: 'A TITLE FAR TOO LONG', host: 'x', port: 1 }],
    })
    await expect(appliance.start()).rejects.toThrow(/destinations/)
  })

  it('does not start when its port is taken', async () => {
    const other = createServer()
    other.listen(0, '127.0.0.1')
    await once(other, 'listening')
    const address = other.address()
    const dimsePort = typeof address === 'object' && address !== null ? address.port : 0
    const path = join(root, 'config.json')
    await writeFile(path, JSON.stringify({ ...appliance.configuration, dimsePort }))
    const { status, stderr } = spawnSync(process.execPath, [MAIN, '--config', path], {
      encoding: 'utf8',
      timeout: 30_000,
    })
    other.close()
    expect(status).toBe(1)
    expect(stderr).toContain('listen-failed')
  })

  it('is prepared once: a second call makes only what is missing', async () => {
    const request = {
      folder: appliance.configuration.dataFolder,
      device,
      accounts: [{ userName: 'reader', role: 'radiologist' as const }],
    }
    const first = await initialiseAppliance(request)
    const second = await initialiseAppliance({
      ...request,
      accounts: [...request.accounts, { userName: 'admin', role: 'site-admin' as const }],
    })
    expect(first.accounts.map((one) => one.userName)).toEqual(['reader'])
    expect(first.accounts[0]?.password.length).toBeGreaterThan(20)
    expect(second.accounts.map((one) => one.userName)).toEqual(['admin'])
    expect(second.auditVerifierKey).toBe(first.auditVerifierKey)
    const key = parseVerifierKey(first.auditVerifierKey)
    expect(key === undefined ? '' : encodeVerifierKey(key)).toBe(first.auditVerifierKey)
    const third = await initialiseAppliance({ ...request, resetPasswords: true })
    expect(third.accounts[0]?.password).not.toBe(first.accounts[0]?.password)
  })

  it('never exchanges what it trusts', async () => {
    const policy = {
      schema: 'leadglass.approval-policy/1' as const,
      minimumApprovals: 2,
      requiredRoles: ['clinical' as const],
      initialRootDigest: 'a'.repeat(64),
    }
    const request = { folder: appliance.configuration.dataFolder, device, accounts: [] }
    await initialiseAppliance({ ...request, trust: { initialRoot: Buffer.from('one'), policy } })
    await initialiseAppliance({ ...request, trust: { initialRoot: Buffer.from('one'), policy } })
    await expect(
      initialiseAppliance({ ...request, trust: { initialRoot: Buffer.from('two'), policy } }),
    ).rejects.toThrow(/never replaced/)
    expect(await readFile(appliance.folders.initialRoot, 'utf8')).toBe('one')
  })

  it('opens a new epoch after a restore', async () => {
    await initialiseAppliance({ folder: appliance.configuration.dataFolder, device, accounts: [] })
    const request = { folder: appliance.configuration.dataFolder, device, reason: 'restored' as const }
    expect(await openEgressEpoch(request)).toBe(2)
    expect(await openEgressEpoch(request)).toBe(3)
    await appliance.start()
    const { leaves } = await appliance.get('/api/audit/export', logExport)
    const restored = leaves
      .map((leaf) => decodeEvent(Buffer.from(leaf, 'base64')))
      .filter((event) => event?.event === 'backup.restored')
    expect(restored.map((event) => event?.codes)).toEqual([
      ['epoch-2', 'restored'],
      ['epoch-3', 'restored'],
    ])
  })
})
