import type { InstanceOutcome } from './check.ts'
import type { SentObject } from './objects.ts'

/** What the sender knows: which objects it sent, and which of them were answered with 0000H. */
export class Ledger {
  readonly #sent = new Map<string, InstanceOutcome>()

  /** Notes an object before its first byte is sent. */
  offer(object: SentObject): void {
    const known = this.#sent.get(object.sopInstanceUid)
    this.#sent.set(object.sopInstanceUid, {
      sopInstanceUid: object.sopInstanceUid,
      contentDigest: object.contentDigest,
      acknowledged: known?.acknowledged ?? false,
    })
  }

  /** Notes a 0000H: the very first thing that happens after the answer was read. */
  acknowledge(sopInstanceUid: string): void {
    const known = this.#sent.get(sopInstanceUid)
    if (known !== undefined) this.#sent.set(sopInstanceUid, { ...known, acknowledged: true })
  }

  isAcknowledged(sopInstanceUid: string): boolean {
    return this.#sent.get(sopInstanceUid)?.acknowledged === true
  }

  /** How many objects were answered with 0000H. */
  get acknowledged(): number {
    return this.outcomes().filter((entry) => entry.acknowledged).length
  }

  outcomes(): readonly InstanceOutcome[] {
    return [...this.#sent.values()]
  }
}
