import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock, silentLogger, systemRandomness } from '@leadglass/sync-agent/foundation'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { peer } from '../../installer/testing/peers.ts'
import { AssociationRequester, DimseError, encodeFileMeta, findPriors, KEY } from '../dimse/index.ts'
import { startArchive } from '../dimse/testing/dcmqrscp.ts'
import { freePort, runDcmtk } from '../dimse/testing/dcmtk.ts'
import { startListener } from '../dimse/testing/listener.ts'
import { acceptAnyone, MemoryStorage } from '../dimse/testing/memory-storage.ts'
import {
  CR_IMAGE_STORAGE,
  instanceUid,
  type MadeObject,
  outgoing,
  radiograph,
  studyUid,
} from '../dimse/testing/objects.ts'
import { startOrthanc } from '../dimse/testing/orthanc.ts'
import { concat, parsePart10, uid, writePart10 } from '../imaging/dataset/index.ts'
import { type Settings, settingsSchema } from '../settings.ts'
import { arrivalOf } from '../testing/arrivals.ts'
import { temporaryRecords } from '../testing/memory-records.ts'
import { MoveRouter, type PriorArchive, PriorFetcher, PriorVault } from './index.ts'

/** Two earlier chests and a hand of patient 1; another patient whose ID begins alike. */
const MADE: readonly MadeObject[] = [
  { patient: 1, study: 1, series: 1, instance: 1, studyDate: '20260301' },
  { patient: 1, study: 1, series: 1, instance: 2, studyDate: '20260301' },
  { patient: 1, study: 2, series: 1, instance: 1, studyDate: '20250301' },
  { patient: 1, study: 3, series: 1, instance: 1, studyDate: '20251201', bodyPart: 'HAND' },
  { patient: 12, study: 4, series: 1, instance: 1, studyDate: '20251111' },
]

/** The study that comes now: a chest of patient 1. */
const CURRENT = radiograph({ patient: 1, study: 9, series: 1, instance: 1, studyDate: '20260401' })

interface Archive {
  readonly port: number
  readonly aeTitle: string
  stop(): Promise<void>
}

const ARCHIVES: readonly [string, string | undefined, (program: string, port: number) => Promise<Archive>][] = [
  [
    'dcmqrscp',
    peer('dcmqrscp'),
    async (program, port) => ({ aeTitle: 'ARCHIVE', ...(await startArchive(program, port)) }),
  ],
  [
    'Orthanc',
    peer('Orthanc'),
    async (program, port) => {
      const orthanc = await startOrthanc(program, port)
      return { aeTitle: 'ORTHANC', port: orthanc.dicomPort, stop: () => orthanc.stop() }
    },
  ],
]

function settingsFor(archive: Pick<Archive, 'port' | 'aeTitle'>, retrieve: 'get' | 'move', priors: object): Settings {
  const { port, aeTitle } = archive
  return settingsSchema.parse({
    sources: [{ name: 'pacs', aeTitle, host: '127.0.0.1', port, retrieve }],
    priors: { maximum: 2, ...priors },
  })
}

