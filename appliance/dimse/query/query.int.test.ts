import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { peer } from '../../../installer/testing/peers.ts'
import { type DataSet, dataSetOf, text, textElement, uid } from '../../imaging/dataset/index.ts'
import { STUDY_ROOT } from '../facts/uids.ts'
import { decodeCommandSet, ELEMENT } from '../message/command-set.ts'
import { cancelRequest, echoRequest, findRequest } from '../message/commands.ts'
import type { QueryMatch, QueryService } from '../ports.ts'
import type { FindEnd } from '../requester/find.ts'
import { AssociationRequester } from '../requester/requester.ts'
import { nodeAt } from '../testing/commitment-nodes.ts'
import { runDcmtk } from '../testing/dcmtk.ts'
import { heldStudies } from '../testing/held-studies.ts'
import { startListener } from '../testing/listener.ts'
import { associateRequest } from '../testing/messages.ts'
import { CR_IMAGE_STORAGE, instanceUid, studyUid } from '../testing/objects.ts'
import { startOrthanc } from '../testing/orthanc.ts'
import { RawPeer } from '../testing/raw-peer.ts'
import { encodeAssociateRequest } from '../upper-layer/associate-codec.ts'
import { encodeDataPdus } from '../upper-layer/pdu-writer.ts'
import { KEY } from './identifiers.ts'
import {
  QUERY_INDEX_SQL,
  SELECT_HOLDINGS_OF_INSTANCE,
  SELECT_INSTANCES,
  SELECT_SERIES,
  SELECT_STUDIES,
  SELECT_STUDIES_OF_PATIENT,
  SELECT_STUDY,
  SqliteStudyFinder,
} from './sqlite-study-finder.ts'
import { StudyQueryService } from './study-query-service.ts'

const requester = new AssociationRequester()
const findscu = peer('findscu')

