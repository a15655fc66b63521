import {
  type AssociationRequester,
  DimseError,
  type InstanceResult,
  type OutgoingInstance,
  type Destination as Peer,
  parseFileMeta,
  type RequesterTls,
} from '../dimse/index.ts'
import { IMPLICIT_LITTLE } from '../imaging/dataset/index.ts'
import type { Destination } from '../settings.ts'
import { statusCode } from './retry.ts'
import type { ResultObject, ResultSender } from './sender.ts'

/** Sends over C-STORE (PS3.4 annex B), all objects of a call over as few associations as it takes. */
export class DicomSender implements ResultSender {
  readonly #requester: Pick<AssociationRequester, 'sendInstances' | 'echo'>
  readonly #callingAeTitle: string
  readonly #towards: (tls: Destination['tls']) => RequesterTls | undefined

  /** @param towards our identity towards a destination with TLS; throws DimseError while it cannot be read. */
  constructor(
    requester: Pick<AssociationRequester, 'sendInstances' | 'echo'>,
    callingAeTitle: string,
    towards: (tls: Destination['tls']) => RequesterTls | undefined,
  ) {
    this.#requester = requester
    this.#callingAeTitle = callingAeTitle
    this.#towards = towards
  }

  async send(
    destination: Destination,
    objects: readonly ResultObject[],
    onResult: (position: number, result: InstanceResult) => void,
  ): Promise<void> {
    const instances = objects.map(
      ({ sopClassUid, sopInstanceUid, content }): OutgoingInstance => ({
        sopClassUid,
        sopInstanceUid,
        // Reports are always written in this syntax, which every peer must accept (PS3.5 10.1).
        transferSyntaxUid: IMPLICIT_LITTLE,
        open: () => dataSetOf(content),
      }),
    )
    let peer: Peer
    try {
      peer = this.#peer(destination)
    } catch (cause) {
      if (!(cause instanceof DimseError)) throw cause
      for (const position of instances.keys()) onResult(position, { kind: 'not-sent', error: cause })
      return
    }
    await this.#requester.sendInstances(peer, instances, (instance, result) => {
      onResult(instances.indexOf(instance), result)
    })
  }

  /** C-ECHO (PS3.7 9.1.5). */
  async probe(destination: Destination): Promise<string | undefined> {
    try {
      const { status } = await this.#requester.echo(this.#peer(destination))
      return status === 0 ? undefined : statusCode(status)
    } catch (cause) {
      if (!(cause instanceof DimseError)) throw cause
      // Whoever does not offer verification, and says so, is there.
      return cause.code === 'no-presentation-context' ? undefined : cause.code
    }
  }

  /** @throws DimseError while our identity towards it cannot be read. */
  #peer({ host, port, aeTitle, tls: identity }: Destination): Peer {
    const tls = this.#towards(identity)
    const peer = { host, port, calledAeTitle: aeTitle, callingAeTitle: this.#callingAeTitle }
    return tls === undefined ? peer : { ...peer, tls }
  }
}

async function* dataSetOf(file: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  yield file.subarray(parseFileMeta(file)?.dataSetOffset ?? file.length)
}
