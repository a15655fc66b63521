import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DeviceId } from '@leadglass/sync-agent/contract'
import { systemRandomness } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { initialiseAppliance } from './commands.ts'
import { makeApplianceFolders } from './folders.ts'
import { openRecords } from './records/index.ts'
import { ensureSecrets } from './secrets.ts'

const DEVICE = 'test-box' as DeviceId

describe('keys that lie elsewhere', () => {
  let root: string
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'leadglass-secrets-'))
  })
  afterEach(() => {
    rmSync(root, { recursive: true, force: true })
  })

  it('are made there and nowhere else, and open the database', async () => {
    const [folder, keysFolder] = [join(root, 'data'), join(root, 'keys')]
    mkdirSync(keysFolder)
    await initialiseAppliance({ folder, keysFolder, device: DEVICE, accounts: [] })
    expect(readdirSync(keysFolder).toSorted()).toEqual(['database.key', 'site.secret', 'spool.key'])
    for (const name of readdirSync(keysFolder)) expect(existsSync(join(folder, 'secrets', name)), name).toBe(false)
    const folders = await makeApplianceFolders(folder, keysFolder)
    const { databaseKey } = await ensureSecrets(folders, DEVICE, systemRandomness)
    const records = openRecords(folders.records, databaseKey)
    expect(records.studies.totals().instances).toBe(0)
    records.close()
  })

  it('are never made anew beside a database that is there', async () => {
    const folder = join(root, 'data')
    await initialiseAppliance({ folder, device: DEVICE, accounts: [] })
    const folders = await makeApplianceFolders(folder)
    renameSync(folders.siteSecret, join(root, 'moved'))
    await expect(ensureSecrets(folders, DEVICE, systemRandomness)).rejects.toThrow(/site\.secret is missing/)
    expect(existsSync(folders.siteSecret)).toBe(false)
  })
})
