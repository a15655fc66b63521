import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { Agent, request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sealEnvelope, UPLOAD_PIECE_BYTES, UPLOAD_PROTOCOL } from '@leadglass/sync-agent/contract'
import { decodeBatch, packEnvelopes } from '@leadglass/sync-agent/exchange'
import { digestOf, silentLogger } from '@leadglass/sync-agent/foundation'
import type { Credentials } from '@leadglass/sync-agent/transport'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Broker, IngestPipeline, UploadDesk } from '../../../cloud-hub/ingest/index.ts'
import { device, featuresBody } from '../../../cloud-hub/testing/device.ts'
import { createHubCore, type HubCore } from '../../../cloud-hub/testing/hub-core.ts'
import { Uploader } from '../../../sync-agent/agent/uploader.ts'

const MOST = 8_000_000
const BOX = device('box-01')

/** An envelope whose vector is of random values, so that it stays large when it is compressed. */
function largeEnvelope(values = 400_000) {
  let state = 1
  const vector = Array.from({ length: values }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return Math.fround(state / 2 ** 32)
  })
  return sealEnvelope({ device: BOX, epoch: 1, sequence: 1 }, featuresBody(0, vector))
}

describe('what is too large for a message', () => {
  let core: HubCore
  let folder: string
  let broker: Broker
  let desk: UploadDesk
  let pipeline: IngestPipeline
  let credentials: Credentials
  let port = 0

  async function startHub(): Promise<void> {
    pipeline = new IngestPipeline(core.inbox, core.alarms, () => undefined, silentLogger)
    desk = new UploadDesk({ folder, take: (from, payload) => pipeline.take(from, payload, MOST), logger: silentLogger })
    await desk.prepare()
    const caPem = await core.authority.certificatePem()
    const server = await core.authority.issueServer('leadglass-hub', ['127.0.0.1'])
    broker = new Broker(
      {
        host: '127.0.0.1',
        port,
        caPem,
        ...server,
        isAdmitted: (name) => core.enrolment.isAdmitted(name),
        uploads: (socket, from) => desk.serve(socket, from),
      },
      silentLogger,
    )
    await broker.start()
    port = broker.port
  }

  beforeEach(async () => {
    core = await createHubCore()
    folder = await mkdtemp(join(tmpdir(), 'uploads-'))
    port = 0
    const identity = await core.enrolment.enrol(BOX)
    await startHub()
    credentials = {
      caPem: await core.authority.certificatePem(),
      certificatePem: identity.certificatePem,
      keyPem: identity.keyPem,
    }
  })
  afterEach(async () => {
    await broker.stop()
    await core.close()
    await rm(folder, { recursive: true, force: true })
  })

  const uploader = () => new Uploader(`mqtts://127.0.0.1:${port}`, async () => credentials)
  const effects = () =>
    core.database.prepare('SELECT count(*) AS n, sum(length(embedding)) AS bytes FROM instance_features').get()

  /** One request as the agent makes it, so that a test can stop in between. */
  function ask(method: string, path: string, piece?: Uint8Array, range?: string, with_ = credentials) {
    return new Promise<{ status: number; offset: string | undefined }>((resolve, reject) => {
      const { caPem: ca, certificatePem: cert, keyPem: key } = with_
      const headers = range === undefined ? {} : { 'content-range': range }
      const agent = new Agent({ ca, cert, key, ALPNProtocols: [UPLOAD_PROTOCOL] })
      const sent = request({ host: '127.0.0.1', port, method, path, agent, headers }, (answer) => {
        answer.resume()
        const offset = answer.headers['upload-offset']
        resolve({ status: answer.statusCode ?? 0, offset: typeof offset === 'string' ? offset : undefined })
      })
      sent.once('error', reject)
      sent.end(piece)
    })
  }

  it('has a batch of its own, goes in pieces, and has one effect however often it is sent', async () => {
    const [packed, ...rest] = packEnvelopes([largeEnvelope()])
    expect(rest).toEqual([])
    const bytes = packed?.bytes ?? new Uint8Array()
    expect(bytes.length).toBeGreaterThan(4 * UPLOAD_PIECE_BYTES)
    expect(decodeBatch(bytes)).toMatchObject({ kind: 'batch', upload: true })
    await uploader().upload(bytes)
    await pipeline.settle()
    expect(effects()).toEqual({ n: 1, bytes: 1_600_000 })
    await uploader().upload(bytes)
    await pipeline.settle()
    expect(effects()).toEqual({ n: 1, bytes: 1_600_000 })
    expect(await readdir(folder)).toEqual([])
  })

  it('goes on after the hub was ended in between, from what lies on its disk', async () => {
    const bytes = packEnvelopes([largeEnvelope()])[0]?.bytes ?? new Uint8Array()
    const path = `/uploads/${digestOf(bytes)}`
    const first = bytes.subarray(0, UPLOAD_PIECE_BYTES)
    const range = `bytes 0-${first.length - 1}/${bytes.length}`
    expect(await ask('PUT', path, first, range)).toEqual({ status: 202, offset: String(first.length) })
    await broker.stop()
    await expect(uploader().upload(bytes)).rejects.toThrow()
    await startHub()
    expect(await ask('HEAD', path)).toEqual({ status: 204, offset: String(first.length) })
    expect(await ask('PUT', path, first, range)).toEqual({ status: 409, offset: String(first.length) })
    await uploader().upload(bytes)
    await pipeline.settle()
    expect(effects()).toEqual({ n: 1, bytes: 1_600_000 })
  })

  it('is refused when it is not what its name says, too long, or of a range that it is not', async () => {
    const bytes = Buffer.alloc(1000, 7)
    const whole = `bytes 0-999/1000`
    expect(await ask('PUT', `/uploads/${'0'.repeat(64)}`, bytes, whole)).toMatchObject({ status: 422 })
    const path = `/uploads/${digestOf(bytes)}`
    expect(await ask('PUT', path, bytes, 'bytes 0-998/1000')).toMatchObject({ status: 400 })
    expect(await ask('PUT', path, bytes, 'bytes 0-999/8000000')).toMatchObject({ status: 202 })
    expect(await ask('PUT', path, bytes, 'bytes 1000-1999/99999999')).toMatchObject({ status: 400 })
    expect(await ask('PUT', '/uploads/../hub.db', bytes, whole)).toMatchObject({ status: 404 })
    expect(await ask('POST', path)).toMatchObject({ status: 405 })
  })

  it('is taken from devices with a certificate only, one unfinished upload each', async () => {
    const bytes = Buffer.alloc(2000, 1)
    const strange = { ...credentials, certificatePem: '', keyPem: '' }
    const bare = { caPem: credentials.caPem } as unknown as Credentials
    expect(strange.keyPem).toBe('')
    await expect(ask('HEAD', `/uploads/${digestOf(bytes)}`, undefined, undefined, bare)).rejects.toThrow()
    await ask('PUT', `/uploads/${digestOf(bytes)}`, bytes.subarray(0, 10), 'bytes 0-9/2000')
    await ask('PUT', `/uploads/${digestOf('other')}`, bytes.subarray(0, 10), 'bytes 0-9/2000')
    expect(await readdir(folder)).toEqual([`${BOX}.${digestOf('other')}.part`])
    core.enrolment.revoke(BOX, 'stolen')
    await expect(uploader().upload(bytes)).rejects.toThrow()
  })
})
