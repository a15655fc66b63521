import { randomUUID } from 'node:crypto'
import { type EnvelopeBody, envelopeBody, STREAM_OF_KIND } from '@leadglass/sync-agent/contract'
import { type Clock, canonicalJson, digestOfJson, type JsonValue } from '@leadglass/sync-agent/foundation'
import type { HeldEnvelopeRow, Records } from '../records/index.ts'
import type { EgressSettings } from '../settings-egress.ts'
import { HOLDABLE_STREAMS } from '../settings-egress.ts'

export interface EgressHoldDependencies {
  readonly records: Pick<Records, 'heldEgress'>
  readonly clock: Clock
  /** True for a study of which nothing may leave until a person has looked, whatever the settings say. */
  readonly isStopped?: (studyId: number) => boolean
}

/**
 * Keeps bodies from being sealed until a person has decided. A body that waits has no sequence, so what leaves is always
 * without gaps, whatever is refused. Until `follow` was called everything waits that can: no settings, no way out.
 */
export class EgressHold {
  readonly #dependencies: EgressHoldDependencies
  #settings: () => EgressSettings = () => ({ hold: true, holdStreams: [...HOLDABLE_STREAMS] })

  constructor(dependencies: EgressHoldDependencies) {
    this.#dependencies = dependencies
  }

  /** From now on the settings say what waits. */
  follow(settings: () => EgressSettings): void {
    this.#settings = settings
  }

  /**
   * Takes a body into the batch of its study that waits, opening one when there is none, when its stream is held. Bodies
   * of a study whose earlier ones still wait on the stream join them although the hold was lifted since: order is kept.
   * In the caller's transaction.
   * @returns false when the body is to be sealed at once.
   * @throws {z.ZodError} when the body does not fit the contract.
   */
  take(body: EnvelopeBody, studyId: number | null): boolean {
    const { records, clock } = this.#dependencies
    const { heldEgress } = records
    const stream = STREAM_OF_KIND[body.kind]
    if (stream === 'audit') return false
    const { hold, holdStreams } = this.#settings()
    const isStopped = studyId !== null && this.#dependencies.isStopped?.(studyId) === true
    const waits =
      isStopped || (hold && holdStreams.includes(stream)) || (studyId !== null && heldEgress.waitsOn(studyId, stream))
    if (!waits) return false
    const parsed = envelopeBody.parse(body) as JsonValue
    const at = clock.now()
    let batch = heldEgress.waitingBatch(studyId)
    if (batch === undefined) {
      batch = randomUUID()
      heldEgress.openBatch(batch, studyId, at)
    }
    heldEgress.add(batch, { stream, kind: body.kind, body: canonicalJson(parsed), digest: digestOfJson(parsed) }, at)
    return true
  }
}

/** What a person who decides has seen: SHA-256 over the digests of the bodies, in order. */
export function digestOfBatch(envelopes: readonly Pick<HeldEnvelopeRow, 'digest'>[]): string {
  return digestOfJson(envelopes.map((one) => one.digest))
}
