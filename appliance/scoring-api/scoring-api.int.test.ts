import { mkdir, mkdtemp, readdir, realpath, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type ModelPackage, phantomDicom } from '@leadglass/models'
import { ManualClock, silentLogger, systemClock, systemRandomness } from '@leadglass/sync-agent/foundation'
import { scoringAnswer, scoringModels, scoringRefusal } from '@leadglass/ui/contract/local-api'
import fastify, { type FastifyInstance } from 'fastify'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Deidentifier, deriveSiteKeys } from '../deidentify/index.ts'
import type { AuditSink } from '../egress/index.ts'
import {
  bytesElement,
  concat,
  dataSetOf,
  parsePart10,
  sequenceElement,
  textElement,
  writePart10,
} from '../imaging/index.ts'
import { defaultScoringLimits, ScoringPool, workerCodeRoots } from '../scoring/index.ts'
import { writeTinyPackage } from '../scoring/testing/tiny-package.ts'
import { temporaryRecords } from '../testing/memory-records.ts'
import { defaultScoringApiLimits, ScoringTokens, scoringApiRoutes } from './index.ts'

const programRoot = resolve(import.meta.dirname, '..', '..')
const PROFILE = { patientIssuer: '' }

describe('the scoring interface over HTTP', () => {
  let root: string
  let pool: ScoringPool
  let server: FastifyInstance
  let url: string
  let token: string
  let packages: ModelPackage[]
  const held = temporaryRecords()
  const events: Parameters<AuditSink['record']>[0][] = []
  const audit: AuditSink = { record: (event) => void events.push(event), recordNow: (event) => void events.push(event) }
  const deidentifier = new Deidentifier({ keys: deriveSiteKeys(new Uint8Array(32).fill(3)), profile: PROFILE })
  const tokens = new ScoringTokens({
    records: held.records,
    audit,
    clock: new ManualClock(0),
    randomness: systemRandomness,
  })

  beforeAll(async () => {
    root = await realpath(await mkdtemp(join(tmpdir(), 'scoring-api-')))
    await Promise.all(['work', 'models'].map((name) => mkdir(join(root, name))))
    packages = [
      await writeTinyPackage(join(root, 'models'), { name: 'sound', head: 'sigmoid' }),
      await writeTinyPackage(join(root, 'models'), { name: 'hanging', head: 'endless' }),
    ]
    pool = new ScoringPool({
      workers: 2,
      codeRoots: workerCodeRoots(programRoot),
      workFolder: join(root, 'work'),
      modelsFolder: join(root, 'models'),
      clock: systemClock,
      logger: silentLogger,
      limits: { ...defaultScoringLimits, queueLength: 2 },
    })
    await pool.start()
    server = fastify({ logger: false, bodyLimit: 65_536, forceCloseConnections: true })
    await server.register(
      (scope) =>
        scoringApiRoutes(scope, {
          pool,
          deidentifier,
          tokens,
          library: { active: () => packages },
          workFolder: join(root, 'work'),
          audit,
          clock: systemClock,
          logger: silentLogger,
          limits: { ...defaultScoringApiLimits, bodyBytes: 2 ** 20, bodyMs: 1500, inHand: 6 },
        }),
      { prefix: '/scoring/v1' },
    )
    url = `${await server.listen({ host: '127.0.0.1', port: 0 })}/scoring/v1`
    token = tokens.create('research', { kind: 'system', id: 'operator' }) ?? ''
  }, 60_000)

  afterAll(async () => {
    await server.close()
    await pool.stop()
    held.dispose()
    await rm(root, { recursive: true, force: true })
  })

  const phantom = phantomDicom({ seed: 3, index: 1, rows: 96, columns: 96 }).bytes
  /** As this product de-identifies. */
  const clean = (): Uint8Array => {
    const outcome = deidentifier.deidentify(phantom)
    if (outcome.kind !== 'deidentified') throw new Error('the phantom was not de-identified')
    return concat([...outcome.chunks].map((chunk) => Buffer.from(chunk)))
  }
  /** A clean object with other elements in it. */
  const changed = (
    ...elements: Parameters<typeof dataSetOf>[0] extends Iterable<infer E> ? E[] : never
  ): Uint8Array => {
    const { dataSet, meta } = parsePart10(clean())
    for (const element of elements) dataSet.elements.set(element.tag, element)
    return concat(writePart10({ meta, dataSet: dataSetOf(dataSet.elements.values(), dataSet.characterSets) }))
  }
  const post = (body: Uint8Array | string, type: string, query = 'model=sound', bearer = token): Promise<Response> =>
    fetch(`${url}/score?${query}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bearer}`, 'content-type': type },
      body: typeof body === 'string' ? body : Buffer.from(body),
    })
  const refusal = async (answer: Response): Promise<[number, string]> => {
    const { error } = scoringRefusal.parse(await answer.json())
    return [answer.status, error.code]
  }
  /** The pool may have folders of its own there. */
  const workIsEmpty = async (): Promise<void> => {
    const names = await readdir(join(root, 'work'), { recursive: true })
    expect(names.filter((name) => /api-|dcm/.test(name))).toEqual([])
  }
  const multipart = (...parts: Uint8Array[]): Buffer =>
    Buffer.concat([
      ...parts.flatMap((part) => [
        Buffer.from('--b1\r\nContent-Type: application/dicom\r\n\r\n'),
        part,
        Buffer.from('\r\n'),
      ]),
      Buffer.from('--b1--\r\n'),
    ])
  const RELATED = 'multipart/related; type="application/dicom"; boundary=b1'

  it('scores a de-identified object and says what did it', async () => {
    const answer = await post(clean(), 'application/dicom', 'model=sound@1.0.0&embedding=true')
    expect(answer.headers.get('cache-control')).toBe('no-store')
    const said = scoringAnswer.parse(await answer.json())
    expect(said).toMatchObject({ provider: 'cpu', lane: 'routine', model: packages[0]?.model })
    const [first] = said.instances
    expect(first?.scores[0]?.value).toBeGreaterThan(0.5)
    expect(Buffer.from(first?.embedding ?? '', 'base64').length).toBe(4)
    expect(Object.keys(first?.quality ?? {}).length).toBeGreaterThan(3)
    expect(said.timings.totalMs).toBeGreaterThanOrEqual(said.timings.scoringMs)
    expect(events.at(-1)).toMatchObject({
      event: 'scoring.requested',
      outcome: 'success',
      subject: { id: 'sound@1.0.0' },
    })
    await workIsEmpty()
  })

  it('scores several objects in the order of the request, without embeddings unless asked', async () => {
    const unfit = changed(textElement(0x00080060, 'CS', 'CR'))
    const said = scoringAnswer.parse(await (await post(multipart(clean(), unfit, clean()), RELATED)).json())
    expect(said.instances.map(({ outcome, reason }) => reason ?? outcome)).toEqual([
      'scored',
      'no-fit-modality',
      'scored',
    ])
    expect(said.instances.every(({ embedding }) => embedding === null)).toBe(true)
  })

  it('scores a grey PNG of 8 and 16 bits as it scores the same pixels in DICOM', async () => {
    const query = 'model=sound&bodyPart=CHEST&view=PA&modality=DX'
    for (const space of ['b-w', 'grey16'] as const) {
      const image = sharp({ create: { width: 40, height: 30, channels: 3, background: '#808080' } })
      const png = await image.toColourspace(space).png().toBuffer()
      const said = scoringAnswer.parse(await (await post(png, 'image/png', query)).json())
      expect(said.instances[0]).toMatchObject({ outcome: 'scored' })
      // A flat image: the mean of nothing, as in the golden case.
      expect(said.instances[0]?.scores[0]?.value).toBeCloseTo(0.5, 6)
    }
    const png = await sharp({ create: { width: 40, height: 30, channels: 3, background: '#808080' } })
      .toColourspace('b-w')
      .png()
      .toBuffer()
    const said = scoringAnswer.parse(await (await post(png, 'image/png')).json())
    expect(said.instances[0]?.reason).toBe('no-fit-body-part')
  })

  it('refuses what identifies, names the attributes without their values, and keeps nothing', async () => {
    const before = events.length
    const answer = await post(phantom, 'application/dicom')
    expect(answer.status).toBe(422)
    const text = await answer.text()
    const { error } = scoringRefusal.parse(JSON.parse(text))
    expect(error.code).toBe('not-deidentified')
    const tags = (error.attributes ?? []).map(({ tag }) => tag)
    expect(tags).toEqual(
      expect.arrayContaining(['(0012,0062)', '(0010,0010)', '(0010,0030)', '(0008,0050)', '(0008,0020)']),
    )
    for (const value of ['PHANTOM-1', 'PHANTOM^', '19700101', 'PHANTOM1']) expect(text).not.toContain(value)
    await workIsEmpty()
    expect(JSON.stringify(events.slice(before))).not.toContain('PHANTOM')
  })

  it.each([
    ['a name', textElement(0x00100010, 'PN', 'DOE^JANE'), '(0010,0010)'],
    ['a number of a patient', textElement(0x00100020, 'LO', 'MRN 4711'), '(0010,0020)'],
    ['a birth date', textElement(0x00100030, 'DA', '19600101'), '(0010,0030)'],
    ['a physician', textElement(0x00080090, 'PN', 'HOUSE^G'), '(0008,0090)'],
    ['an institution', textElement(0x00080080, 'LO', 'ST ELSEWHERE'), '(0008,0080)'],
    ['a private attribute', bytesElement(0x00091010, 'LO', Buffer.from('DOE^JANE')), '(0009,1010)'],
    [
      'a name within a sequence',
      sequenceElement(0x00400275, [dataSetOf([textElement(0x00400007, 'LO', 'CHEST OF JANE DOE')])]),
      '(0040,0275)',
    ],
  ])('refuses an otherwise clean object with %s', async (_what, element, tag) => {
    const answer = await post(multipart(clean(), changed(element)), RELATED)
    const { error } = scoringRefusal.parse(await answer.json())
    expect([answer.status, error.code, error.object]).toEqual([422, 'not-deidentified', 1])
    expect(error.attributes?.some((one) => one.tag.startsWith(tag))).toBe(true)
    expect(JSON.stringify(error)).not.toMatch(/JANE|HOUSE|4711|ELSEWHERE|19600101/)
    await workIsEmpty()
  })

  it('refuses pixels that declare an annotation, and a PNG with words in it', async () => {
    expect(await refusal(await post(changed(textElement(0x00280301, 'CS', 'YES')), 'application/dicom'))).toEqual([
      422,
      'pixels-may-identify',
    ])
    const image = sharp({ create: { width: 40, height: 30, channels: 3, background: '#808080' } }).toColourspace('b-w')
    const telling = await image
      .withExif({ IFD0: { Artist: 'JANE DOE' } })
      .png()
      .toBuffer()
    expect(await refusal(await post(telling, 'image/png'))).toEqual([422, 'not-deidentified'])
  })

  it('is closed to whoever has no token in force, before a body is read', async () => {
    expect(await refusal(await post('x', 'application/dicom', 'model=sound', 'x'.repeat(43)))).toEqual([
      401,
      'unauthorised',
    ])
    expect((await fetch(`${url}/models`)).status).toBe(401)
    const short = tokens.create('short', { kind: 'system', id: 'operator' }) ?? ''
    const models = await fetch(`${url}/models`, { headers: { authorization: `Bearer ${short}` } })
    expect(scoringModels.parse(await models.json()).models.map(({ model }) => model.name)).toEqual(['sound', 'hanging'])
    expect(tokens.revoke('short', { kind: 'system', id: 'operator' })).toBe(true)
    expect(await refusal(await post(clean(), 'application/dicom', 'model=sound', short))).toEqual([401, 'unauthorised'])
    expect(tokens.create('short', { kind: 'system', id: 'operator' })).toBeUndefined()
  })

  it.each([
    ['JSON', '{}', 'application/json', 'model=sound', 415, 'media-type'],
    ['a body without a type', 'x', 'text/plain', 'model=sound', 415, 'media-type'],
    ['more than it takes', Buffer.alloc(2 ** 20 + 1), 'application/dicom', 'model=sound', 413, 'too-large'],
    ['nothing', '', 'application/dicom', 'model=sound', 422, 'unreadable'],
    ['no DICOM', Buffer.alloc(4096, 0x41), 'application/dicom', 'model=sound', 422, 'unreadable'],
    ['half an object', phantom.subarray(0, 3000), 'application/dicom', 'model=sound', 422, 'unreadable'],
    ['an unknown model', 'x', 'application/dicom', 'model=other', 404, 'model-unknown'],
    ['an unknown version', 'x', 'application/dicom', 'model=sound@2.0.0', 404, 'model-unknown'],
    ['no model', 'x', 'application/dicom', '', 400, 'bad-request'],
    ['the lane of patients', 'x', 'application/dicom', 'model=sound&lane=stat', 400, 'bad-request'],
    ['an unknown question', 'x', 'application/dicom', 'model=sound&path=/etc', 400, 'bad-request'],
    ['no boundary', 'x', 'multipart/related', 'model=sound', 422, 'multipart-malformed'],
    ['another boundary', '--b2\r\n\r\nx\r\n--b2--', RELATED, 'model=sound', 422, 'multipart-malformed'],
    ['parts without an end', '--b1\r\n\r\nx\r\n--b1\r\n\r\n', RELATED, 'model=sound', 422, 'multipart-malformed'],
    [
      'a part of another type',
      '--b1\r\nContent-Type: text/html\r\n\r\nx\r\n--b1--',
      RELATED,
      'model=sound',
      422,
      'multipart-malformed',
    ],
    ['a PNG that is none', Buffer.alloc(100, 1), 'image/png', 'model=sound', 422, 'unreadable'],
  ])('refuses %s in its own words', async (_what, body, type, query, status, code) => {
    expect(await refusal(await post(body, type, query))).toEqual([status, code])
    await workIsEmpty()
  })

  it('answers every cut and every flipped bit of an object without falling over', async () => {
    const whole = Buffer.from(clean())
    const png = await sharp({ create: { width: 40, height: 30, channels: 3, background: '#808080' } })
      .toColourspace('b-w')
      .png()
      .toBuffer()
    const statuses = new Set<number>()
    for (let i = 0; i < 60; i += 1) {
      const [source, type] = i % 3 === 0 ? [png, 'image/png'] : [whole, 'application/dicom']
      const broken = Buffer.from(source)
      const at = (i * 7919) % Math.min(source.length, 1500)
      broken[at] = (broken[at] ?? 0) ^ (1 << (i % 8))
      const answer = await post(i % 2 === 0 ? broken : broken.subarray(0, at + 1), type)
      statuses.add(answer.status)
      await answer.text()
    }
    expect([...statuses].filter((status) => status !== 200 && status !== 422)).toEqual([])
    await workIsEmpty()
  }, 60_000)

  it('gives a sender up that never finishes its body', async () => {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    const closed = new Promise<void>((gone) => socket.once('close', () => gone()))
    socket.on('error', () => undefined)
    socket.write(
      `POST /scoring/v1/score?model=sound HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/dicom\r\nContent-Length: 1000\r\n\r\nabc`,
    )
    const from = performance.now()
    await closed
    expect(performance.now() - from).toBeLessThan(10_000)
    expect((await post(clean(), 'application/dicom')).status).toBe(200)
  }, 20_000)

  it('ends a model that hangs at its time, and goes on serving the other one meanwhile', async () => {
    const hanging = post(clean(), 'application/dicom', 'model=hanging')
    await new Promise((later) => setTimeout(later, 500))
    const from = performance.now()
    expect((await post(clean(), 'application/dicom')).status).toBe(200)
    expect(performance.now() - from).toBeLessThan(3000)
    expect(await refusal(await hanging)).toEqual([504, 'timed-out'])
    expect((await post(clean(), 'application/dicom')).status).toBe(200)
    await workIsEmpty()
  }, 60_000)

  it('says so when it is overloaded, and recovers', async () => {
    const many = await Promise.all(
      Array.from({ length: 12 }, () => post(clean(), 'application/dicom', 'model=hanging')),
    )
    const answers = await Promise.all(
      many.map(async (answer) => ({
        status: answer.status,
        retry: answer.headers.get('retry-after'),
        code: (await refusal(answer))[1],
      })),
    )
    const refused = answers.filter(({ status }) => status === 429)
    expect(new Set(refused.map(({ code }) => code))).toEqual(new Set(['busy', 'queue-full']))
    expect(refused.every(({ retry }) => retry === '2')).toBe(true)
    expect(answers.filter(({ status }) => status === 504).length).toBe(12 - refused.length)
    expect((await post(clean(), 'application/dicom')).status).toBe(200)
    await workIsEmpty()
  }, 90_000)
})
