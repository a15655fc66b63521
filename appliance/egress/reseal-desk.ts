import type { AuditEventInput } from '@leadglass/sync-agent/audit-log'
import type { Envelope } from '@leadglass/sync-agent/contract'
import type { Records } from '../records/index.ts'
import type { EgressDoor } from './door.ts'
import type { EpochRoller } from './epoch-roller.ts'

/** Envelopes that one act seals again; what is left is sealed by the next. */
const AT_A_TIME = 100_000

/** What became of the wish to seal again. */
export type ResealOutcome =
  | { readonly kind: 'resealed'; readonly epoch: number; readonly envelopes: number }
  | { readonly kind: 'nothing' }

export interface ResealDeskDependencies {
  readonly records: Pick<Records, 'egress' | 'transaction'>
  readonly door: Pick<EgressDoor, 'sealReleased'>
  readonly roller: Pick<EpochRoller, 'open'>
}

/**
 * The way out when a place in a stream has two contents: this box was put back to an earlier state, and the hub holds what
 * the box has forgotten. The hub keeps what it has. What this box sealed at those places since then never took effect; a
 * person has it sealed again, at new places of a new epoch, once. Labels, counts and features go this way. Leaves of the
 * audit log do not: two logs under one name are evidence, and no command makes one of them.
 */
export class ResealDesk {
  readonly #dependencies: ResealDeskDependencies

  constructor(dependencies: ResealDeskDependencies) {
    this.#dependencies = dependencies
  }

  /** One transaction: the new epoch, the new envelopes and the note that the old places are settled. */
  reseal(actor: AuditEventInput['actor'], reason: string): ResealOutcome {
    const { records, door, roller } = this.#dependencies
    return records.transaction((): ResealOutcome => {
      const lost = records.egress.resealable(AT_A_TIME)
      if (lost.length === 0) return { kind: 'nothing' }
      const epoch = roller.open({ actor, reason, envelopes: lost.length })
      for (const { epoch: before, stream, sequence, content, studyId } of lost) {
        const { body } = JSON.parse(content) as Envelope
        door.sealReleased(body, studyId)
        records.egress.markResealed(before, stream, sequence)
      }
      return { kind: 'resealed', epoch, envelopes: lost.length }
    })
  }
}
