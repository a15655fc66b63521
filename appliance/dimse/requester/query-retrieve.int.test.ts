import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { peer } from '../../../installer/testing/peers.ts'
import { concat, type DataSet, text, uid, writeDataSet } from '../../imaging/dataset/index.ts'
import { EXPLICIT_VR_LITTLE_ENDIAN } from '../facts/uids.ts'
import { findPriors } from '../query/find-priors.ts'
import { KEY } from '../query/identifiers.ts'
import { nodeAt } from '../testing/commitment-nodes.ts'
import { startArchive } from '../testing/dcmqrscp.ts'
import { freePort } from '../testing/dcmtk.ts'
import { startListener } from '../testing/listener.ts'
import { MemoryStorage } from '../testing/memory-storage.ts'
import { CR_IMAGE_STORAGE, instanceUid, type MadeObject, outgoing, radiograph, studyUid } from '../testing/objects.ts'
import { startOrthanc } from '../testing/orthanc.ts'
import type { FindEnd } from './find.ts'
import type { Destination } from './options.ts'
import { AssociationRequester } from './requester.ts'

const requester = new AssociationRequester()

/** Three studies of patient 1 (one of them a hand), one of patient 12, whose ID begins alike. */
const MADE: readonly MadeObject[] = [
  ...[1, 2, 3, 4, 5].map((instance) => ({ patient: 1, study: 1, series: 1, instance, studyDate: '20260301' })),
  { patient: 1, study: 1, series: 2, instance: 1, studyDate: '20260301' },
  { patient: 1, study: 2, series: 1, instance: 1, studyDate: '20250301' },
  { patient: 1, study: 3, series: 1, instance: 1, studyDate: '20251201', bodyPart: 'HAND' },
  { patient: 12, study: 4, series: 1, instance: 1, studyDate: '20251111' },
  ...Array.from({ length: 60 }, (_, index) => ({ patient: 5, study: 5, series: 1, instance: index + 1, pixels: 256 })),
]

interface Archive {
  readonly destination: Destination
  stop(): Promise<void>
}

const ARCHIVES: readonly [string, string | undefined, (program: string, port: number) => Promise<Archive>][] = [
  [
    'dcmqrscp',
    peer('dcmqrscp'),
    async (program, port) => {
      const archive = await startArchive(program, port)
      return { destination: nodeAt(archive.port, 'ARCHIVE'), stop: () => archive.stop() }
    },
  ],
  [
    'Orthanc',
    peer('Orthanc'),
    async (program, port) => {
      const orthanc = await startOrthanc(program, port)
      return { destination: nodeAt(orthanc.dicomPort, 'ORTHANC'), stop: () => orthanc.stop() }
    },
  ],
]

async function all(matches: AsyncGenerator<DataSet, FindEnd, void>): Promise<{ found: DataSet[]; end: FindEnd }> {
  const found: DataSet[] = []
  for (;;) {
    const next = await matches.next()
    if (next.done === true) return { found, end: next.value }
    found.push(next.value)
  }
}

