import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { studyList } from '@leadglass/ui/contract/local-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ApplianceProcess, eventually } from '../../appliance/testing/appliance-process.ts'
import { sharedData } from '../testing/peers.ts'
import { examineAftermath } from './aftermath.ts'
import { loadCorpus, type Seed, withOwnUids } from './corpus.ts'
import { mutate, nested, wide } from './data-set-mutation.ts'
import { exchange } from './exchange.ts'
import { fuzzObjects } from './fuzz-objects.ts'
import { echo, fuzzWire } from './fuzz-wire.ts'
import { judgeExchange } from './judge-exchange.ts'
import { alarmingLines } from './log-lines.ts'
import { recordStore } from './record-conversation.ts'
import { figuresOf } from './watch-process.ts'
import {
  associateRequest,
  dataPdus,
  echoCommand,
  PDU,
  pdu,
  pdusOf,
  pdv,
  RELEASE,
  storeCommand,
  VERIFICATION,
} from './wire.ts'

const EXPLICIT = '1.2.840.10008.1.2.1'
const MEBIBYTE = 1024 ** 2
/** What the appliance may come to hold while it is sent objects of 64 MB. */
const PEAK_MIB = 900
/** A machine that is busy with everything else here looks at its timers late. */
const LATE_MS = 20_000
/** ARTIM of the listener, and its idle time (PS3.8 9.1.5). */
const ARTIM_MS = 30_000
const IDLE_MS = 60_000

/** Long enough for the answer to 64 MB, so that only what is never answered ends in silence. */
const SILENCE_MS = 8000

const acknowledged = new Map<string, string>()
let root: string
let appliance: ApplianceProcess
let phantom: Seed
let unique = 0
let restingDescriptors = 0
let slowCallers: Promise<Record<'silent' | 'trickling' | 'half-open', number>>

/** The phantom as an object that was never seen. */
function another(): Pick<Seed, 'sopInstanceUid' | 'dataSet'> {
  unique += 1
  return withOwnUids(phantom, unique)
}

/** Sends data sets as instances of the phantom's class, over one association; what was acknowledged is remembered. */
async function store(...objects: readonly { sopInstanceUid: string; dataSet: Buffer }[]) {
  const request = associateRequest([{ id: 3, abstractSyntax: phantom.sopClassUid, transferSyntax: EXPLICIT }])
  const messages = objects.flatMap(({ sopInstanceUid, dataSet }, index) => [
    ...dataPdus(3, true, storeCommand(index + 1, phantom.sopClassUid, sopInstanceUid)),
    ...dataPdus(3, false, dataSet),
  ])
  return converse(request, ...messages, RELEASE)
}

async function converse(...pieces: readonly Buffer[]) {
  const held = await exchange(appliance.dimsePort, pieces, SILENCE_MS)
  const judgement = judgeExchange(held)
  for (const { digest, sopInstanceUid } of judgement.acknowledged) acknowledged.set(digest, sopInstanceUid)
  return { ...judgement, abort: pdusOf(held.received).pdus.find(({ type }) => type === PDU.abort)?.body }
}

function associated(...pieces: readonly Buffer[]): Buffer[] {
  const proposals = [
    { id: 1, abstractSyntax: VERIFICATION, transferSyntax: '1.2.840.10008.1.2' },
    { id: 3, abstractSyntax: phantom.sopClassUid, transferSyntax: EXPLICIT },
  ]
  return [associateRequest(proposals), ...pieces]
}

