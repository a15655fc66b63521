import {
  type DeviceId,
  type EnvelopeBody,
  type EnvelopePosition,
  STREAM_OF_KIND,
  sealEnvelope,
} from '@leadglass/sync-agent/contract'
import { type Clock, canonicalJson } from '@leadglass/sync-agent/foundation'
import type { Records } from '../records/index.ts'

/** What the door needs. */
export interface DoorDependencies {
  readonly records: Pick<Records, 'egress' | 'database'>
  readonly device: DeviceId
  readonly clock: Clock
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
   * Seals one body.
   * @param studyId the study that the body is about, for the list of what left per study.
   * @throws {z.ZodError} when the body does not fit the contract, and when called outside a transaction.
   */
  seal(body: EnvelopeBody, studyId: number | null = null): EnvelopePosition {
    const { records, device, clock } = this.#dependencies
    if (!records.database.inTransaction) throw new Error('an envelope is sealed inside the transaction of its record')
    const at = clock.now()
    const stream = STREAM_OF_KIND[body.kind]
    const epoch = records.egress.epoch(at)
    const sequence = records.egress.nextSequence(epoch, stream)
    const envelope = sealEnvelope({ device, epoch, sequence }, body)
    records.egress.insertEnvelope(envelope, canonicalJson(envelope), studyId, at)
    return { device, epoch, stream, sequence }
  }
}