describe.each(ARCHIVES)('query and retrieve with %s as the archive', (name, program, start) => {
  describe.skipIf(program === undefined)(`[needs ${name}]`, () => {
    let archive: Archive
    let listener: Awaited<ReturnType<typeof startListener>>
    beforeAll(async () => {
      const port = await freePort()
      listener = await startListener({}, { port })
      archive = await start(program ?? '', port)
      const results = new Set<string>()
      await requester.sendInstances(archive.destination, MADE.map(outgoing), (_, { kind }) => {
        results.add(kind)
      })
      expect([...results]).toEqual(['accepted'])
    }, 60_000)
    afterAll(async () => {
      await listener.server.stop()
      await archive.stop()
    })

    it('finds studies by patient, newest and oldest alike', async () => {
      const keys = { [KEY.patientId]: 'P1', [KEY.studyInstanceUid]: '', [KEY.studyDate]: '' }
      const { found, end } = await all(requester.find(archive.destination, 'STUDY', keys))
      expect(end).toBe('complete')
      expect(found.map((match) => uid(match, KEY.studyInstanceUid)).sort()).toEqual(
        [1, 2, 3].map((study) => studyUid({ study })),
      )
      expect(found.map((match) => text(match, KEY.studyDate)).sort()).toEqual(['20250301', '20251201', '20260301'])
    })

    it('finds nothing where there is nothing', async () => {
      expect(await all(requester.find(archive.destination, 'STUDY', { [KEY.patientId]: 'NOBODY' }))).toEqual({
        found: [],
        end: 'complete',
      })
    })

    it('takes no more matches than the bound, and says so', async () => {
      const keys = {
        [KEY.studyInstanceUid]: studyUid({ study: 5 }),
        [KEY.seriesInstanceUid]: `${studyUid({ study: 5 })}.1`,
        [KEY.sopInstanceUid]: '',
      }
      const { found, end } = await all(requester.find(archive.destination, 'IMAGE', keys, { maximum: 7 }))
      expect(found).toHaveLength(7)
      expect(end).toBe('bounded')
      expect((await all(requester.find(archive.destination, 'IMAGE', keys, { maximum: 60 }))).end).toBe('complete')
    })

    it('ends early when the caller breaks off or aborts', async () => {
      const keys = {
        [KEY.studyInstanceUid]: studyUid({ study: 5 }),
        [KEY.seriesInstanceUid]: `${studyUid({ study: 5 })}.1`,
        [KEY.sopInstanceUid]: '',
      }
      for await (const match of requester.find(archive.destination, 'IMAGE', keys)) {
        expect(uid(match, KEY.sopInstanceUid)).toBeDefined()
        break
      }
      const controller = new AbortController()
      const matches = requester.find(archive.destination, 'IMAGE', keys, { signal: controller.signal })
      expect((await matches.next()).done).toBe(false)
      controller.abort()
      expect(await matches.next()).toEqual({ done: true, value: 'cancelled' })
    })

    it('counts the instances of a study', async () => {
      const count = await requester.countStudyInstances(archive.destination, studyUid({ study: 1 }))
      expect(count).toMatchObject({ kind: 'counted', instances: 6 })
      expect(await requester.countStudyInstances(archive.destination, '1.2.3.404')).toEqual({ kind: 'unknown-study' })
    })

    it('moves a study to our listener', async () => {
      listener.storage.instances.length = 0
      const progress: number[] = []
      const outcome = await requester.move(
        archive.destination,
        'STUDY',
        { [KEY.studyInstanceUid]: studyUid({ study: 1 }) },
        'LEADGLASS',
        { onProgress: ({ completed }) => progress.push(completed) },
      )
      expect(outcome).toMatchObject({ kind: 'complete', status: 0, failedSopInstanceUids: [] })
      await expect.poll(() => listener.storage.instances.length).toBe(6)
      expect(listener.storage.instances[0]?.facts.moveOriginator?.aeTitle.trim()).toBe('LEADGLASS')
    })

    it('is refused to move to a title that the archive does not know', async () => {
      const keys = { [KEY.studyInstanceUid]: studyUid({ study: 1 }) }
      const outcome = await requester.move(archive.destination, 'STUDY', keys, 'NOWHERE')
      expect(outcome.kind).toBe('refused')
      expect(outcome.status).not.toBe(0)
    })

    it('gets a study on the same association, byte for byte', async () => {
      const storage = new MemoryStorage()
      const outcome = await requester.get(
        archive.destination,
        'STUDY',
        { [KEY.studyInstanceUid]: studyUid({ study: 5 }) },
        storage,
      )
      expect(outcome).toMatchObject({ kind: 'complete', subOperations: { completed: 60, failed: 0 } })
      expect(storage.instances).toHaveLength(60)
      const wanted = MADE.at(-1)
      if (wanted === undefined) throw new Error('no object')
      const got = storage.instances.find(({ facts }) => facts.sopInstanceUid === instanceUid(wanted))
      expect(got?.facts).toMatchObject({ sopClassUid: CR_IMAGE_STORAGE, transferSyntaxUid: EXPLICIT_VR_LITTLE_ENDIAN })
      const pixels = concat(writeDataSet(radiograph(wanted), EXPLICIT_VR_LITTLE_ENDIAN)).subarray(-2 * 256 * 256)
      expect(got?.dataSet.subarray(-pixels.length).equals(pixels)).toBe(true)
      expect(storage.accepted).toHaveLength(1)
      expect(storage.ended).toMatchObject([{ how: 'released', counts: { stored: 60, refused: 0 } }])
      expect(storage.accepted[0]?.callingAeTitle).toBe(archive.destination.calledAeTitle)
    })

    it('gets no more than it may', async () => {
      const storage = new MemoryStorage()
      const keys = { [KEY.studyInstanceUid]: studyUid({ study: 1 }) }
      const outcome = await requester.get(archive.destination, 'STUDY', keys, storage, { maxInstances: 4 })
      expect(storage.instances).toHaveLength(4)
      expect(outcome.kind).not.toBe('complete')
    })

    it('stops getting when it is aborted, with the association ended in order', async () => {
      const controller = new AbortController()
      const storage = new MemoryStorage({
        onCommit: async () => {
          if (storage.instances.length === 5) controller.abort()
          return { kind: 'stored' }
        },
      })
      const keys = { [KEY.studyInstanceUid]: studyUid({ study: 5 }) }
      const outcome = await requester.get(archive.destination, 'STUDY', keys, storage, { signal: controller.signal })
      expect(['cancelled', 'complete']).toContain(outcome.kind)
      expect(storage.ended).toMatchObject([{ how: 'released' }])
      if (outcome.kind === 'cancelled') expect(storage.instances.length).toBeLessThan(60)
    })

    it('finds priors by rule: the same patient and nobody else, the body part, the newest', async () => {
      const current = {
        studyInstanceUid: studyUid({ study: 1 }),
        patientId: 'P1',
        issuerOfPatientId: '',
        patientBirthDate: '19700101',
        studyDate: '20260301',
        modality: 'CR',
        bodyPart: 'CHEST',
      }
      const rule = { maximum: 5, withinDays: 3650, sameModality: true, sameBodyPart: true }
      const uids = async (changed: Partial<typeof rule>) =>
        (await findPriors(requester, archive.destination, current, { ...rule, ...changed })).map(
          ({ studyInstanceUid }) => studyInstanceUid,
        )
      // DCMTK's archive does not tell body parts.
      expect(await uids({})).toEqual(name === 'Orthanc' ? [studyUid({ study: 2 })] : [])
      expect(await uids({ sameBodyPart: false })).toEqual([studyUid({ study: 3 }), studyUid({ study: 2 })])
      expect(await uids({ sameBodyPart: false, maximum: 1 })).toEqual([studyUid({ study: 3 })])
      expect(await uids({ withinDays: 200 })).toEqual([])
    })
  })
})