/** How long until the listener hangs up on somebody who says the first bytes at once and one more each second. */
async function heldFor(first: Buffer, rest: Buffer): Promise<number> {
  const socket = createConnection({ port: appliance.dimsePort, host: '127.0.0.1' })
  socket.on('error', () => undefined)
  socket.resume()
  const begun = Date.now()
  socket.write(first)
  let at = 0
  const trickle = setInterval(() => {
    if (at < rest.length) socket.write(rest.subarray(at, at + 1))
    at += 1
  }, 1000)
  await new Promise((resolve) => socket.once('close', resolve))
  clearInterval(trickle)
  return Date.now() - begun
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'leadglass-bad-input-'))
  appliance = new ApplianceProcess(root)
  await appliance.writeSettings({ assembly: { quietMs: 100 } })
  await appliance.start()
  const [first] = loadCorpus(undefined)
  if (first === undefined) throw new Error('there is no phantom')
  phantom = first
  expect(phantom.transferSyntaxUid).toBe(EXPLICIT)
  const request = Buffer.concat(associated())
  const half = Buffer.concat([request, ...dataPdus(3, true, storeCommand(1, phantom.sopClassUid, '1.2.3'))])
  slowCallers = Promise.all([
    heldFor(Buffer.alloc(0), Buffer.alloc(0)),
    heldFor(request.subarray(0, 10), request.subarray(10, 200)),
    heldFor(half, Buffer.alloc(0)),
  ]).then(([silent, trickling, halfOpen]) => ({ silent, trickling, 'half-open': halfOpen }))
  restingDescriptors = figuresOf(appliance.pid)?.descriptors ?? 0
})

afterAll(async () => {
  await appliance.stop()
  await rm(root, { recursive: true, force: true })
})

