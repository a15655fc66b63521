import { afterEach, describe, expect, it } from 'vitest'
import { response, STATUS } from '../message/commands.ts'
import { startListener } from '../testing/listener.ts'
import { associateRequest, CT_IMAGE_STORAGE } from '../testing/messages.ts'
import { type RawPeer, rawListener } from '../testing/raw-peer.ts'
import { decodeAssociateRequest, encodeAssociateAccept } from '../upper-layer/associate-codec.ts'
import { PDU_TYPE } from '../upper-layer/pdu.ts'
import {
  encodeAbort,
  encodeDataPdus,
  encodePdu,
  encodeRejection,
  encodeReleaseRequest,
} from '../upper-layer/pdu-writer.ts'
import { AssociationRequester } from './requester.ts'
import type { InstanceResult, OutgoingInstance } from './send-instances.ts'

const IMPLICIT = '1.2.840.10008.1.2'
const requester = new AssociationRequester()
const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

const timeouts = { connectMs: 500, associationMs: 300, responseMs: 300 }
const to = (port: number) => ({ host: '127.0.0.1', port, calledAeTitle: 'PEER', callingAeTitle: 'LEADGLASS', timeouts })

async function peerThat(onCaller: (peer: RawPeer) => void | Promise<void>): Promise<number> {
  const listener = await rawListener(onCaller)
  closing.push(listener.close)
  return listener.port
}

/** Accepts every context, then does what the test says. */
async function accepting(then: (peer: RawPeer) => void | Promise<void>, maxLength = 16_384): Promise<number> {
  return peerThat(async (peer) => {
    const request = await peer.next()
    if (request === 'closed' || request.kind !== 'associate-request') return
    const { contexts, user, ...rest } = decodeAssociateRequest(request.body)
    const answers = contexts.map(({ id, transferSyntaxes }) => ({
      id,
      result: 0,
      transferSyntax: transferSyntaxes[0] ?? '',
    }))
    peer.send(encodeAssociateAccept({ ...rest, contexts: answers, user: { ...user, maxLength } }))
    await then(peer)
  })
}

/** Waits for the end of the next data set or command. */
async function lastOf(peer: RawPeer, command: boolean): Promise<void> {
  for (;;) {
    const event = await peer.next()
    if (event === 'closed' || (event.kind === 'data' && event.command === command && event.last)) return
  }
}

const echoResponse = (messageId: number) =>
  encodeDataPdus(
    1,
    true,
    response({ commandField: 0x30, messageId, sopClassUid: undefined, sopInstanceUid: undefined }, 0),
    16_384,
  )
const storeResponse = (messageId: number, status: number = STATUS.success) =>
  encodeDataPdus(
    1,
    true,
    response({ commandField: 1, messageId, sopClassUid: undefined, sopInstanceUid: undefined }, status, 'why'),
    16_384,
  )

async function* bytes(...pieces: Uint8Array[]) {
  yield* pieces
}
const instance = (number: number, changes: Partial<OutgoingInstance> = {}): OutgoingInstance => ({
  sopClassUid: CT_IMAGE_STORAGE,
  sopInstanceUid: `1.2.${number}`,
  transferSyntaxUid: IMPLICIT,
  open: () => bytes(Buffer.alloc(1000, number)),
  ...changes,
})

async function sendAll(port: number, instances: Iterable<OutgoingInstance>): Promise<InstanceResult[]> {
  const results: InstanceResult[] = []
  await requester.sendInstances(to(port), instances, (_, result) => {
    results.push(result)
  })
  return results
}
const summary = (results: readonly InstanceResult[]) =>
  results.map((result) =>
    result.kind === 'not-sent' ? result.error.code : `${result.kind} ${result.status.toString(16)}`,
  )

