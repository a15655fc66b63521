import type { DueDelivery } from '../records/index.ts'
import type { Destination } from '../settings.ts'
import type { SendResult } from './retry.ts'

/** A result object as it lies in the record: a PS3.10 file and its identity. */
export type ResultObject = Pick<DueDelivery, 'sopClassUid' | 'sopInstanceUid' | 'content'>

/** Sends result objects to one destination. */
export interface ResultSender {
  /** @param onResult told for each object, by its position, what became of it. Never throws for what a peer does. */
  send(
    destination: Destination,
    objects: readonly ResultObject[],
    onResult: (position: number, result: SendResult) => void,
  ): Promise<void>
  /** Asks whether the destination is there. @returns why not, as a code of `meaningOf`. Never throws for what a peer does. */
  probe(destination: Destination): Promise<string | undefined>
}

/** Sends to each destination in the protocol of its entry. */
export class SenderByProtocol implements ResultSender {
  readonly #senders: Readonly<Record<Destination['protocol'], ResultSender>>

  constructor(senders: Readonly<Record<Destination['protocol'], ResultSender>>) {
    this.#senders = senders
  }

  send(...[destination, objects, onResult]: Parameters<ResultSender['send']>): Promise<void> {
    return this.#senders[destination.protocol].send(destination, objects, onResult)
  }

  probe(destination: Destination): Promise<string | undefined> {
    return this.#senders[destination.protocol].probe(destination)
  }
}
