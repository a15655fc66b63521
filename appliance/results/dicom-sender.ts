import {
  type AssociationRequester,
  DimseError,
  type InstanceResult,
  type OutgoingInstance,
  parseFileMeta,
  type RequesterTls,
} from '../dimse/index.ts'
import { IMPLICIT_LITTLE } from '../imaging/dataset/index.ts'
import type { DueDelivery } from '../records/index.ts'
import type { Destination } from '../settings.ts'

/** Sends result objects to one destination. */
export interface ResultSender {
  /** @param onResult told for each object, by its position, what became of it. Never throws for what a peer does. */
  send(
    destination: Destination,
    objects: readonly Pick<DueDelivery, 'sopClassUid' | 'sopInstanceUid' | 'content'>[],
    onResult: (position: number, result: InstanceResult) => void,
  ): Promise<void>
}

/** Sends over C-STORE (PS3.4 annex B), all objects of a call over as few associations as it takes. */
export class DicomSender implements ResultSender {
  readonly #requester: Pick<AssociationRequester, 'sendInstances'>
  readonly #callingAeTitle: string
  readonly #towards: (tls: Destination['tls']) => RequesterTls | undefined

  /** @param towards our identity towards a destination with TLS; throws DimseError while it cannot be read. */
  constructor(
    requester: Pick<AssociationRequester, 'sendInstances'>,
    callingAeTitle: string,
    towards: (tls: Destination['tls']) => RequesterTls | undefined,
  ) {
    this.#requester = requester
    this.#callingAeTitle = callingAeTitle
    this.#towards = towards
  }

  async send(
    destination: Destination,
    objects: readonly Pick<DueDelivery, 'sopClassUid' | 'sopInstanceUid' | 'content'>[],
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
    const { host, port, aeTitle } = destination
    let tls: RequesterTls | undefined
    try {
      tls = this.#towards(destination.tls)
    } catch (cause) {
      if (!(cause instanceof DimseError)) throw cause
      for (const position of instances.keys()) onResult(position, { kind: 'not-sent', error: cause })
      return
    }
    const peer = { host, port, calledAeTitle: aeTitle, callingAeTitle: this.#callingAeTitle }
    await this.#requester.sendInstances(tls === undefined ? peer : { ...peer, tls }, instances, (instance, result) => {
      onResult(instances.indexOf(instance), result)
    })
  }
}

async function* dataSetOf(file: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  yield file.subarray(parseFileMeta(file)?.dataSetOffset ?? file.length)
}
