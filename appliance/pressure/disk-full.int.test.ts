import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, statfs, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { phantomDicom } from '@leadglass/models'
import { type DeviceStatus, deviceStatus, logExport, studyList } from '@leadglass/ui/contract/local-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { peer } from '../../installer/testing/peers.ts'
import { AssociationRequester, type InstanceResult, type RequestedAssociation, splitPart10 } from '../dimse/index.ts'
import { ApplianceProcess, eventually } from '../testing/appliance-process.ts'
import { sendObjects } from '../testing/send-objects.ts'

const UNSHARE = peer('unshare') ?? 'unshare'

/** Whether this user may mount a small file system in a mount namespace of its own. */
const mayMount =
  spawnSync(UNSHARE, ['-m', 'sh', '-c', 'mount -t tmpfs -o size=1m tmpfs /mnt'], { stdio: 'ignore' }).status === 0

const MIB = 1024 * 1024
const SETTINGS = {
  assembly: { quietMs: 300 },
  limits: { minimumFreeBytes: 24 * MIB },
  pressure: { softFreeBytes: 48 * MIB, recoverPercent: 10 },
}

describe.skipIf(!mayMount)('a disk that fills up [needs permission to mount: unshare -m]', () => {
  let root: string
  let appliance: ApplianceProcess
  let seed = 0
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'leadglass-full-'))
    // The mount is seen by the appliance and its children only, and goes with them.
    appliance = new ApplianceProcess(root, { tmpfsOptions: 'size=96m,nr_inodes=4096' })
    await appliance.start()
    await appliance.writeSettings(SETTINGS)
    await eventually(async () => ((await status()).pressure.level === 'none' ? true : undefined), 'no pressure')
  })
  afterAll(async () => {
    await appliance.kill()
    await rm(root, { recursive: true, force: true })
  })

  const status = (): Promise<DeviceStatus> => appliance.get('/api/device', deviceStatus)
  const filler = (): string => join(appliance.folderAsSeenInside, 'filler')
  const target = () => ({
    host: '127.0.0.1',
    port: appliance.dimsePort,
    calledAeTitle: 'LEADGLASS',
    callingAeTitle: 'MODALITY',
  })
  const object = (): Uint8Array => {
    seed += 1
    return phantomDicom({ seed: 40 + seed, index: 1, rows: 128, columns: 128 }).bytes
  }
  const level = (wanted: DeviceStatus['pressure']['level']): Promise<DeviceStatus> =>
    eventually(async () => {
      const now = await status()
      return now.pressure.level === wanted ? now : undefined
    }, `level ${wanted}`)
  /** Leaves so many bytes free. */
  const leave = async (bytes: number): Promise<void> => {
    await rm(filler(), { force: true })
    const disk = await statfs(appliance.folderAsSeenInside)
    await writeFile(filler(), Buffer.alloc(disk.bavail * disk.bsize - bytes, 1))
  }

  it('passes the soft and the hard mark, refuses what is new, and comes back by itself', async () => {
    expect((await send(appliance.dimsePort, [object()]))[0]?.kind).toBe('accepted')
    const requester = new AssociationRequester()
    const open = await requester.requestAssociation({
      ...target(),
      presentationContexts: [
        { abstractSyntax: '1.2.840.10008.5.1.4.1.1.1.1', transferSyntaxes: ['1.2.840.10008.1.2.1'] },
      ],
    })

    await leave(36 * MIB)
    expect((await level('soft')).pressure.causes).toEqual(['free-bytes'])
    expect((await send(appliance.dimsePort, [object()]))[0]?.kind).toBe('accepted')

    await leave(16 * MIB)
    const full = await level('hard')
    expect(full.disk.low).toBe(true)
    // A new association that wants to store: rejected as transient. One that only verifies: answered.
    const [refused] = await send(appliance.dimsePort, [object()])
    expect(refused).toMatchObject({ kind: 'not-sent', error: { code: 'association-rejected-transient' } })
    expect(await requester.echo(target())).toEqual({ status: 0 })
    // The association that was open goes on, and hears A700H.
    expect(await storeOn(open, object())).toBe(0xa700)
    const held = full.totals.instances

    await truncate(filler(), 0)
    await level('none')
    expect(await storeOn(open, object())).toBe(0)
    await open.release()
    expect((await send(appliance.dimsePort, [object()]))[0]?.kind).toBe('accepted')
    await eventually(async () => ((await status()).totals.instances === held + 2 ? true : undefined), 'both instances')
    expect((await status()).disk.low).toBe(false)
  })

  it('counts inodes as it counts bytes', async () => {
    const folder = appliance.folderAsSeenInside
    const made: string[] = []
    for (let number = 0; number < 4096; number += 1) {
      const path = join(folder, `inode-${number}`)
      try {
        await writeFile(path, '')
        made.push(path)
      } catch {
        break
      }
      if (number % 128 === 0 && (await status()).pressure.level === 'hard') break
    }
    expect((await level('hard')).pressure.causes).toEqual(['free-inodes'])
    expect((await send(appliance.dimsePort, [object()]))[0]).toMatchObject({ kind: 'not-sent' })
    for (const path of made) await rm(path)
    await level('none')
    expect((await send(appliance.dimsePort, [object()]))[0]?.kind).toBe('accepted')
  })

  it('lost nothing that was taken, finished it, and wrote each change into the log', async () => {
    const list = await eventually(async () => {
      const page = await appliance.get('/api/studies', studyList)
      return page.studies.every(({ state }) => state !== 'receiving' && state !== 'queued' && state !== 'running')
        ? page
        : undefined
    }, 'all work done')
    const accepted = 5
    expect(list.studies.reduce((sum, { instances }) => sum + instances, 0)).toBe(accepted)
    const events = (await appliance.get('/api/audit/export', logExport)).leaves
      .map((leaf) => JSON.parse(Buffer.from(leaf, 'base64').toString('utf8')) as { event: string; codes: string[] })
      .filter(({ event }) => event.startsWith('pressure.') || event.startsWith('intake.'))
    expect(events.map(({ event, codes }) => `${event} ${codes.join(' ')}`)).toEqual(
      expect.arrayContaining([
        'pressure.changed level-soft free-bytes',
        'intake.paused level-hard free-bytes',
        'intake.paused level-hard free-inodes',
        'intake.resumed level-none',
      ]),
    )
  })
})

async function send(port: number, objects: readonly Uint8Array[]): Promise<InstanceResult[]> {
  const results: InstanceResult[] = []
  await sendObjects(port, objects, (_at, _uid, result) => {
    results.push(result)
  })
  return results
}

async function storeOn(association: RequestedAssociation, bytes: Uint8Array): Promise<number> {
  const instance = await splitPart10(async function* () {
    yield bytes
  })
  return (await association.cStore({ ...instance, dataSet: instance.open() })).status
}
