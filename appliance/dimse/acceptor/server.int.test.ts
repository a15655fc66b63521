import { createHash, randomBytes } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { decodeCommandSet, ELEMENT } from '../message/command-set.ts'
import { storeRequest } from '../message/commands.ts'
import type { CallerDecision, StoreOutcome } from '../ports.ts'
import { AssociationRequester } from '../requester/requester.ts'
import { startListener } from '../testing/listener.ts'
import { MemoryStorage } from '../testing/memory-storage.ts'
import { associateRequest, CT_IMAGE_STORAGE } from '../testing/messages.ts'
import { RawPeer } from '../testing/raw-peer.ts'
import { encodeAssociateRequest } from '../upper-layer/associate-codec.ts'
import { encodeDataPdus } from '../upper-layer/pdu-writer.ts'
import type { DimseServer, DimseServerOptions } from './server.ts'

const IMPLICIT = '1.2.840.10008.1.2'
let running: DimseServer[] = []

async function listener(...args: Parameters<typeof startListener>) {
  const started = await startListener(...args)
  running.push(started.server)
  return started
}

afterEach(async () => {
  await Promise.all(running.map((server) => server.stop()))
  running = []
})

const call = (port: number, calledAeTitle = 'LEADGLASS') =>
  new AssociationRequester().requestAssociation({
    host: '127.0.0.1',
    port,
    calledAeTitle,
    callingAeTitle: 'TESTER',
    presentationContexts: [
      { abstractSyntax: '1.2.840.10008.1.1', transferSyntaxes: [IMPLICIT] },
      { abstractSyntax: CT_IMAGE_STORAGE, transferSyntaxes: [IMPLICIT] },
    ],
  })

const instance = (sopInstanceUid: string, dataSet: readonly Uint8Array[] = [Buffer.alloc(8, 1)]) => ({
  sopClassUid: CT_IMAGE_STORAGE,
  sopInstanceUid,
  transferSyntaxUid: IMPLICIT,
  dataSet,
})

