import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { applianceFolders } from '../../../appliance/folders.ts'
import { createProgress } from '../../cli/progress.ts'
import { peer } from '../../testing/peers.ts'
import { type ApplianceSite, ApplianceUnderTest, prepareSite } from './appliance-under-test.ts'
import { isSound } from './check.ts'
import { Ledger } from './ledger.ts'
import { ObjectSource } from './objects.ts'
import { verdictOn } from './part.ts'
import { RecordingSender } from './sender.ts'
import { tornTail } from './torn-tail.ts'

const strace = peer('strace')

describe('the receive fault run, on a tiny scale', () => {
  let root: string
  let site: ApplianceSite
  let appliance: ApplianceUnderTest
  const ledger = new Ledger()
  const sender = new RecordingSender(ledger)
  const source = new ObjectSource(7, '7900')

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'leadglass-receive-'))
    site = await prepareSite(root)
    appliance = new ApplianceUnderTest(site)
  })

  afterAll(async () => {
    await appliance.kill()
    await rm(root, { recursive: true, force: true })
  })

  it('finds everything acknowledged after a kill in mid-receive', async () => {
    await appliance.start()
    const sending = sender.send(appliance.port, source.mixed(200), 3)
    while (ledger.acknowledged < 10) await new Promise((resolve) => setTimeout(resolve, 5))
    await appliance.kill()
    await sending
    await appliance.start()
    expect(await appliance.stop()).toBe(0)
    const verdict = await verdictOn(ledger, site.dataFolder)
    expect(verdict.acknowledged).toBeGreaterThanOrEqual(10)
    expect(verdict.recovered).toBe(verdict.acknowledged)
    expect(isSound(verdict)).toBe(true)
  })

  it('notices that acknowledged instances are gone when their files are', async () => {
    await rm(applianceFolders(site.dataFolder).spool, { recursive: true })
    const verdict = await verdictOn(ledger, site.dataFolder)
    expect(verdict.lost).toHaveLength(verdict.acknowledged)
    expect(isSound(verdict)).toBe(false)
  })

  it.skipIf(strace === undefined)('survives a cut of everything unsynced (skipped without strace)', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'leadglass-torn-'))
    try {
      const rows = await tornTail.run({ progress: createProgress(), seed: 1, full: false, rounds: 1, folder })
      expect(rows).toHaveLength(2)
      for (const { verdict } of rows) {
        expect(verdict.acknowledged).toBeGreaterThanOrEqual(1)
        expect(verdict.lost).toEqual([])
        expect(isSound(verdict)).toBe(true)
      }
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})
