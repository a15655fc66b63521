import { type AssociationRequester, type InstanceResult, type OutgoingInstance, parseFileMeta } from '../dimse/index.ts'
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
  readonly #requester: AssociationRequester
  readonly #callingAeTitle: string

  constructor(requester: AssociationRequester, callingAeTitle: string) {
    this.#requester = requester
    this.#callingAeTitle = callingAeTitle
  }

  async send(
    { host, port, aeTitle }: Destination,
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
    const destination = { host, port, calledAeTitle: aeTitle, callingAeTitle: this.#callingAeTitle }
    await this.#requester.sendInstances(destination, instances, (instance, result) => {
      onResult(instances.indexOf(instance), result)
    })
  }
}

async function* dataSetOf(file: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  yield file.subarray(parseFileMeta(file)?.dataSetOffset ?? file.length)
}