const database = heldStudies([
  { patient: 1, study: 1, series: 1, instance: 1 },
  { patient: 1, study: 1, series: 1, instance: 2 },
  { patient: 1, study: 1, series: 2, instance: 1 },
  { patient: 1, study: 2, series: 1, instance: 1, studyDate: '20250301' },
  { patient: 7, study: 3, series: 1, instance: 1, studyDate: '20240101' },
])
if (database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'study_by_patient'").get() === undefined)
  database.exec(QUERY_INDEX_SQL)
const finder = new SqliteStudyFinder(database, async (digest) => digest !== 'digest-1')
let listener: Awaited<ReturnType<typeof startListener>>
beforeAll(async () => {
  listener = await startListener(
    {},
    {
      services: { query: new StudyQueryService(finder, ({ callingAeTitle }) => callingAeTitle.trim() !== 'MODALITY') },
    },
  )
})
afterAll(async () => {
  await listener.server.stop()
  database.close()
})

async function all(matches: AsyncGenerator<DataSet, FindEnd, void>): Promise<DataSet[]> {
  const found: DataSet[] = []
  for await (const match of matches) found.push(match)
  return found
}
const here = () => nodeAt(listener.port, 'LEADGLASS', 'WORKSTATION')

describe('C-FIND SCP over what is held', () => {
  it('answers at the study level with what was asked for, counts included', async () => {
    const [first, ...others] = await all(
      requester.find(here(), 'STUDY', {
        [KEY.patientId]: 'P1',
        [KEY.studyDate]: '20260101-20261231',
        [KEY.studyInstanceUid]: '',
        [KEY.modalitiesInStudy]: '',
        [KEY.studyRelatedInstances]: '',
      }),
    )
    expect(others).toEqual([])
    if (first === undefined) throw new Error('no match')
    expect(uid(first, KEY.studyInstanceUid)).toBe(studyUid({ study: 1 }))
    expect(text(first, KEY.studyRelatedInstances)).toBe('3')
    expect(text(first, KEY.modalitiesInStudy)).toBe('CR')
    expect(text(first, KEY.queryRetrieveLevel)).toBe('STUDY')
    expect(first.elements.has(KEY.patientName), 'what was not asked for stays here').toBe(false)
  })

  it('answers at the series and image levels below a unique key', async () => {
    const study = { [KEY.studyInstanceUid]: studyUid({ study: 1 }) }
    const series = await all(
      requester.find(here(), 'SERIES', { ...study, [KEY.seriesInstanceUid]: '', [KEY.seriesRelatedInstances]: '' }),
    )
    expect(series.map((match) => text(match, KEY.seriesRelatedInstances))).toEqual(['2', '1'])
    const images = await all(
      requester.find(here(), 'IMAGE', {
        ...study,
        [KEY.seriesInstanceUid]: `${studyUid({ study: 1 })}.1`,
        [KEY.sopInstanceUid]: '',
      }),
    )
    expect(images).toHaveLength(2)
    await expect(all(requester.find(here(), 'IMAGE', { ...study, [KEY.sopInstanceUid]: '' }))).rejects.toMatchObject({
      code: 'peer-refused',
    })
    await expect(all(requester.find(here(), 'SERIES', { [KEY.patientId]: 'P1' }))).rejects.toMatchObject({
      code: 'peer-refused',
    })
  })

  it('matches and returns names beyond ASCII', async () => {
    const [match] = await all(requester.find(here(), 'STUDY', { [KEY.patientName]: 'müller^*' }))
    if (match === undefined) throw new Error('no match')
    expect(text(match, KEY.patientName)).toBe('MÜLLER^ÄNNE')
  })

  it('tells a caller that may not ask nothing', async () => {
    const modality = { ...here(), callingAeTitle: 'MODALITY' }
    await expect(all(requester.find(modality, 'STUDY', { [KEY.patientId]: 'P1' }))).rejects.toMatchObject({
      code: 'peer-refused',
      message: expect.stringContaining('0124H') as string,
    })
  })

  it('serves its own count', async () => {
    expect(await requester.countStudyInstances(here(), studyUid({ study: 1 }))).toEqual({
      kind: 'counted',
      instances: 3,
      by: 'study',
    })
  })

  it.skipIf(findscu === undefined)(
    'findscu finds, with a warning for a key that is not supported [needs dcmtk]',
    async () => {
      const query = ['-v', '-S', '-aec', 'LEADGLASS', '-k', 'QueryRetrieveLevel=STUDY', '-k', 'PatientName=TEST*']
      const target = ['127.0.0.1', String(listener.port)]
      const plain = await runDcmtk('findscu', ...query, '-k', 'StudyInstanceUID', ...target)
      expect(plain.code).toBe(0)
      expect(plain.output).toContain(studyUid({ study: 2 }))
      expect(plain.output).not.toContain(studyUid({ study: 3 }))
      expect(plain.output).toMatch(/\(Pending\)/)
      const warned = await runDcmtk('findscu', ...query, '-k', 'ReferringPhysicianName', ...target)
      expect(warned.output).toMatch(/\(Pending: ?Warning|PendingWarning|Warning/)
    },
  )
})

const program = peer('Orthanc')
describe('what is held, for storage commitment', () => {
  const made = { patient: 1, study: 1, series: 1, instance: 1 }
  it.each([
    ['registered and on disk', CR_IMAGE_STORAGE, instanceUid(made), 'held'],
    ['registered and its file gone', CR_IMAGE_STORAGE, instanceUid({ ...made, instance: 2 }), 'not-held'],
    ['registered under another class', '1.2.840.10008.5.1.4.1.1.2', instanceUid(made), 'other-class'],
    ['never seen', CR_IMAGE_STORAGE, '1.2.3.404', 'not-held'],
  ])('an instance that is %s', async (_, sopClassUid, sopInstanceUid, expected) => {
    expect(await finder.holds(sopClassUid, sopInstanceUid)).toBe(expected)
  })

  it.each([
    ['studies by UID', SELECT_STUDY, 'sqlite_autoindex_study_1'],
    ['studies by arrival', SELECT_STUDIES, 'study_by_arrival'],
    ['studies of a patient', SELECT_STUDIES_OF_PATIENT, 'study_by_patient'],
    ['series', SELECT_SERIES, 'instance_by_study'],
    ['instances', SELECT_INSTANCES, 'instance_by_study'],
    ['one instance', SELECT_HOLDINGS_OF_INSTANCE, 'sqlite_autoindex_instance_1'],
  ])('%s are found by an index', (_, sql, index) => {
    const parameters = [...sql.matchAll(/\?/g)].map(() => 1)
    const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...parameters) as { detail: string }[]
    expect(plan.map(({ detail }) => detail).join('; ')).toContain(index)
  })
})

describe.skipIf(program === undefined)('C-FIND SCP with Orthanc as the caller [needs Orthanc]', () => {
  it('answers its query', async () => {
    const orthanc = await startOrthanc(program ?? '', listener.port)
    try {
      const query = (await orthanc.post('/modalities/leadglass/query', {
        Level: 'Study',
        Query: { PatientID: 'P1', StudyDate: '', StudyInstanceUID: '' },
      })) as { ID: string }
      const answers = (await orthanc.get(`/queries/${query.ID}/answers?expand&simplify`)) as Record<string, string>[]
      expect(answers.map((answer) => answer.StudyInstanceUID).sort()).toEqual(
        [1, 2].map((study) => studyUid({ study })),
      )
    } finally {
      await orthanc.stop()
    }
  })
})

describe('C-FIND SCP and callers that do not behave', () => {
  const context = { id: 1, abstractSyntax: STUDY_ROOT.find, transferSyntaxes: ['1.2.840.10008.1.2'] }
  const connect = async (port: number) => {
    const peerOf = await RawPeer.connect(port)
    peerOf.send(encodeAssociateRequest(associateRequest({ contexts: [context] })))
    await peerOf.next()
    return peerOf
  }
  const statusOf = async (raw: RawPeer): Promise<number | 'over'> => {
    for (;;) {
      const event = await raw.next()
      if (event === 'closed' || event.kind !== 'data') return 'over'
      if (event.command) return decodeCommandSet(event.bytes).requiredNumber(ELEMENT.status)
    }
  }
  const send = (raw: RawPeer, identifier: Uint8Array) =>
    raw.send(
      encodeDataPdus(1, true, findRequest(9, STUDY_ROOT.find), 16_384),
      encodeDataPdus(1, false, identifier, 131_072),
    )

  it.each([
    ['no level', Buffer.alloc(0)],
    ['text', Buffer.from('this is no data set, is it?!')],
    ['a level of another model', Buffer.from('0800520008000000504154494 54e5420'.replaceAll(' ', ''), 'hex')],
    ['more than a megabyte', Buffer.alloc(1_048_578)],
  ])('an identifier of %s is refused with A900H', async (_, identifier) => {
    const raw = await connect(listener.port)
    send(raw, identifier)
    expect(await statusOf(raw)).toBe(0xa900)
    raw.close()
  })

  /** Goes on for ever, a match a turn. */
  class Endless implements QueryService {
    given = 0
    async *find(): AsyncGenerator<QueryMatch> {
      for (;;) {
        this.given += 1
        const identifier = dataSetOf([textElement(KEY.studyDescription, 'LO', 'x'.repeat(60_000))])
        yield { kind: 'match', identifier, optionalKeysIgnored: false }
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
  }

  it('a cancel ends a query with FE00H', async () => {
    const endless = await startListener({}, { services: { query: new Endless() } })
    const raw = await connect(endless.port)
    send(raw, Buffer.alloc(0))
    expect(await statusOf(raw)).toBe(0xff00)
    raw.send(encodeDataPdus(1, true, cancelRequest(9), 16_384))
    let status = await statusOf(raw)
    while (status === 0xff00) status = await statusOf(raw)
    expect(status).toBe(0xfe00)
    raw.close()
    await endless.server.stop()
  })

  it('another request while a query runs ends the association', async () => {
    const endless = await startListener({}, { services: { query: new Endless() } })
    const raw = await connect(endless.port)
    send(raw, Buffer.alloc(0))
    expect(await statusOf(raw)).toBe(0xff00)
    raw.send(encodeDataPdus(1, true, echoRequest(10), 16_384))
    let status = await statusOf(raw)
    while (status === 0xff00) status = await statusOf(raw)
    expect(status).toBe('over')
    await endless.server.stop()
  })

  it('one that does not read holds the query back, and loses the association when it never does', async () => {
    const service = new Endless()
    const endless = await startListener(
      {},
      { services: { query: service }, limits: { idleTimeoutMs: 400, artimTimeoutMs: 400 } },
    )
    const raw = await connect(endless.port)
    raw.socket.pause()
    send(raw, Buffer.alloc(0))
    await expect.poll(() => endless.storage.ended.length, { timeout: 5000 }).toBe(1)
    expect(endless.storage.ended[0]?.how).toBe('timed-out')
    const given = service.given
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(service.given).toBeLessThanOrEqual(given + 1)
    raw.close()
    await endless.server.stop()
  })

  it('a service that fails is C000H, and the association goes on', async () => {
    const failing = await startListener(
      {},
      {
        services: {
          query: {
            find: () => {
              throw new Error('disk is gone')
            },
          },
        },
      },
    )
    const raw = await connect(failing.port)
    send(raw, Buffer.alloc(0))
    expect(await statusOf(raw)).toBe(0xc000)
    send(raw, Buffer.alloc(0))
    expect(await statusOf(raw)).toBe(0xc000)
    raw.close()
    await failing.server.stop()
  })
})
