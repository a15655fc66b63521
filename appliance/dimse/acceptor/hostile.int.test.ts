import { afterEach, describe, expect, it } from 'vitest'
import { type CommandValues, ELEMENT, encodeCommandSet } from '../message/command-set.ts'
import { echoRequest, storeRequest } from '../message/commands.ts'
import { startListener } from '../testing/listener.ts'
import { associateRequest, CT_IMAGE_STORAGE } from '../testing/messages.ts'
import { RawPeer } from '../testing/raw-peer.ts'
import { encodeAssociateAccept, encodeAssociateRequest } from '../upper-layer/associate-codec.ts'
import { ABORT_REASON, PDU_TYPE } from '../upper-layer/pdu.ts'
import {
  encodeAbort,
  encodeDataPdus,
  encodePdu,
  encodeReleaseRequest,
  encodeReleaseResponse,
} from '../upper-layer/pdu-writer.ts'
import type { DimseServer, DimseServerLimits } from './server.ts'

let server: DimseServer | undefined
afterEach(async () => {
  await server?.stop()
  server = undefined
})

async function open(limits: Partial<DimseServerLimits> = {}) {
  const started = await startListener({}, { limits: { artimTimeoutMs: 400, idleTimeoutMs: 400, ...limits } })
  server = started.server
  return started
}

async function established(limits: Partial<DimseServerLimits> = {}) {
  const started = await open(limits)
  const peer = await RawPeer.connect(started.port)
  peer.send(encodeAssociateRequest(associateRequest()))
  expect(await peer.next()).toMatchObject({ kind: 'associate-accept' })
  return { ...started, peer }
}

/** The listener is still there for others. */
async function stillServes(port: number): Promise<void> {
  const peer = await RawPeer.connect(port)
  peer.send(encodeAssociateRequest(associateRequest()), encodeDataPdus(1, true, echoRequest(1), 16_384))
  expect(await peer.next()).toMatchObject({ kind: 'associate-accept' })
  expect(await peer.next()).toMatchObject({ kind: 'data', contextId: 1 })
  peer.send(encodeReleaseRequest())
  expect(await peer.next()).toEqual({ kind: 'release-response' })
  peer.close()
}

const accept = encodeAssociateAccept({ ...associateRequest(), contexts: [] })
const reject = encodePdu(PDU_TYPE.associateReject, Buffer.of(0, 1, 1, 1))
const command = (values: CommandValues, contextId = 3) =>
  encodeDataPdus(contextId, true, encodeCommandSet(values), 16_384)
const store = encodeDataPdus(3, true, storeRequest(1, CT_IMAGE_STORAGE, '1.2.3'), 16_384)
const dataPdu = (...bytes: number[]) => encodePdu(PDU_TYPE.data, Uint8Array.from(bytes))

