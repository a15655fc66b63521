import type { Clock, Logger } from '@leadglass/sync-agent/foundation'
import type { Records } from '../records/index.ts'
import { SpoolError } from './errors.ts'
import type { Journal } from './journal.ts'
import type { Spool } from './spool.ts'

/** What a start found of the last run. */
export interface RecoveryReport {
  /** Instances of the landing log that had no file of their own yet: registered, if they were not, and settled. */
  readonly landed: number
  /** Files of instances that never finished: their senders never got `stored`. */
  readonly unfinished: number
  /** Finished files without a journal row: their senders never got `stored` either. */
  readonly unregistered: number
  /** Registered instances of open work whose file is gone. */
  readonly missing: number
  readonly requeued: number
}

/**
 * Brings spool and record to agreement before the first association: what the landing log holds is registered and gets
 * its file, what was never acknowledged is removed, and work that was under way waits again.
 * @throws when something that may have been acknowledged can be neither registered nor stored.
 */
export async function recoverIntake(
  records: Pick<Records, 'intake' | 'revisions' | 'transaction'>,
  spool: Spool,
  journal: Journal,
  clock: Clock,
  logger: Logger,
): Promise<RecoveryReport> {
  const waiting = await spool.recover()
  for (const instance of waiting) journal.add(instance)
  journal.flush()
  if (journal.failing) throw new SpoolError('spool-not-registered')
  await spool.drain()
  const landed = waiting.length
  const unfinished = await spool.clearIncoming()
  let unregistered = 0
  for await (const digest of spool.digests()) {
    if (records.intake.holdsDigest(digest)) continue
    await spool.remove(digest)
    unregistered += 1
  }
  const requeued = records.transaction(() => records.revisions.requeueRunning(clock.now()))
  let missing = 0
  for (const digest of records.revisions.openDigests()) {
    if (!(await spool.has(digest))) missing += 1
  }
  const report = { landed, unfinished, unregistered, missing, requeued }
  const say = missing > 0 ? logger.error.bind(logger) : logger.info.bind(logger)
  say('intake.recovered', { ...report })
  return report
}
