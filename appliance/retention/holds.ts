import type { Clock } from '@leadglass/sync-agent/foundation'
import type { AuditSink } from '../egress/index.ts'
import type { HoldRow, Records } from '../records/index.ts'
import { RetentionError } from './errors.ts'

/** Who places or lifts a hold, as the audit log names them. */
export interface HoldActor {
  readonly kind: 'person' | 'system'
  readonly id: string
}

/** What a hold is placed on. */
export type HoldTarget =
  | { readonly study: { readonly studyId: number; readonly studyPseudonym: string } }
  | { readonly patient: string }

export interface HoldsDependencies {
  readonly records: Pick<Records, 'retention' | 'transaction'>
  readonly audit: AuditSink
  readonly clock: Clock
}

/** Legal holds: what is under one is not removed, whatever the rules say. */
export class Holds {
  readonly #dependencies: HoldsDependencies

  constructor(dependencies: HoldsDependencies) {
    this.#dependencies = dependencies
  }

  /** Places a hold. @returns its number. @throws {RetentionError} `patient-unknown`. */
  place(on: HoldTarget, reason: string, actor: HoldActor): number {
    const { records, audit, clock } = this.#dependencies
    return records.transaction(() => {
      if ('patient' in on && !records.retention.knowsPatient(on.patient)) throw new RetentionError('patient-unknown')
      const target = 'study' in on ? { studyId: on.study.studyId } : { patientPseudonym: on.patient }
      const holdId = records.retention.placeHold(target, reason, actor.id, clock.now())
      const subject =
        'study' in on
          ? ({ kind: 'study', id: on.study.studyPseudonym } as const)
          : ({ kind: 'patient', id: on.patient } as const)
      audit.record({ event: 'hold.placed', actor, subject, outcome: 'success', codes: [`hold-${holdId}`] })
      return holdId
    })
  }

  /** Lifts a hold; its row stays, with who, when and why. @throws {RetentionError} `hold-unknown`. */
  lift(holdId: number, reason: string, actor: HoldActor): void {
    const { records, audit, clock } = this.#dependencies
    records.transaction(() => {
      if (!records.retention.liftHold(holdId, reason, actor.id, clock.now())) throw new RetentionError('hold-unknown')
      audit.record({
        event: 'hold.lifted',
        actor,
        subject: null,
        outcome: 'success',
        codes: [`hold-${holdId}`],
      })
    })
  }

  /** Holds in force first, then those that were lifted. */
  list(limit: number): readonly HoldRow[] {
    return this.#dependencies.records.retention.holds(limit)
  }
}
