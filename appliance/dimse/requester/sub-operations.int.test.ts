import { describe, expect, it } from 'vitest'
import { STORAGE_COMMITMENT_INSTANCE, STORAGE_COMMITMENT_PUSH_MODEL } from '../facts/uids.ts'
import { decodeCommandSet, ELEMENT } from '../message/command-set.ts'
import { COMMAND, eventReportRequest, response, storeRequest } from '../message/commands.ts'
import { KEY } from '../query/identifiers.ts'
import { nodeAt } from '../testing/commitment-nodes.ts'
import { MemoryStorage } from '../testing/memory-storage.ts'
import { CR_IMAGE_STORAGE } from '../testing/objects.ts'
import { type RawPeer, rawListener } from '../testing/raw-peer.ts'
import { decodeAssociateRequest, encodeAssociateAccept } from '../upper-layer/associate-codec.ts'
import { encodeDataPdus, encodeReleaseResponse } from '../upper-layer/pdu-writer.ts'
import { AssociationRequester } from './requester.ts'

/** A peer that accepts whatever is proposed, reads the C-GET, and then does what the test says. */
async function peerOfGet(then: (peer: RawPeer, storageContext: number) => void | Promise<void>) {
  return rawListener(async (peer) => {
    const event = await peer.next()
    if (event === 'closed' || event.kind !== 'associate-request') return
    const request = decodeAssociateRequest(event.body)
    peer.send(
      encodeAssociateAccept({
        ...request,
        contexts: request.contexts.map(({ id, transferSyntaxes }) => ({
          id,
          result: 0,
          transferSyntax: transferSyntaxes[0] ?? '',
        })),
      }),
    )
    // The command and the identifier of the C-GET.
    await peer.next()
    await peer.next()
    await then(peer, request.contexts.find(({ abstractSyntax }) => abstractSyntax === CR_IMAGE_STORAGE)?.id ?? 0)
  })
}

const command = (context: number, bytes: Uint8Array) => encodeDataPdus(context, true, bytes, 16_384)
const data = (context: number, bytes: Uint8Array) => encodeDataPdus(context, false, bytes, 16_384)
const getDone = response(
  { commandField: COMMAND.get, messageId: 1, sopClassUid: undefined, sopInstanceUid: undefined },
  0,
)

async function status(peer: RawPeer): Promise<number> {
  const event = await peer.next()
  if (event === 'closed' || event.kind !== 'data') throw new Error('no answer')
  return decodeCommandSet(event.bytes).requiredNumber(ELEMENT.status)
}

async function get(port: number, storage: MemoryStorage) {
  const destination = { ...nodeAt(port, 'ARCHIVE'), timeouts: { responseMs: 500, associationMs: 500 } }
  const options = { sopClasses: [CR_IMAGE_STORAGE], maxInstanceBytes: 1000 }
  return new AssociationRequester().get(destination, 'STUDY', { [KEY.studyInstanceUid]: '1.2' }, storage, options)
}

describe('C-STORE sub-operations of a C-GET, from a peer that does not behave', () => {
  it('are refused one by one, and what is right is stored', async () => {
    const answers: number[] = []
    const listener = await peerOfGet(async (peer, context) => {
      const store = async (bytes: Uint8Array, dataSet: Uint8Array) => {
        peer.send(command(context, bytes), data(context, dataSet))
        answers.push(await status(peer))
      }
      await store(storeRequest(1, '1.2.840.10008.5.1.4.1.1.2', '1.2.3'), Buffer.alloc(8))
      await store(storeRequest(2, CR_IMAGE_STORAGE, 'no uid'), Buffer.alloc(8))
      await store(storeRequest(3, CR_IMAGE_STORAGE, '1.2.3'), Buffer.alloc(1002))
      await store(storeRequest(4, CR_IMAGE_STORAGE, '1.2.4'), Buffer.alloc(8))
      peer.send(command(1, getDone))
      await peer.next()
      peer.send(encodeReleaseResponse())
    })
    const storage = new MemoryStorage()
    expect(await get(listener.port, storage)).toMatchObject({ kind: 'complete' })
    expect(answers).toEqual([0x0122, 0x0117, 0xa700, 0])
    expect(storage.instances.map(({ facts }) => facts.sopInstanceUid)).toEqual(['1.2.4'])
    expect(storage.ended).toMatchObject([{ how: 'released', counts: { stored: 1, refused: 3 } }])
    await listener.close()
  })

  it.each<[string, (peer: RawPeer, context: number) => void]>([
    [
      'breaks off in the middle of an instance',
      (peer, context) => {
        peer.send(
          command(context, storeRequest(1, CR_IMAGE_STORAGE, '1.2.3')),
          encodeDataPdus(context, false, Buffer.alloc(600), 306).subarray(0, 400),
        )
        peer.socket.end()
      },
    ],
    [
      'says nothing more in the middle of an instance',
      (peer, context) => {
        peer.send(
          command(context, storeRequest(1, CR_IMAGE_STORAGE, '1.2.3')),
          encodeDataPdus(context, false, Buffer.alloc(600), 306).subarray(0, 400),
        )
      },
    ],
    [
      'sends a command in the middle of an instance',
      (peer, context) => {
        const half = encodeDataPdus(context, false, Buffer.alloc(600), 306).subarray(0, 312)
        peer.send(command(context, storeRequest(1, CR_IMAGE_STORAGE, '1.2.3')), half, command(1, getDone))
      },
    ],
  ])('a peer that %s leaves nothing behind', async (_, then) => {
    const listener = await peerOfGet(then)
    const storage = new MemoryStorage()
    await expect(get(listener.port, storage)).rejects.toMatchObject({
      code: expect.stringMatching(/connection-lost|timed-out|protocol/) as string,
    })
    expect([storage.instances.length, storage.discarded]).toEqual([0, 1])
    expect(storage.ended).toMatchObject([{ how: 'connection-lost' }])
    await listener.close()
  })

  it('a report of commitment is no sub-operation', async () => {
    const listener = await peerOfGet((peer) => {
      peer.send(
        command(1, eventReportRequest(1, STORAGE_COMMITMENT_PUSH_MODEL, STORAGE_COMMITMENT_INSTANCE, 1)),
        data(1, Buffer.alloc(8)),
      )
    })
    const storage = new MemoryStorage()
    const outcome = get(listener.port, storage)
    // It is answered as an operation that is not offered; then the response to the C-GET does not come.
    await expect(outcome).rejects.toMatchObject({ code: 'timed-out' })
    expect(storage.instances).toHaveLength(0)
    await listener.close()
  })
})
