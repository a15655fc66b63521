import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DimseError } from '../dimse/index.ts'
import { MemoryStorage } from '../dimse/testing/memory-storage.ts'
import { CR_IMAGE_STORAGE, instanceUid, type MadeObject, outgoing, studyUid } from '../dimse/testing/objects.ts'
import { type Settings, settingsSchema } from '../settings.ts'
import { MoveRouter, type PriorArchive } from './index.ts'
import { MADE, room, settingsFor } from './testing/priors-room.ts'

describe('a search for priors', () => {
  let own: Awaited<ReturnType<typeof room>>
  let settings: Settings
  let find: PriorArchive['find']
  let fetch: PriorArchive['fetch']
  const candidate = {
    studyInstanceUid: studyUid({ study: 1 }),
    patientId: 'P1',
    issuerOfPatientId: '',
    patientBirthDate: '19700101',
    studyDate: '20260301',
    studyTime: '',
    modalities: ['CR'],
    bodyParts: ['CHEST'],
  }
  const COMPLETE = {
    kind: 'complete' as const,
    status: 0,
    comment: '',
    subOperations: { remaining: 0, completed: 1, failed: 0, warning: 0 },
    failedSopInstanceUids: [],
  }
  /** Hands an object to the storage as an archive would. */
  const offer = async (storage: Parameters<PriorArchive['fetch']>[2], made: MadeObject): Promise<string> => {
    const association = { callingAeTitle: 'PACS' } as never
    const sop = { sopClassUid: CR_IMAGE_STORAGE, sopInstanceUid: instanceUid(made) }
    const sink = await storage.begin({
      association,
      ...sop,
      transferSyntaxUid: '1.2.840.10008.1.2.1',
      moveOriginator: null,
    })
    if ('kind' in sink) return sink.kind
    for await (const piece of outgoing(made).open()) await sink.write(piece)
    return (await sink.commit()).kind
  }

  beforeEach(async () => {
    settings = settingsFor({ port: 104, aeTitle: 'PACS' }, 'get', {})
    find = async () => [candidate]
    fetch = async () => COMPLETE
    const archive: PriorArchive = { find: (...all) => find(...all), fetch: (...all) => fetch(...all) }
    own = await room(
      () => settings,
      () => archive,
      new MoveRouter(new MemoryStorage(), 'LEADGLASS'),
    )
  })
  afterEach(() => own.dispose())

  it('is made once for a study, and goes on after a restart when the archive was away', async () => {
    find = () => Promise.reject(new DimseError('connection-refused', 'away'))
    let fetcher = own.make()
    await fetcher.start()
    fetcher.wanted(1)
    await fetcher.wake()
    await fetcher.stop()
    let found = 0
    find = async () => {
      found += 1
      return [candidate]
    }
    fetch = async (_source, _study, storage) => {
      await offer(storage, MADE[0] as MadeObject)
      return COMPLETE
    }
    fetcher = own.make()
    await fetcher.start()
    await fetcher.wake()
    expect(found).toBe(0)
    own.clock.advance(60_000)
    await fetcher.wake()
    fetcher.wanted(1)
    await fetcher.wake()
    expect(found).toBe(1)
    expect(fetcher.priorsOf(1)).toMatchObject([{ state: 'whole', instances: 1, source: 'pacs' }])
    await fetcher.stop()
  })

  it('refuses what is not of the study and the patient that were asked for, and what is too much', async () => {
    settings = settingsFor({ port: 104, aeTitle: 'PACS' }, 'get', { maximumBytes: 10_000 })
    const outcomes: string[] = []
    fetch = async (_source, _study, storage) => {
      const asked = { study: 1, series: 1 }
      outcomes.push(await offer(storage, { ...asked, patient: 2, instance: 1 }))
      outcomes.push(await offer(storage, { patient: 1, study: 2, series: 1, instance: 1 }))
      outcomes.push(await offer(storage, { ...asked, patient: 1, instance: 2 }))
      outcomes.push(await offer(storage, { ...asked, patient: 1, instance: 3 }))
      return COMPLETE
    }
    const fetcher = own.make()
    await fetcher.start()
    fetcher.wanted(1)
    await fetcher.wake()
    expect(outcomes).toEqual(['refused', 'refused', 'stored', 'refused'])
    expect(fetcher.priorsOf(1)).toMatchObject([{ state: 'partial', reason: 'beyond-bounds', instances: 1 }])
    await fetcher.stop()
  })

  it('is broken off by a stop, and goes on after it', async () => {
    let asked = 0
    fetch = async (_source, _study, storage, { signal }) => {
      await offer(storage, MADE[0] as MadeObject)
      asked += 1
      if (asked > 1) return COMPLETE
      await new Promise((resolve) => {
        signal.addEventListener('abort', resolve)
      })
      return { ...COMPLETE, kind: 'cancelled', status: 0xfe00 }
    }
    let fetcher = own.make()
    await fetcher.start()
    fetcher.wanted(1)
    void fetcher.wake()
    await expect.poll(() => asked).toBe(1)
    await fetcher.stop()
    expect(fetcher.priorsOf(1)).toMatchObject([{ state: 'partial', instances: 1 }])
    own.clock.advance(60_000)
    fetcher = own.make()
    await fetcher.start()
    await fetcher.wake()
    expect(fetcher.priorsOf(1)).toMatchObject([{ state: 'whole', instances: 1 }])
    await fetcher.stop()
  })

  it('waits while the appliance is under pressure', async () => {
    let found = 0
    find = async () => {
      found += 1
      return []
    }
    const fetcher = own.make()
    await fetcher.start()
    own.pressure.mayWork = false
    fetcher.wanted(1)
    await fetcher.wake()
    expect(found).toBe(0)
    own.pressure.mayWork = true
    await fetcher.wake()
    expect(found).toBe(1)
    await fetcher.stop()
  })

  it('is not made where the site wants no priors', async () => {
    settings = settingsSchema.parse({})
    const fetcher = own.make()
    await fetcher.start()
    fetcher.wanted(1)
    expect(own.held.records.priors.due(own.clock.now(), 10)).toEqual([])
    await fetcher.stop()
  })

  it('keeps files encrypted, refuses changed ones, and clears what no record knows', async () => {
    fetch = async (_source, _study, storage) => {
      await offer(storage, MADE[0] as MadeObject)
      return COMPLETE
    }
    let fetcher = own.make()
    await fetcher.start()
    fetcher.wanted(1)
    await fetcher.wake()
    const digest = fetcher.priorsOf(1)[0]?.objects[0]?.digest ?? ''
    const path = join(own.folder, digest.slice(0, 2), `${digest}.dcm`)
    const bytes = await readFile(path)
    expect(bytes.includes('TEST^PATIENT1')).toBe(false)
    bytes[100] = (bytes[100] ?? 0) ^ 1
    await writeFile(path, bytes)
    await expect(fetcher.read(digest)).rejects.toThrow()
    await fetcher.stop()
    const stray = join(own.folder, digest.slice(0, 2), `${'0'.repeat(64)}.dcm`)
    await writeFile(stray, 'x')
    fetcher = own.make()
    await fetcher.start()
    expect(await readdir(join(own.folder, digest.slice(0, 2)))).toEqual([`${digest}.dcm`])
    await fetcher.stop()
  })

  it('lets nothing of a move that was given up become a study', async () => {
    const inner = new MemoryStorage()
    const router = new MoveRouter(inner, 'LEADGLASS')
    const facts = { sopClassUid: CR_IMAGE_STORAGE, sopInstanceUid: '1.1', transferSyntaxUid: '1.2.840.10008.1.2.1' }
    const association = { callingAeTitle: 'PACS' } as never
    const ours = await router.begin({ ...facts, association, moveOriginator: { aeTitle: 'LEADGLASS ', messageId: 1 } })
    expect(ours).toMatchObject({ kind: 'refused', status: 0xa700 })
    expect('write' in (await router.begin({ ...facts, association, moveOriginator: null }))).toBe(true)
    const other = await router.begin({ ...facts, association, moveOriginator: { aeTitle: 'VIEWER', messageId: 1 } })
    expect('write' in other).toBe(true)
  })
})