describe('an association that does not come about', () => {
  it('nobody listens', async () => {
    const port = await peerThat(() => {})
    for (const close of closing.splice(0)) await close()
    await expect(requester.echo(to(port))).rejects.toMatchObject({
      code: 'connection-refused',
      failureClass: 'transient',
    })
  })

  it.each([
    [
      'calling title unknown, whatever the result says',
      encodeRejection({ result: 2, source: 1, reason: 3 }),
      'association-rejected-permanent',
    ],
    ['peer is full', encodeRejection({ result: 2, source: 3, reason: 2 }), 'association-rejected-transient'],
    ['aborted instead of an answer', encodeAbort(2, 0), 'association-closed'],
    ['another protocol', Buffer.from('SSH-2.0-OpenSSH_9.2\r\n'), 'protocol'],
    ['released instead of an answer', encodeReleaseRequest(), 'protocol'],
    ['an answer cut short', encodePdu(PDU_TYPE.associateAccept, Buffer.alloc(20)), 'protocol'],
  ])('%s', async (_, answer, code) => {
    const port = await peerThat((peer) => peer.send(answer))
    await expect(requester.echo(to(port))).rejects.toMatchObject({ code })
  })

  it('peer says nothing', async () => {
    const port = await peerThat(() => {})
    await expect(requester.echo(to(port))).rejects.toMatchObject({
      code: 'association-timed-out',
      failureClass: 'transient',
    })
  })

  it('peer closes', async () => {
    const port = await peerThat((peer) => peer.close())
    await expect(requester.echo(to(port))).rejects.toMatchObject({
      code: 'association-closed',
      failureClass: 'transient',
    })
  })

  it('arguments that no peer could understand', async () => {
    const wrong = { code: 'invalid-argument' }
    await expect(requester.echo({ ...to(1), calledAeTitle: 'LONGER THAN SIXTEEN' })).rejects.toMatchObject(wrong)
    await expect(requester.echo({ ...to(1), callingAeTitle: '  ' })).rejects.toMatchObject(wrong)
    const open = (presentationContexts: { abstractSyntax: string; transferSyntaxes: string[] }[]) =>
      requester.requestAssociation({ ...to(1), presentationContexts })
    await expect(open([])).rejects.toMatchObject(wrong)
    await expect(open([{ abstractSyntax: 'CT', transferSyntaxes: [IMPLICIT] }])).rejects.toMatchObject(wrong)
  })
})

describe('an association that breaks', () => {
  it.each([
    ['is aborted', (peer: RawPeer) => peer.send(encodeAbort(0, 0)), 'aborted'],
    ['is released', (peer: RawPeer) => peer.send(encodeReleaseRequest()), 'aborted'],
    ['is closed', (peer: RawPeer) => peer.close(), 'connection-lost'],
    ['stays silent', () => {}, 'timed-out'],
    ['answers something else', (peer: RawPeer) => peer.send(storeResponse(1)), 'protocol'],
    ['answers another message', (peer: RawPeer) => peer.send(echoResponse(77)), 'protocol'],
    [
      'answers with a data set nobody announced',
      (peer: RawPeer) => peer.send(encodeDataPdus(1, false, Buffer.alloc(2), 100)),
      'protocol',
    ],
    [
      'asks for an association',
      (peer: RawPeer) => peer.send(encodePdu(PDU_TYPE.associateRequest, Buffer.alloc(80))),
      'protocol',
    ],
  ] as const)('while an echo is open: %s', async (_, act, code) => {
    const port = await accepting(async (peer) => {
      await lastOf(peer, true)
      act(peer)
    })
    await expect(requester.echo(to(port))).rejects.toMatchObject({ code })
  })

  it('peer stops reading in the middle of a data set', async () => {
    const port = await accepting((peer) => {
      peer.socket.pause()
    })
    const huge = instance(1, { open: () => bytes(Buffer.alloc(64 * 1024 * 1024)) })
    expect(summary(await sendAll(port, [huge]))).toEqual(['timed-out'])
  })

  it('release answered by a release is a collision, and ends well (PS3.8 9.2, Sta9 to Sta11)', async () => {
    const port = await accepting(async (peer) => {
      await peer.next()
      peer.send(encodeReleaseRequest())
      expect(await peer.next()).toEqual({ kind: 'release-response' })
      peer.send(encodePdu(PDU_TYPE.releaseResponse, Buffer.alloc(4)))
    })
    const presentationContexts = [{ abstractSyntax: CT_IMAGE_STORAGE, transferSyntaxes: [IMPLICIT] }]
    const association = await requester.requestAssociation({ ...to(port), presentationContexts })
    await association.release()
    expect(association.usable).toBe(false)
  })
})

