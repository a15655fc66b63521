import { once } from 'node:events'
import { DimseError } from '../errors.ts'
import { IMPLICIT_VR_LITTLE_ENDIAN, STORAGE_COMMITMENT_INSTANCE, STORAGE_COMMITMENT_PUSH_MODEL } from '../facts/uids.ts'
import { decodeCommandSet, ELEMENT } from '../message/command-set.ts'
import { actionRequest } from '../message/commands.ts'
import { encodeAssociateRequest } from '../upper-layer/associate-codec.ts'
import { encodeDataPdus } from '../upper-layer/pdu-writer.ts'
import { associateRequest } from './messages.ts'
import { RawPeer } from './raw-peer.ts'

/** Sends an N-ACTION whose data set is whatever the test says. @returns the status. @throws DimseError without one. */
export async function rawAction(
  port: number,
  change: { sopInstanceUid?: string; actionTypeId?: number; dataSet?: Uint8Array },
): Promise<number> {
  const peer = await RawPeer.connect(port)
  try {
    peer.send(
      encodeAssociateRequest(
        associateRequest({
          contexts: [
            { id: 1, abstractSyntax: STORAGE_COMMITMENT_PUSH_MODEL, transferSyntaxes: [IMPLICIT_VR_LITTLE_ENDIAN] },
          ],
        }),
      ),
    )
    await peer.next()
    const command = actionRequest(
      1,
      STORAGE_COMMITMENT_PUSH_MODEL,
      change.sopInstanceUid ?? STORAGE_COMMITMENT_INSTANCE,
      change.actionTypeId ?? 1,
    )
    peer.send(encodeDataPdus(1, true, command, 16_384))
    const dataSet = encodeDataPdus(1, false, change.dataSet ?? Buffer.alloc(0), 131_072)
    for (let at = 0; at < dataSet.length && !peer.socket.destroyed; at += 1_048_576)
      if (!peer.socket.write(dataSet.subarray(at, at + 1_048_576)))
        await Promise.race([once(peer.socket, 'drain'), once(peer.socket, 'close')])
    const event = await peer.next()
    if (event === 'closed' || event.kind !== 'data') throw new DimseError('connection-lost', 'no answer came')
    return decodeCommandSet(event.bytes).requiredNumber(ELEMENT.status)
  } finally {
    peer.close()
  }
}
