import { decodeEvent } from '@leadglass/sync-agent/audit-log'
import {
  type DeviceId,
  type EnvelopeBody,
  type EnvelopePosition,
  STREAM_OF_KIND,
  type StreamName,
  sealEnvelope,
} from '@leadglass/sync-agent/contract'
import { type Clock, canonicalJson } from '@leadglass/sync-agent/foundation'
import type { Records } from '../records/index.ts'
import type { EgressHold } from './hold.ts'
import type { EgressQuotas } from './quotas.ts'

/** What the door needs. */
export interface DoorDependencies {
  readonly records: Pick<Records, 'egress' | 'heldEgress' | 'vault' | 'database'>
  readonly device: DeviceId
  readonly clock: Clock
  /** Keeps back what a person is to release first; without it nothing waits. */
  readonly hold?: EgressHold
  /** Turns away what is new of a class that is over its quota; without it nothing is. */
  readonly quotas?: Pick<EgressQuotas, 'full' | 'reject'>
  /** Told of each body that is about a study, before it leaves or waits: its pseudonyms are then in use. */
  readonly onNamed?: (studyId: number) => void
}

/**
 * The only way out of the PHI zone. A body is sealed at the next position of its stream inside the caller's transaction,
 * so a record and what leaves about it are on disk together or not at all. The contract's schema is applied on the way:
 * what it cannot say cannot leave.
 */
export class EgressDoor {
  readonly #dependencies: DoorDependencies

  constructor(dependencies: DoorDependencies) {
    this.#dependencies = dependencies
  }

  /**
   * Seals one body, or keeps it waiting where the site holds its stream.
   * @param studyId the study that the body is about, for the list of what left per study.
   * @returns its position; `undefined` when it waits, or never leaves: its study is of an earlier generation, or its class
   * is over its quota.
   * @throws {z.ZodError} when the body does not fit the contract, and when called outside a transaction.
   */
  seal(body: EnvelopeBody, studyId: number | null = null): EnvelopePosition | undefined {
    const { records, hold, quotas, onNamed } = this.#dependencies
    if (!records.database.inTransaction) throw new Error('an envelope is sealed inside the transaction of its record')
    if (studyId !== null && 'patient' in body && records.vault.generationOf(studyId) < records.vault.generation()) {
      // Beside pseudonyms of the present generation it would be a second patient to whoever reads it.
      records.heldEgress.addWithheld(studyId, body.kind)
      return undefined
    }
    if (studyId !== null) onNamed?.(studyId)
    if (hold?.take(body, studyId) === true || quotas?.reject(body, studyId) === true) return undefined
    return this.sealReleased(body, studyId)
  }

  /** True while nothing new is taken on the stream: counts that can wait are better not taken out of their place. */
  isFull(stream: StreamName): boolean {
    return this.#dependencies.quotas?.full(stream) !== undefined
  }

  /** Seals one body whatever is held: a person has released it. In the caller's transaction. @throws {z.ZodError} */
  sealReleased(body: EnvelopeBody, studyId: number | null): EnvelopePosition {
    const { records, device, clock } = this.#dependencies
    // The contract sees bytes; only an event of the log's own vocabulary may stand in them.
    if (body.kind === 'audit-leaf' && decodeEvent(Buffer.from(body.leaf, 'base64')) === undefined) {
      throw new Error('a leaf that leaves is an event of the audit log')
    }
    const at = clock.now()
    const stream = STREAM_OF_KIND[body.kind]
    const epoch = records.egress.epoch(at)
    const sequence = records.egress.nextSequence(epoch, stream)
    const envelope = sealEnvelope({ device, epoch, sequence }, this.#ofGeneration(body, studyId))
    records.egress.insertEnvelope(envelope, canonicalJson(envelope), studyId, at)
    return { device, epoch, stream, sequence }
  }

  /** Names the generation of the pseudonyms that a body has, unless it is the first. */
  #ofGeneration(body: EnvelopeBody, studyId: number | null): EnvelopeBody {
    if (!('patient' in body) || studyId === null) return body
    const generation = this.#dependencies.records.vault.generationOf(studyId)
    return generation === 1 ? body : { ...body, generation }
  }
}
