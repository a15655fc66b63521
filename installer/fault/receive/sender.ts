import { AssociationRequester, type InstanceResult } from '@leadglass/appliance/dimse'
import type { Ledger } from './ledger.ts'
import type { SentObject } from './objects.ts'

/** How one send ended: the status of its answer, or that there was none. */
export type Answer = { readonly kind: 'status'; readonly status: number } | { readonly kind: 'none' }

/** Sends over several associations at once and writes down each 0000H before anything else happens. */
export class RecordingSender {
  readonly #ledger: Ledger
  readonly #answerWithinMs: number
  /** Answers by status, as `0000H`; `none` where the association ended before the answer. */
  readonly answers: Record<string, number> = {}

  /** @param answerWithinMs a receiver that hangs is given up after this; what it was sent is not acknowledged. */
  constructor(ledger: Ledger, answerWithinMs = 30_000) {
    this.#ledger = ledger
    this.#answerWithinMs = answerWithinMs
  }

  /**
   * Sends objects to a port of this machine, each of `associations` taking its share, one object after the other.
   * @returns the answer to each object, in the order of `objects`. Never rejects for the receiver's failure.
   */
  async send(port: number, objects: readonly SentObject[], associations = 1): Promise<Answer[]> {
    const answers = new Map<string, Answer>()
    const share = (lane: number): SentObject[] => objects.filter((_, at) => at % associations === lane)
    const lanes = Array.from({ length: associations }, (_, lane) =>
      new AssociationRequester().sendInstances(
        {
          host: '127.0.0.1',
          port,
          calledAeTitle: 'LEADGLASS',
          callingAeTitle: 'FAULT',
          timeouts: { responseMs: this.#answerWithinMs, associationMs: this.#answerWithinMs },
        },
        this.#offered(share(lane)),
        (instance, result) => {
          if (result.kind === 'accepted' && result.status === 0) this.#ledger.acknowledge(instance.sopInstanceUid)
          const answer = answerOf(result)
          answers.set(instance.sopInstanceUid, answer)
          this.#count(answer)
        },
      ),
    )
    await Promise.all(lanes)
    return objects.map((object) => answers.get(object.sopInstanceUid) ?? { kind: 'none' })
  }

  *#offered(objects: readonly SentObject[]): Generator<SentObject> {
    for (const object of objects) {
      this.#ledger.offer(object)
      yield object
    }
  }

  #count(answer: Answer): void {
    const name = answer.kind === 'none' ? 'none' : `${answer.status.toString(16).toUpperCase().padStart(4, '0')}H`
    this.answers[name] = (this.answers[name] ?? 0) + 1
  }
}

function answerOf(result: InstanceResult): Answer {
  return result.kind === 'not-sent' ? { kind: 'none' } : { kind: 'status', status: result.status }
}