/** A fetcher over a database and a folder of its own. */
async function room(settings: () => Settings, archive: (router: MoveRouter) => PriorArchive, router: MoveRouter) {
  const held = temporaryRecords()
  const folder = await mkdtemp(join(tmpdir(), 'leadglass-priors-'))
  const clock = new ManualClock(1_800_000_000_000)
  const audited: string[] = []
  const pressure = { mayWork: true }
  const note = (event: { event: string; codes?: readonly string[] }): void => {
    audited.push(`${event.event} ${event.codes?.join(' ') ?? ''}`)
  }
  const meta = {
    mediaStorageSopClassUid: CR_IMAGE_STORAGE,
    mediaStorageSopInstanceUid: instanceUid({ study: 9, series: 1, instance: 1 }),
    transferSyntaxUid: '1.2.840.10008.1.2.1',
  }
  const make = (): PriorFetcher =>
    new PriorFetcher({
      records: held.records,
      vault: new PriorVault({ folder, key: new Uint8Array(32).fill(5), randomness: systemRandomness }),
      archive: archive(router),
      readInstance: async () => concat(writePart10({ meta, dataSet: CURRENT })),
      encodeFileMeta: ({ sopClassUid, sopInstanceUid, transferSyntaxUid }) =>
        encodeFileMeta({ sopClassUid, sopInstanceUid, transferSyntaxUid }),
      settings,
      mayWork: () => pressure.mayWork,
      audit: { record: note, recordNow: note },
      clock,
      logger: silentLogger,
      onChanged: () => undefined,
    })
  held.records.transaction(() => held.records.intake.register(arrivalOf('1.1', { study: studyUid({ study: 9 }) })))
  return {
    held,
    folder,
    clock,
    audited,
    pressure,
    make,
    dispose: async () => {
      held.dispose()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

describe.each(ARCHIVES)('priors from %s', (name, program, start) => {
  describe.skipIf(program === undefined)(`[needs ${name}]`, () => {
    const requester = new AssociationRequester()
    // DCMTK's archive does not tell body parts, so the newest of any body part are taken there.
    const tells = name === 'Orthanc'
    const intake = new MemoryStorage()
    const router = new MoveRouter(intake, 'LEADGLASS')
    let archive: Archive
    let listener: Awaited<ReturnType<typeof startListener>>
    beforeAll(async () => {
      const port = await freePort()
      listener = await startListener({}, { port, storage: router, policy: acceptAnyone })
      archive = await start(program ?? '', port)
      const destination = {
        host: '127.0.0.1',
        port: archive.port,
        calledAeTitle: archive.aeTitle,
        callingAeTitle: 'LEADGLASS',
      }
      const results = new Set<string>()
      await requester.sendInstances(destination, MADE.map(outgoing), (_, { kind }) => {
        results.add(kind)
      })
      expect([...results]).toEqual(['accepted'])
    }, 60_000)
    afterAll(async () => {
      await listener.server.stop()
      await archive.stop()
    })

    const real = (own: MoveRouter): PriorArchive => {
      const to = ({ host, port, aeTitle }: Settings['sources'][number]) => ({
        host,
        port,
        calledAeTitle: aeTitle,
        callingAeTitle: 'LEADGLASS',
      })
      return {
        find: (source, current, rule) => findPriors(requester, to(source), current, rule),
        fetch: (source, study, storage, { maximumInstances: maxInstances, signal }) =>
          source.retrieve === 'get'
            ? requester.get(to(source), 'STUDY', { [KEY.studyInstanceUid]: study }, storage, { maxInstances, signal })
            : own.during(storage, () =>
                requester.move(to(source), 'STUDY', { [KEY.studyInstanceUid]: study }, 'LEADGLASS'),
              ),
      }
    }

    it.each(['get', 'move'] as const)(
      'by C-%s: the newest of the same patient, modality and body part',
      async (retrieve) => {
        const own = await room(() => settingsFor(archive, retrieve, { sameBodyPart: tells }), real, router)
        const fetcher = own.make()
        await fetcher.start()
        fetcher.wanted(1)
        await fetcher.wake()
        expect(own.audited).toEqual(['prior.fetched studies-2 instances-3'])
        const priors = fetcher.priorsOf(1)
        expect(priors.map(({ studyInstanceUid, state, instances }) => [studyInstanceUid, state, instances])).toEqual([
          [studyUid({ study: 1 }), 'whole', 2],
          [studyUid({ study: tells ? 2 : 3 }), 'whole', 1],
        ])
        const [first] = priors[0]?.objects ?? []
        const { dataSet } = parsePart10(await fetcher.read(first?.digest ?? ''))
        expect(uid(dataSet, 0x0020000d)).toBe(studyUid({ study: 1 }))
        expect(own.audited).toEqual(['prior.fetched studies-2 instances-3'])
        // Priors are no studies, and nothing of them went the way of an instance that was sent to be scored.
        expect(own.held.records.studies.countsByState()).toEqual({ receiving: 1 })
        expect(intake.instances).toEqual([])
        await fetcher.stop()
        await own.dispose()
      },
    )

    const movescu = peer('movescu')
    it.skipIf(movescu === undefined)(
      'what somebody else moves here goes the way of any instance [needs movescu]',
      async () => {
        const node = ['-aet', 'VIEWER', '-aec', archive.aeTitle, '-aem', 'LEADGLASS', '127.0.0.1', String(archive.port)]
        const keys = ['-k', 'QueryRetrieveLevel=STUDY', '-k', `StudyInstanceUID=${studyUid({ study: 1 })}`]
        expect(await runDcmtk(movescu ?? '', '-S', ...keys, ...node)).toMatchObject({ code: 0 })
        await expect.poll(() => intake.instances.length, { timeout: 10_000 }).toBe(2)
        intake.instances.length = 0
      },
    )

    it('takes no more instances of a study than the bound', async () => {
      const own = await room(
        () => settingsFor(archive, 'get', { maximum: 1, maximumInstances: 1, sameBodyPart: tells }),
        real,
        router,
      )
      const fetcher = own.make()
      await fetcher.start()
      fetcher.wanted(1)
      await fetcher.wake()
      expect(fetcher.priorsOf(1)).toMatchObject([{ state: 'partial', instances: 1 }])
      await fetcher.stop()
      await own.dispose()
    })
  })
})

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