describe('before an association (Sta2)', () => {
  it.each([
    ['A-ASSOCIATE-AC', accept],
    ['A-ASSOCIATE-RJ', reject],
    ['P-DATA-TF', dataPdu(0, 0, 0, 4, 1, 0, 9, 9)],
    ['A-RELEASE-RQ', encodeReleaseRequest()],
    ['A-RELEASE-RP', encodeReleaseResponse()],
    ['an unknown PDU', encodePdu(0x42, Buffer.alloc(4))],
    ['a web browser', Buffer.from('GET / HTTP/1.1\r\nHost: pacs\r\n\r\n')],
    ['a TLS client', Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03])],
    ['a request of four gigabytes', Buffer.from([1, 0, 0xff, 0xff, 0xff, 0xff, 0, 1])],
    ['a request of ten bytes', encodePdu(PDU_TYPE.associateRequest, Buffer.alloc(10))],
    [
      'a request cut in an item',
      encodePdu(PDU_TYPE.associateRequest, Buffer.concat([Buffer.alloc(68), Buffer.of(16, 0, 9)])),
    ],
  ])('%s is answered by A-ABORT of the service user (AA-1)', async (_, bytes) => {
    const { storage, port } = await open()
    const peer = await RawPeer.connect(port)
    peer.send(bytes)
    expect(await peer.next()).toEqual({ kind: 'abort', abort: { source: 0, reason: 0 } })
    expect(await peer.next()).toBe('closed')
    expect(storage.accepted).toEqual([])
    await stillServes(port)
  })

  it('A-ABORT closes the connection (AA-2)', async () => {
    const { port } = await open()
    const peer = await RawPeer.connect(port)
    peer.send(encodeAbort(0, 0))
    expect(await peer.next()).toBe('closed')
  })

  it.each([
    ['nothing at all', []],
    ['a byte now and then', [1, 0, 0]],
  ])('a caller that sends %s is closed when ARTIM ends (AA-2)', async (_, bytes) => {
    const { port } = await open()
    const peer = await RawPeer.connect(port)
    const begun = Date.now()
    for (const byte of bytes) {
      peer.send(Buffer.of(byte))
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    expect(await peer.next()).toBe('closed')
    expect(Date.now() - begun).toBeLessThan(1500)
    await stillServes(port)
  })

  it.each([
    ['protocol version 2 only', { protocolVersion: 2 }, { result: 1, source: 2, reason: 2 }],
    ['another application context', { applicationContext: '1.2.3' }, { result: 1, source: 1, reason: 2 }],
    ['a called title with a control character', { calledAeTitle: 'A\u0007B' }, { result: 1, source: 1, reason: 7 }],
    ['a calling title of spaces', { callingAeTitle: '' }, { result: 1, source: 1, reason: 3 }],
  ])('%s is rejected', async (_, changes, rejection) => {
    const { storage, port } = await open()
    const peer = await RawPeer.connect(port)
    peer.send(encodeAssociateRequest(associateRequest(changes)))
    expect(await peer.next()).toEqual({ kind: 'associate-reject', rejection })
    expect(storage.rejected).toMatchObject([{ why: 'protocol' }])
    peer.close()
  })

  it('a caller that does not close after its rejection is closed when ARTIM ends', async () => {
    const { port } = await open()
    const peer = await RawPeer.connect(port)
    peer.send(encodeAssociateRequest(associateRequest({ protocolVersion: 2 })))
    expect(await peer.next()).toMatchObject({ kind: 'associate-reject' })
    expect(await peer.next()).toBe('closed')
  })
})