describe('sendInstances', () => {
  it('tells accepted, warned, refused for now and refused for good apart', async () => {
    const statuses = [0x0000, 0xb000, 0xa700, 0xc123]
    const port = await accepting(async (peer) => {
      for (const [index, status] of statuses.entries()) {
        await lastOf(peer, false)
        peer.send(storeResponse(index + 1, status))
      }
    })
    expect(
      await sendAll(
        port,
        [1, 2, 3, 4].map((number) => instance(number)),
      ),
    ).toEqual([
      { kind: 'accepted', status: 0 },
      { kind: 'accepted', status: 0xb000 },
      { kind: 'refused', status: 0xa700, comment: 'why', failureClass: 'transient' },
      { kind: 'refused', status: 0xc123, comment: 'why', failureClass: 'permanent' },
    ])
  })

  it('takes a refusal that comes before the data set is sent', async () => {
    const port = await accepting(async (peer) => {
      await lastOf(peer, true)
      peer.send(storeResponse(1, 0xa700))
      await lastOf(peer, false)
    })
    const slow = instance(1, {
      open: async function* () {
        yield Buffer.alloc(50_000)
        await new Promise((resolve) => setTimeout(resolve, 50))
        yield Buffer.alloc(50_000)
      },
    })
    expect(summary(await sendAll(port, [slow]))).toEqual(['refused a700'])
  })

  it('calls an instance that was being stored when the peer stopped an open question', async () => {
    let stopped: Promise<void> | undefined
    const { server, storage, port } = await startListener(
      {
        onCommit: async ({ sopInstanceUid }) => {
          if (sopInstanceUid !== '1.2.2') return { kind: 'stored' }
          stopped = server.stop()
          await new Promise((resolve) => setTimeout(resolve, 200))
          return { kind: 'stored' }
        },
      },
      { limits: { stopGraceMs: 50 } },
    )
    const results = await sendAll(
      port,
      [1, 2, 3].map((number) => instance(number)),
    )
    expect(summary(results)).toEqual(['accepted 0', 'aborted', 'connection-refused'])
    expect(results[1]).toMatchObject({ error: { failureClass: 'ambiguous' } })
    await stopped
    expect(storage.instances).toHaveLength(2)
  })

  it('opens a new association after one is aborted, and gives up after three in a row', async () => {
    let associations = 0
    const port = await accepting(async (peer) => {
      associations += 1
      await lastOf(peer, false)
      if (associations === 2) peer.send(storeResponse(1))
      else peer.send(encodeAbort(0, 0))
    })
    const results = await sendAll(
      port,
      [1, 2, 3, 4, 5, 6].map((number) => instance(number)),
    )
    expect(summary(results)).toEqual(['aborted', 'accepted 0', 'timed-out', 'aborted', 'aborted', 'association-closed'])
    expect(results.map((result) => result.kind === 'not-sent' && result.error.failureClass).at(-1)).toBe('transient')
  })

  it('reports what the peer does not accept, and sends the rest', async () => {
    const { server, port } = await startListener()
    closing.push(() => server.stop())
    const find = instance(2, { sopClassUid: '1.2.840.10008.5.1.4.31' })
    expect(summary(await sendAll(port, [instance(1), find, instance(3)]))).toEqual([
      'accepted 0',
      'no-presentation-context',
      'accepted 0',
    ])
  })

  it('aborts rather than sends half an instance when its source fails', async () => {
    const { server, storage, port } = await startListener()
    closing.push(() => server.stop())
    const broken = instance(2, {
      open: async function* () {
        yield Buffer.alloc(200_000)
        throw new Error('disk')
      },
    })
    const odd = instance(3, { open: () => bytes(Buffer.alloc(3)) })
    const empty = instance(4, { open: () => bytes() })
    const results = await sendAll(port, [instance(1), broken, odd, empty, instance(5)])
    expect(summary(results)).toEqual([
      'accepted 0',
      'data-source-failed',
      'data-source-failed',
      'data-source-failed',
      'accepted 0',
    ])
    expect(storage.instances.map(({ facts }) => facts.sopInstanceUid)).toEqual(['1.2.1', '1.2.5'])
  })

  it('uses one association after the other for more than 128 contexts', async () => {
    const { server, storage, port } = await startListener()
    closing.push(() => server.stop())
    const instances = Array.from({ length: 300 }, (_, index) =>
      instance(index, { sopClassUid: `1.2.826.0.1.${index}` }),
    )
    expect(new Set(summary(await sendAll(port, instances)))).toEqual(new Set(['accepted 0']))
    expect(storage.instances).toHaveLength(300)
    expect(storage.accepted).toHaveLength(3)
  })

  it('obeys a small maximum length of the peer', async () => {
    const port = await accepting(async (peer) => {
      let largest = 0
      for (let last = false; !last; ) {
        const event = await peer.next()
        if (event === 'closed' || event.kind !== 'data') return
        largest = Math.max(largest, event.bytes.length)
        last = !event.command && event.last
      }
      peer.send(storeResponse(1, largest <= 94 ? 0 : 0xc000))
    }, 100)
    expect(summary(await sendAll(port, [instance(1)]))).toEqual(['accepted 0'])
  })

  it('does not open an association for nothing', async () => {
    const port = await peerThat(() => {
      throw new Error('called')
    })
    expect(await sendAll(port, [])).toEqual([])
  })
})

it('a plain association request is what the tests think it is', () => {
  expect(associateRequest().contexts.map(({ id }) => id)).toEqual([1, 3, 5])
})