describe('bad input', () => {
  it('64 MB of sequences within each other are kept, set aside with a reason, and cost no memory', async () => {
    const { sopInstanceUid } = another()
    const deep = nested(Math.floor((64 * MEBIBYTE) / 36), true, true)
    expect(deep.length).toBeGreaterThan(60 * MEBIBYTE)
    expect(await store({ sopInstanceUid, dataSet: deep })).toMatchObject({
      problems: [],
      acknowledged: [{ sopInstanceUid }],
    })
    expect(await echo(appliance.dimsePort)).toBeLessThan(5000)
    expect(figuresOf(appliance.pid)?.peakMiB ?? 0).toBeLessThan(PEAK_MIB)
  })

  it('64 MB of items beside each other likewise', async () => {
    const { sopInstanceUid } = another()
    const dataSet = wide(Math.floor((64 * MEBIBYTE) / 16), true)
    expect(await store({ sopInstanceUid, dataSet })).toMatchObject({ problems: [], acknowledged: [{ sopInstanceUid }] })
    expect(await echo(appliance.dimsePort)).toBeLessThan(5000)
    expect(figuresOf(appliance.pid)?.peakMiB ?? 0).toBeLessThan(PEAK_MIB)
  })

  it('a PS3.10 file sent as a data set, and file meta information inside one, are kept', async () => {
    const inFile = another()
    const inside = another()
    const groupTwo = phantom.meta.subarray(132)
    const { problems, acknowledged: kept } = await store(
      { ...inFile, dataSet: Buffer.concat([phantom.meta, inFile.dataSet]) },
      { ...inside, dataSet: Buffer.concat([groupTwo, inside.dataSet]) },
    )
    expect(problems).toEqual([])
    expect(kept).toHaveLength(2)
  })

  it('wrong VRs and character sets that nobody knows are kept, each study with its end', async () => {
    const kinds = ['vr', 'character-set', 'value'] as const
    const objects = Array.from({ length: 60 }, (_, index) => {
      const made = another()
      const kind = kinds[index % kinds.length] ?? 'vr'
      return { ...made, dataSet: mutate(made.dataSet, EXPLICIT, [{ kind, where: index * 7, value: index }]) }
    })
    const { problems, acknowledged: kept, refused } = await store(...objects)
    expect({ problems, kept: kept.length, refused }).toEqual({ problems: [], kept: 60, refused: 0 })
  })

  it('the same UID with other content is kept apart by its digest', async () => {
    const original = another()
    const changed = Buffer.from(original.dataSet)
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 0xff
    const { acknowledged: kept } = await store(original, { ...original, dataSet: changed }, original)
    expect(new Set(kept.map(({ digest }) => digest)).size).toBe(2)
    expect(kept).toHaveLength(3)
  })

  it.each([
    ['a data set cut in a fragment by A-ABORT', (half: Buffer) => [half, pdu(PDU.abort, Buffer.alloc(4))], 'none'],
    ['a data set cut in a fragment by the next request', (half: Buffer) => [half, RELEASE], 'none'],
  ] as const)('%s is not acknowledged', async (_, rest, end) => {
    const { sopInstanceUid, dataSet } = another()
    const command = dataPdus(3, true, storeCommand(1, phantom.sopClassUid, sopInstanceUid))
    const half = Buffer.concat(dataPdus(3, false, dataSet)).subarray(0, 700)
    const judgement = await converse(...associated(...command, ...rest(half)))
    expect(judgement).toMatchObject({ problems: [], acknowledged: [], end })
  })

  it('fragments without bytes change nothing', async () => {
    const { sopInstanceUid, dataSet } = another()
    const empty = pdu(PDU.data, Buffer.concat(Array.from({ length: 500 }, () => pdv(3, 0, Buffer.alloc(0)))))
    const command = dataPdus(3, true, storeCommand(1, phantom.sopClassUid, sopInstanceUid))
    const judgement = await converse(...associated(...command, empty, ...dataPdus(3, false, dataSet), RELEASE))
    expect(judgement).toMatchObject({ problems: [], acknowledged: [{ sopInstanceUid }], end: 'release' })
  })

  it.each([0, 1, 0x7fffffff, 0xffffffff])(
    'a P-DATA-TF that says it is %d bytes long ends in A-ABORT',
    async (declared) => {
      const { end, problems, abort } = await converse(...associated(pdu(PDU.data, Buffer.alloc(12), declared)))
      expect({ end, problems }).toEqual({ end: 'abort', problems: [] })
      // PS3.8 table 9-26: invalid PDU parameter value, told by the service provider.
      expect([...(abort ?? [])]).toEqual([0, 0, 2, 6])
    },
  )

  it.each([0, 1, 3, 0xffffffff])('a command group length of %d is not believed', async (groupLength) => {
    const { sopInstanceUid, dataSet } = another()
    const command = dataPdus(3, true, storeCommand(1, phantom.sopClassUid, sopInstanceUid, groupLength))
    const judgement = await converse(...associated(...command, ...dataPdus(3, false, dataSet), RELEASE))
    expect(judgement).toMatchObject({ problems: [], acknowledged: [{ sopInstanceUid }], end: 'release' })
  })

  it.each([0, 1, 2, 5, 255])(
    'a data set on presentation context %d instead of 3 is not acknowledged',
    async (contextId) => {
      const { sopInstanceUid, dataSet } = another()
      const command = dataPdus(3, true, storeCommand(1, phantom.sopClassUid, sopInstanceUid))
      const judgement = await converse(...associated(...command, ...dataPdus(contextId, false, dataSet)))
      expect(judgement).toMatchObject({ problems: [], acknowledged: [], end: 'abort' })
    },
  )

  it('a request between the fragments of another ends in A-ABORT', async () => {
    const { sopInstanceUid, dataSet } = another()
    const command = dataPdus(3, true, storeCommand(1, phantom.sopClassUid, sopInstanceUid))
    const [first = Buffer.alloc(0), ...others] = dataPdus(3, false, dataSet, 512)
    const judgement = await converse(...associated(...command, first, ...dataPdus(1, true, echoCommand(2)), ...others))
    expect(judgement).toMatchObject({ problems: [], acknowledged: [], end: 'abort' })
  })

  it('a flood of requests whose answers nobody reads ends, and memory stays', async () => {
    const before = figuresOf(appliance.pid)?.residentMiB ?? 0
    const socket = createConnection({ port: appliance.dimsePort, host: '127.0.0.1' })
    socket.on('error', () => undefined)
    socket.pause()
    const { sopInstanceUid, dataSet } = another()
    const request = Buffer.concat([
      ...dataPdus(3, true, storeCommand(1, phantom.sopClassUid, sopInstanceUid)),
      ...dataPdus(3, false, dataSet.subarray(0, 2)),
      ...Array.from({ length: 200 }, () => dataPdus(1, true, echoCommand(2))).flat(),
    ])
    socket.write(Buffer.concat(associated()))
    const closed = new Promise((resolve) => socket.once('close', resolve))
    const flood = setInterval(() => {
      if (socket.writableLength < 4 * MEBIBYTE) for (let i = 0; i < 20; i += 1) socket.write(request)
    }, 1)
    await closed
    clearInterval(flood)
    expect(await echo(appliance.dimsePort)).toBeLessThan(5000)
    expect((figuresOf(appliance.pid)?.residentMiB ?? 0) - before).toBeLessThan(200)
  }, 60_000)

  it.each([
    ['the fixed seed', 1],
    ['a seed of the day', Math.floor(Math.random() * 2 ** 31)],
  ])(
    'nothing made up from %s (%d) brings it down',
    async (_, seed) => {
      const seconds = 12
      const corpusFolder = sharedData('dicom')
      const corpus = loadCorpus(corpusFolder)
      const folder = join(tmpdir(), `leadglass-fuzz-inputs-${seed}`)
      await rm(folder, { recursive: true, force: true })
      await mkdir(folder)
      const recordings = await Promise.all(corpus.slice(0, 6).map((one) => recordStore(appliance.dimsePort, one)))
      const [wire, objects] = await Promise.all([
        fuzzWire({
          port: appliance.dimsePort,
          corpus,
          recordings,
          seed,
          until: Date.now() + seconds * 1000,
          lanes: 3,
          folder,
          mayGoOn: async () => undefined,
        }),
        fuzzObjects({ seed, seconds, corpus: corpusFolder, folder }),
      ])
      for (const [digest, sopInstanceUid] of wire.acknowledged) acknowledged.set(digest, sopInstanceUid)
      expect(wire.findings, `inputs in ${folder}`).toEqual([])
      expect(objects.findings, `inputs in ${folder}`).toEqual([])
      // How many depends on who else uses the machine.
      expect(wire.conversations).toBeGreaterThan(20)
      expect(wire.acknowledged.size).toBeGreaterThan(0)
      expect(objects.cases).toBeGreaterThan(50)
      await rm(folder, { recursive: true, force: true })
    },
    120_000,
  )

  it('callers that are silent, slow or half gone are let go by the timers', async () => {
    const held = await slowCallers
    for (const kind of ['silent', 'trickling'] as const) {
      expect(held[kind], kind).toBeGreaterThan(ARTIM_MS - 1000)
      expect(held[kind], kind).toBeLessThan(ARTIM_MS + LATE_MS)
    }
    expect(held['half-open']).toBeLessThan(IDLE_MS + LATE_MS)
  }, 90_000)

  it('every study comes to an end with a reason', async () => {
    const list = await eventually(
      async () => {
        const found = await appliance.get('/api/studies?limit=500', studyList)
        const { receiving = 0, queued = 0, running = 0 } = found.counts
        return receiving + queued + running === 0 ? found : undefined
      },
      'all studies final',
      180_000,
    )
    expect(list.counts.failed ?? 0).toBe(0)
    expect(list.studies.length).toBeGreaterThan(60)
    for (const study of list.studies) expect(study.reason).not.toBeNull()
  }, 200_000)

  it('what was acknowledged is there, what was not is not, and nothing is left over', async () => {
    const descriptors = figuresOf(appliance.pid)?.descriptors ?? 0
    // The 256 folders of the spool stay open once used.
    expect(descriptors - restingDescriptors).toBeLessThan(300)
    expect(await appliance.stop()).toBe(0)
    const log = join(root, 'appliance.log')
    await writeFile(log, appliance.log.join('\n'))
    expect([...(await alarmingLines(log)).keys()]).toEqual([])
    const aftermath = await examineAftermath(appliance.configuration.dataFolder, acknowledged.keys())
    expect(acknowledged.size).toBeGreaterThan(70)
    expect(aftermath).toMatchObject({ lost: [], leftovers: 0, workFiles: 0 })
    expect(aftermath.conflicts).toBeGreaterThan(0)
    expect(aftermath.quarantined.has('')).toBe(false)
    const reasons = [...aftermath.quarantined.keys()]
    expect(reasons).toEqual(expect.arrayContaining(['sop-instance-conflict', 'unreadable.nested-too-deep']))
  })
})
