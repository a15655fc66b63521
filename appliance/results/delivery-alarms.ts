import type { Records } from '../records/index.ts'
import type { DeliveryDependencies } from './delivery-dependencies.ts'

const ACTOR = { kind: 'system', id: 'results' } as const

/** What the watch over waiting results works with. */
export type DeliveryAlarmsDependencies = Pick<DeliveryDependencies, 'settings' | 'audit' | 'clock' | 'logger'> & {
  readonly records: Pick<Records, 'deliveries' | 'transaction'>
}

/**
 * Raises an alarm when the oldest result for a destination waits longer than its setting allows, and ends it when none does.
 * Both are events of the audit log and lines of the log, once each: which alarms are raised stands in the record.
 */
export class DeliveryAlarms {
  readonly #dependencies: DeliveryAlarmsDependencies

  constructor(dependencies: DeliveryAlarmsDependencies) {
    this.#dependencies = dependencies
  }

  look(): void {
    const { records, settings, clock, audit, logger } = this.#dependencies
    const now = clock.now()
    for (const { name, alarmAfterSeconds } of settings().destinations) {
      const oldest = records.deliveries.oldestWaiting(name)
      const seconds = oldest === undefined ? 0 : Math.floor((now - oldest.createdAt) / 1000)
      const isLate = seconds > alarmAfterSeconds
      if (isLate === records.deliveries.hasAlarm(name)) continue
      records.transaction(() => {
        if (isLate) records.deliveries.raiseAlarm(name, now)
        else records.deliveries.endAlarm(name)
        audit.record({
          event: isLate ? 'result.late' : 'result.caught-up',
          actor: ACTOR,
          subject: { kind: 'destination', id: name },
          outcome: isLate ? 'failure' : 'success',
          codes: isLate ? [`seconds-${seconds}`] : [],
        })
      })
      if (isLate) logger.error('results.late', { destination: name, seconds })
      else logger.info('results.caught-up', { destination: name })
    }
  }
}
