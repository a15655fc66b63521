import type { RecallStatement } from '@leadglass/sync-agent/contract'
import type { Clock, Logger } from '@leadglass/sync-agent/foundation'
import type { RecallBook } from '@leadglass/sync-agent/updates'
import type { AuditSink } from '../egress/index.ts'
import type { Records } from '../records/index.ts'

export interface DatabaseRecallBookDependencies {
  readonly records: Pick<Records, 'halts' | 'transaction'>
  readonly audit: AuditSink
  readonly clock: Clock
  readonly logger: Logger
  /** Told when a recall is new. */
  readonly onChange: () => void
}

/**
 * Recalls in the encrypted database, whose rows cannot be changed or deleted: neither lost files nor older metadata bring
 * a recalled version back.
 */
export class DatabaseRecallBook implements RecallBook {
  readonly #dependencies: DatabaseRecallBookDependencies

  constructor(dependencies: DatabaseRecallBookDependencies) {
    this.#dependencies = dependencies
  }

  async add(recalls: readonly RecallStatement[]): Promise<void> {
    const { records, audit, clock, logger, onChange } = this.#dependencies
    const isNew = records.transaction(() =>
      recalls.map(({ model, reason, person, recalledAt }): boolean => {
        const row = { ...model, reason, person, recalledAt, seenAt: clock.now() }
        if (!records.halts.addRecall(row)) return false
        logger.error('activation.recalled', { model: model.name, version: model.version })
        audit.record({
          event: 'model.recalled',
          actor: { kind: 'system', id: 'updates' },
          subject: { kind: 'model', id: `${model.name}@${model.version}` },
          outcome: 'success',
          codes: ['stopped'],
        })
        return true
      }),
    )
    if (isNew.includes(true)) onChange()
  }
}
