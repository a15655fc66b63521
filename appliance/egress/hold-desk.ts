import type { AuditActor } from '@leadglass/sync-agent/audit-log'
import { envelopeBody } from '@leadglass/sync-agent/contract'
import type { Clock } from '@leadglass/sync-agent/foundation'
import type { HeldBatchRow, HeldEnvelopeRow, HeldTotals, Records } from '../records/index.ts'
import type { AuditSink } from './audit-sink.ts'
import type { EgressDoor } from './door.ts'
import { EgressError } from './errors.ts'
import { digestOfBatch } from './hold.ts'

export interface HoldDeskDependencies {
  readonly records: Pick<Records, 'heldEgress' | 'transaction'>
  readonly door: Pick<EgressDoor, 'sealReleased'>
  readonly audit: AuditSink
  readonly clock: Clock
}

/** A batch with what is in it. `digest` names its content: a decision is about exactly that. */
export interface HeldBatch extends HeldBatchRow {
  readonly digest: string
  readonly envelopes: readonly HeldEnvelopeRow[]
}

/** Who decides about which content. */
export interface HoldDecision {
  readonly batch: string
  readonly digest: string
  readonly actor: AuditActor
}

/** Where a person releases or refuses batches that wait. Each decision stands in the audit log. */
export class HoldDesk {
  readonly #dependencies: HoldDeskDependencies

  constructor(dependencies: HoldDeskDependencies) {
    this.#dependencies = dependencies
  }

  list(limit: number): readonly HeldBatch[] {
    return this.#dependencies.records.heldEgress.batches(limit).map((row) => this.#filled(row))
  }

  /** The batch of a study that waits, if one does. */
  waitingOf(studyId: number): readonly HeldBatch[] {
    const name = this.#dependencies.records.heldEgress.waitingBatch(studyId)
    return name === undefined ? [] : [this.batch(name)]
  }

  /** @throws {EgressError} `batch-unknown`. */
  batch(batch: string): HeldBatch {
    const row = this.#dependencies.records.heldEgress.batch(batch)
    if (row === undefined) throw new EgressError('batch-unknown')
    return this.#filled(row)
  }

  totals(): HeldTotals {
    return this.#dependencies.records.heldEgress.totals()
  }

  /**
   * Seals everything in a batch, in its order, in one transaction.
   * @returns how many envelopes. @throws {EgressError} `batch-unknown`, `batch-decided`, `batch-changed`.
   */
  release(decision: HoldDecision): number {
    return this.#decide(decision, 'released', null, (batch) => {
      for (const { heldId, body } of batch.envelopes) {
        const parsed = envelopeBody.parse(JSON.parse(body))
        const { epoch, sequence } = this.#dependencies.door.sealReleased(parsed, batch.studyId)
        this.#dependencies.records.heldEgress.markSealed(heldId, epoch, sequence)
      }
    })
  }

  /**
   * Refuses a batch: it is never sent, and what it held is erased but for digests and kinds.
   * @returns how many envelopes. @throws {EgressError} `batch-unknown`, `batch-decided`, `batch-changed`.
   */
  refuse(decision: HoldDecision & { readonly reason: string }): number {
    return this.#decide(decision, 'refused', decision.reason, (batch) => {
      this.#dependencies.records.heldEgress.blank(batch.batchId)
    })
  }

  #decide(
    { batch: name, digest, actor }: HoldDecision,
    state: 'released' | 'refused',
    reason: string | null,
    carryOut: (batch: HeldBatch) => void,
  ): number {
    const { records, audit, clock } = this.#dependencies
    return records.transaction(() => {
      const batch = this.batch(name)
      if (batch.state !== 'waiting') throw new EgressError('batch-decided')
      if (batch.digest !== digest) throw new EgressError('batch-changed')
      records.heldEgress.decide(name, state, actor.id, reason, clock.now())
      carryOut(batch)
      audit.record(
        {
          event: state === 'released' ? 'egress.released' : 'egress.declined',
          actor,
          subject: { kind: 'batch', id: name },
          outcome: 'success',
          codes: [`envelopes-${batch.envelopes.length}`],
        },
        batch.studyId ?? undefined,
      )
      return batch.envelopes.length
    })
  }

  #filled(row: HeldBatchRow): HeldBatch {
    const envelopes = this.#dependencies.records.heldEgress.envelopes(row.batchId)
    return { ...row, envelopes, digest: digestOfBatch(envelopes) }
  }
}
