import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { peer } from '../../installer/testing/peers.ts'
import { AssociationRequester, findPriors, KEY } from '../dimse/index.ts'
import { startArchive } from '../dimse/testing/dcmqrscp.ts'
import { freePort, runDcmtk } from '../dimse/testing/dcmtk.ts'
import { startListener } from '../dimse/testing/listener.ts'
import { acceptAnyone, MemoryStorage } from '../dimse/testing/memory-storage.ts'
import { outgoing, studyUid } from '../dimse/testing/objects.ts'
import { startOrthanc } from '../dimse/testing/orthanc.ts'
import { parsePart10, uid } from '../imaging/dataset/index.ts'
import type { Settings } from '../settings.ts'
import { MoveRouter, type PriorArchive } from './index.ts'
import { type Archive, MADE, room, settingsFor } from './testing/priors-room.ts'

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