describe('DimseServer', () => {
  it('answers C-ECHO and tells what it knows about the caller', async () => {
    const { storage, port } = await listener()
    const association = await call(port)
    expect(await association.cEcho()).toEqual({ status: 0, comment: '' })
    await association.release()
    await expect.poll(() => storage.ended.length).toBe(1)
    expect(storage.accepted[0]).toMatchObject({
      calledAeTitle: 'LEADGLASS',
      callingAeTitle: 'TESTER',
      remoteAddress: '127.0.0.1',
      implementationVersionName: 'LEADGLASS_0_1',
      tls: false,
      certificateSubject: null,
    })
    expect(storage.accepted[0]?.associationId).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    )
    expect(storage.ended[0]).toMatchObject({ how: 'released', counts: { stored: 0, refused: 0 } })
  })

  it('keeps every byte of data sets of all sizes, in order', async () => {
    const { storage, port } = await listener()
    const association = await call(port)
    const sizes = [2, 131_064, 131_066, 131_068, 1_000_000, 5_000_002]
    for (const [index, size] of sizes.entries()) {
      const bytes = Buffer.alloc(size, index + 1)
      bytes.writeUInt16LE(index, size - 2)
      expect(
        (await association.cStore(instance(`1.2.${index}`, [bytes.subarray(0, 1), bytes.subarray(1)]))).status,
      ).toBe(0)
      expect(storage.instances[index]?.dataSet.equals(bytes)).toBe(true)
    }
    await association.release()
    await expect.poll(() => storage.ended[0]?.counts).toEqual({ stored: 6, refused: 0, echoed: 0 })
  })

  it('sends success only after commit', async () => {
    const order: string[] = []
    const { port } = await listener({
      onCommit: async () => {
        await new Promise((resolve) => setTimeout(resolve, 50))
        order.push('committed')
        return { kind: 'stored' }
      },
    })
    const association = await call(port)
    await association.cStore(instance('1.2.3'))
    order.push('answered')
    expect(order).toEqual(['committed', 'answered'])
    await association.release()
  })

  it('passes refusals before and after the data set on as status and comment', async () => {
    const { storage, port } = await listener({
      onBegin: ({ sopInstanceUid }) =>
        sopInstanceUid === '1.2.1' ? { kind: 'refused', status: 0x0124, comment: 'not authorised' } : undefined,
      onCommit: ({ sopInstanceUid }): StoreOutcome =>
        sopInstanceUid === '1.2.2' ? { kind: 'refused', status: 0xa700, comment: 'disk full' } : { kind: 'stored' },
    })
    const association = await call(port)
    expect(await association.cStore(instance('1.2.1'))).toEqual({ status: 0x0124, comment: 'not authorised' })
    expect(await association.cStore(instance('1.2.2'))).toEqual({ status: 0xa700, comment: 'disk full' })
    expect(await association.cStore(instance('1.2.3'))).toEqual({ status: 0, comment: '' })
    await association.release()
    await expect.poll(() => storage.ended[0]?.counts).toEqual({ stored: 1, refused: 2, echoed: 0 })
  })

  it('answers 0xA700 when the service throws, and goes on', async () => {
    const { storage, port } = await listener({
      onBegin: ({ sopInstanceUid }) => {
        if (sopInstanceUid === '1.2.1') throw new Error('no database')
        return undefined
      },
      onWrite: ({ sopInstanceUid }) => {
        if (sopInstanceUid === '1.2.2') throw new Error('no space')
      },
    })
    const association = await call(port)
    for (const [uid, status] of [
      ['1.2.1', 0xa700],
      ['1.2.2', 0xa700],
      ['1.2.3', 0],
    ] as const)
      expect((await association.cStore(instance(uid))).status).toBe(status)
    await association.release()
    expect(storage.discarded).toBe(1)
  })

  it('refuses what is over the size limit with a status', async () => {
    const { storage, port } = await listener({}, { limits: { maxInstanceBytes: 1000 } })
    const association = await call(port)
    expect((await association.cStore(instance('1.2.1', [Buffer.alloc(1500)]))).status).toBe(0xa700)
    expect((await association.cStore(instance('1.2.2', [Buffer.alloc(1000)]))).status).toBe(0)
    await association.release()
    expect(storage.instances.map(({ facts }) => facts.sopInstanceUid)).toEqual(['1.2.2'])
  })

  it('holds a fast sender back while the sink is slow', async () => {
    let received = 0
    let release: () => void = () => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const { port } = await listener({
      onWrite: (_, fragment) => {
        received += fragment.length
        return gate
      },
    })
    const peer = await RawPeer.connect(port)
    peer.send(encodeAssociateRequest(associateRequest()))
    await peer.next()
    const size = 64 * 1024 * 1024
    peer.send(encodeDataPdus(3, true, storeRequest(1, CT_IMAGE_STORAGE, '1.2.3'), 16_384))
    peer.send(encodeDataPdus(3, false, Buffer.alloc(size), 131_072))
    await new Promise((resolve) => setTimeout(resolve, 300))
    // The kernel's own buffers take some megabytes; the rest waits at the sender.
    expect(received).toBeLessThanOrEqual(131_072)
    expect(peer.socket.writableLength).toBeGreaterThan(size / 2)
    release()
    const answer = await peer.next()
    expect(answer).toMatchObject({ kind: 'data', contextId: 3, command: true })
    expect(received).toBe(size)
    peer.close()
  })

  it('leaves a borrowed fragment intact until its write has settled', async () => {
    const storage = new MemoryStorage()
    const sent = createHash('sha256')
    const seen = createHash('sha256')
    storage.begin = () => ({
      borrowsFragments: true,
      write: async (fragment) => {
        await new Promise((resolve) => setImmediate(resolve))
        seen.update(fragment)
      },
      commit: async () => ({ kind: 'stored' }),
      discard: async () => {},
    })
    const { port } = await listener({}, { storage })
    const association = await call(port)
    const pieces = Array.from({ length: 50 }, () => randomBytes(200_000))
    for (const piece of pieces) sent.update(piece)
    await association.cStore(instance('1.2.3', pieces))
    await association.release()
    expect(seen.digest('hex')).toBe(sent.digest('hex'))
  })

  it('passes half a gigabyte through in a few megabytes of memory', async () => {
    const size = 512 * 1024 * 1024
    let received = 0
    let largest = 0
    const storage = new MemoryStorage()
    storage.begin = () => ({
      borrowsFragments: true,
      write(fragment) {
        received += fragment.length
        largest = Math.max(largest, process.memoryUsage().arrayBuffers)
      },
      commit: async () => ({ kind: 'stored' }),
      discard: async () => {},
    })
    const { port } = await listener({}, { storage })
    const association = await call(port)
    const piece = Buffer.alloc(1024 * 1024)
    const before = process.memoryUsage().arrayBuffers
    const pieces = Array.from({ length: size / piece.length }, () => piece)
    expect((await association.cStore(instance('1.2.3', pieces))).status).toBe(0)
    await association.release()
    expect(received).toBe(size)
    expect(largest - before).toBeLessThan(32 * 1024 * 1024)
  })

  it('answers what was sent ahead, one after the other, in order', async () => {
    const { port } = await listener({
      onCommit: async ({ sopInstanceUid }) => {
        await new Promise((resolve) => setTimeout(resolve, sopInstanceUid === '1.2.1' ? 50 : 0))
        return { kind: 'stored' }
      },
    })
    const peer = await RawPeer.connect(port)
    const store = (id: number) => [
      encodeDataPdus(3, true, storeRequest(id, CT_IMAGE_STORAGE, `1.2.${id}`), 16_384),
      encodeDataPdus(3, false, Buffer.alloc(100), 50),
    ]
    peer.send(encodeAssociateRequest(associateRequest()), ...store(1), ...store(2), ...store(3))
    await peer.next()
    for (const id of [1, 2, 3]) {
      const answer = await peer.next()
      if (answer === 'closed' || answer.kind !== 'data') throw new Error('no answer')
      expect(decodeCommandSet(answer.bytes).number(ELEMENT.messageIdBeingRespondedTo)).toBe(id)
    }
    peer.close()
  })

  it.each([
    ['called-ae-title', 'association-rejected-permanent'],
    ['calling-ae-title', 'association-rejected-permanent'],
    ['address', 'association-rejected-permanent'],
    ['certificate', 'association-rejected-permanent'],
    ['limit', 'association-rejected-transient'],
    ['busy', 'association-rejected-transient'],
  ] as const)('rejects for %s, and says so to the service', async (why, code) => {
    const transient = code.endsWith('transient')
    const decision: CallerDecision = { kind: 'rejected', why, transient }
    const { storage, port } = await listener({}, { policy: { decide: () => decision } })
    await expect(call(port)).rejects.toMatchObject({ code })
    expect(storage.rejected.map(({ why: told }) => told)).toEqual([why])
    expect(storage.accepted).toEqual([])
  })

  it('holds no more associations than it may, and has room again afterwards', async () => {
    const { storage, server, port } = await listener({}, { limits: { maxAssociations: 1 } })
    const first = await call(port)
    await expect(call(port)).rejects.toMatchObject({ code: 'association-rejected-transient' })
    expect(storage.rejected[0]?.why).toBe('limit')
    await first.release()
    await expect.poll(() => server.openAssociations).toBe(0)
    await (await call(port)).release()
  })

  it('discards a half instance when the sender aborts, and tells how it ended', async () => {
    const { storage, port } = await listener()
    const association = await call(port)
    async function* half() {
      yield Buffer.alloc(300_000)
      await association.abort()
      yield Buffer.alloc(2)
    }
    await expect(association.cStore({ ...instance('1.2.3'), dataSet: half() })).rejects.toMatchObject({
      failureClass: 'transient',
    })
    await expect.poll(() => storage.ended[0]?.how).toBe('aborted')
    expect(storage).toMatchObject({ discarded: 1, instances: [] })
  })

  it('discards a half instance when the connection breaks', async () => {
    const { storage, port } = await listener()
    const peer = await RawPeer.connect(port)
    peer.send(encodeAssociateRequest(associateRequest()))
    await peer.next()
    peer.send(encodeDataPdus(3, true, storeRequest(1, CT_IMAGE_STORAGE, '1.2.3'), 16_384))
    peer.send(encodeDataPdus(3, false, Buffer.alloc(200), 104).subarray(0, 150))
    await new Promise((resolve) => setTimeout(resolve, 50))
    peer.close()
    await expect.poll(() => storage.ended[0]?.how).toBe('connection-lost')
    expect(storage).toMatchObject({ discarded: 1, instances: [] })
  })

  it('lets an association finish after stop, and aborts it after the grace time', async () => {
    const { storage, server, port } = await listener({}, { limits: { stopGraceMs: 200 } })
    const association = await call(port)
    const stopped = server.stop()
    expect((await association.cStore(instance('1.2.3'))).status).toBe(0)
    await expect(call(port)).rejects.toMatchObject({ code: 'connection-refused' })
    await stopped
    expect(storage.ended).toMatchObject([{ how: 'aborted', counts: { stored: 1 } }])
    await expect(association.cEcho()).rejects.toMatchObject({ code: 'association-closed' })
    await server.stop()
  })

  it('says that a port is taken', async () => {
    const { port } = await listener()
    await expect(listener({}, { port })).rejects.toMatchObject({ code: 'listen-failed' })
  })

  it('survives a service that throws in its notifications', async () => {
    const storage = new MemoryStorage()
    const fail = () => {
      throw new Error('journal')
    }
    const broken = {
      begin: storage.begin.bind(storage),
      associationAccepted: fail,
      associationEnded: fail,
      associationRejected: fail,
    }
    const options: Partial<DimseServerOptions> = { storage: broken }
    const { port } = await listener({}, options)
    const association = await call(port)
    expect((await association.cStore(instance('1.2.3'))).status).toBe(0)
    await association.release()
    await (await call(port)).release()
  })
})