describe('in an association (Sta6)', () => {
  const byProvider = (reason: number) => ({ kind: 'abort', abort: { source: 2, reason } })
  const byUser = { kind: 'abort', abort: { source: 0, reason: 0 } }
  const unexpected = byProvider(ABORT_REASON.unexpectedPdu)
  const invalid = byProvider(ABORT_REASON.invalidPduParameterValue)
  it.each([
    ['a second request', encodeAssociateRequest(associateRequest()), unexpected],
    ['A-ASSOCIATE-AC', accept, unexpected],
    ['A-ASSOCIATE-RJ', reject, unexpected],
    ['A-RELEASE-RP', encodeReleaseResponse(), unexpected],
    ['an unknown PDU', encodePdu(0x42, Buffer.alloc(4)), byProvider(ABORT_REASON.unrecognizedPdu)],
    ['a P-DATA-TF longer than announced', Buffer.of(4, 0, 0, 2, 0, 1), invalid],
    ['a P-DATA-TF without an item', dataPdu(), invalid],
    ['an item longer than its PDU', dataPdu(0, 0, 0, 9, 1, 3, 0, 0), invalid],
    ['an item header cut by its PDU', dataPdu(0, 0, 0, 4, 1, 1, 0, 0, 0, 0), invalid],
    ['a fragment of odd length', dataPdu(0, 0, 0, 3, 1, 3, 0), invalid],
    ['a context that was refused', encodeDataPdus(5, true, echoRequest(1), 16_384), invalid],
    ['a context that was never proposed', encodeDataPdus(99, true, echoRequest(1), 16_384), invalid],
    ['a data set without a command', encodeDataPdus(3, false, Buffer.alloc(10), 16_384), byUser],
    ['a data set inside a command', Buffer.concat([store.subarray(0, -2), Buffer.alloc(2)]).fill(1, 11, 12), byUser],
    ['a command inside a data set', Buffer.concat([store, store]), byUser],
    ['a data set on another context', Buffer.concat([store, encodeDataPdus(1, false, Buffer.alloc(4), 99)]), byUser],
    ['a command that is no command', encodeDataPdus(3, true, Buffer.alloc(30, 0xab), 16_384), byUser],
    ['an empty command', dataPdu(0, 0, 0, 2, 3, 3), byUser],
    ['a command without message id', command([[ELEMENT.commandField, 1]]), byUser],
    [
      'a command without data set type',
      command([
        [ELEMENT.commandField, 0x30],
        [ELEMENT.messageId, 1],
      ]),
      byUser,
    ],
    [
      'a response',
      command([
        [ELEMENT.commandField, 0x8001],
        [ELEMENT.messageId, 1],
      ]),
      byUser,
    ],
    ['a command of 20 kilobytes', encodeDataPdus(3, true, Buffer.alloc(20_000), 131_072), byUser],
  ])('%s is answered by A-ABORT', async (name, bytes, expected) => {
    const { storage, port, peer } = await established()
    // A command cut off before its last fragment, then a data set.
    if (name === 'a data set inside a command')
      peer.send(dataPdu(0, 0, 0, 4, 3, 1, 0, 0), encodeDataPdus(3, false, Buffer.alloc(4), 99))
    else peer.send(bytes)
    expect(await peer.next()).toEqual(expected)
    expect(await peer.next()).toBe('closed')
    await expect.poll(() => storage.ended).toMatchObject([{ how: 'aborted' }])
    expect(storage.instances).toEqual([])
    await stillServes(port)
  })

  it('a sender that goes on beyond twice the size limit is aborted', async () => {
    const { storage, peer } = await established({ maxInstanceBytes: 1000 })
    peer.send(store, encodeDataPdus(3, false, Buffer.alloc(4000), 500))
    expect(await peer.next()).toEqual(byUser)
    expect(storage.discarded).toBe(1)
  })

  it('silence is aborted when the idle time ends', async () => {
    const { storage, peer } = await established()
    expect(await peer.next()).toEqual(byUser)
    await expect.poll(() => storage.ended).toMatchObject([{ how: 'timed-out' }])
  })

  it('trickling bytes do not count as progress', async () => {
    const { storage, peer } = await established()
    peer.send(store)
    const begun = Date.now()
    const trickle = setInterval(() => peer.send(dataPdu(0, 0, 0, 4, 3, 0, 1, 1)), 20)
    const answer = await peer.next()
    clearInterval(trickle)
    expect(answer).toEqual(byUser)
    expect(Date.now() - begun).toBeLessThan(2000)
    await expect.poll(() => storage.ended).toMatchObject([{ how: 'timed-out' }])
    expect(storage.discarded).toBe(1)
  })

  it('a caller that reads no answers loses its connection', async () => {
    const { storage, peer } = await established({ idleTimeoutMs: 20_000 })
    peer.socket.pause()
    const echoes = Buffer.concat(Array.from({ length: 500 }, () => encodeDataPdus(1, true, echoRequest(1), 16_384)))
    const flood = setInterval(() => {
      if (peer.socket.writableLength < 1_000_000) for (let i = 0; i < 20; i += 1) peer.send(echoes)
    }, 1)
    await expect.poll(() => storage.ended.length, { timeout: 20_000 }).toBe(1)
    clearInterval(flood)
    expect(storage.ended[0]?.how).toBe('connection-lost')
    peer.close()
  })

  it('a fragment without bytes is allowed, also as the last one', async () => {
    const { storage, peer } = await established()
    peer.send(store, dataPdu(0, 0, 0, 2, 3, 0, 0, 0, 0, 4, 3, 0, 7, 7), dataPdu(0, 0, 0, 2, 3, 2))
    expect(await peer.next()).toMatchObject({ kind: 'data', command: true })
    expect(storage.instances.map(({ dataSet }) => [...dataSet])).toEqual([[7, 7]])
    peer.close()
  })

  it('a cancel is taken in silence', async () => {
    const { peer } = await established()
    peer.send(
      command([
        [ELEMENT.commandField, 0x0fff],
        [ELEMENT.messageIdBeingRespondedTo, 1],
        [ELEMENT.dataSetType, 0x0101],
      ]),
    )
    peer.send(encodeDataPdus(1, true, echoRequest(2), 16_384), encodeReleaseRequest())
    expect(await peer.next()).toMatchObject({ kind: 'data', contextId: 1 })
    expect(await peer.next()).toEqual({ kind: 'release-response' })
    peer.close()
  })

  it('many callers that say nothing do not keep others out for ever', async () => {
    const { port } = await open({ maxAssociations: 2 })
    const silent = await Promise.all(Array.from({ length: 34 }, () => RawPeer.connect(port)))
    await Promise.all(silent.map((peer) => peer.next()))
    await stillServes(port)
  })
})
