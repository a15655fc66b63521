import type { AuditDetail, AuditEventInput } from '@leadglass/sync-agent/audit-log'
import type { Watermark } from '@leadglass/sync-agent/contract'
import type { Clock, Logger } from '@leadglass/sync-agent/foundation'
import type { Records } from '../records/index.ts'
import type { AuditSink } from './audit-sink.ts'

const HOUR_MS = 3_600_000
/** A hub that claims to know an epoch further ahead than this is not believed: numbers are bounded. */
const MOST_AHEAD = 1000

/** Who has an epoch opened, and what is noted of it. */
interface RolledBy {
  readonly actor: AuditEventInput['actor']
  readonly codes: readonly string[]
  readonly detail?: AuditDetail
}

const BY_ITSELF: RolledBy = { actor: { kind: 'system', id: 'egress' }, codes: [] }

export interface EpochRollerDependencies {
  readonly records: Pick<Records, 'egress' | 'sync' | 'transaction'>
  readonly audit: AuditSink
  /** Hours after which an epoch ends; `null` for never by itself. */
  readonly epochHours: () => number | null
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * Opens epochs. Closing one and opening the next is one transaction: at every moment exactly one epoch takes envelopes.
 * What was sealed in the one before keeps its place and goes on its way first.
 */
export class EpochRoller {
  readonly #dependencies: EpochRollerDependencies

  constructor(dependencies: EpochRollerDependencies) {
    this.#dependencies = dependencies
  }

  /** Rolls over when the epoch is old enough. @returns the new epoch, if one was opened. */
  pass(): number | undefined {
    const { records, epochHours, clock } = this.#dependencies
    const hours = epochHours()
    const [current] = records.sync.epochs(1)
    if (hours === null || current === undefined || clock.now() - current.openedAt < hours * HOUR_MS) return undefined
    return this.#roll('scheduled', 1)
  }

  /**
   * Compares what the hub has committed with what this database has sealed. A hub that is ahead has envelopes of a
   * database that is newer than this one: it was restored, and its places would collide.
   */
  heed(watermarks: readonly Watermark[]): number | undefined {
    const { records, clock, logger } = this.#dependencies
    const current = records.transaction(() => records.egress.epoch(clock.now()))
    const sealed = new Map(records.egress.counters().map((one) => [`${one.epoch}/${one.stream}`, one.lastSequence]))
    const ahead = watermarks.filter(
      ({ epoch, stream, sequence }) =>
        epoch >= current && epoch <= current + MOST_AHEAD && sequence > (sealed.get(`${epoch}/${stream}`) ?? 0),
    )
    if (ahead.length === 0) return undefined
    logger.error('egress.hub-ahead', { epoch: current, streams: ahead.length })
    return this.#roll('hub-ahead', Math.max(...ahead.map(({ epoch }) => epoch)) + 1)
  }

  /** Opens an epoch because a person has it: what the hub refused at its old places gets new ones. @returns its number. */
  open({ actor, reason, envelopes }: { actor: AuditEventInput['actor']; reason: string; envelopes: number }): number {
    return this.#roll('conflict', 1, { actor, codes: [`resealed-${envelopes}`], detail: { reason } })
  }

  #roll(reason: 'scheduled' | 'hub-ahead' | 'conflict', atLeast: number, by: RolledBy = BY_ITSELF): number {
    const { records, audit, clock } = this.#dependencies
    const { actor } = by
    return records.transaction(() => {
      const at = clock.now()
      const before = records.egress.epoch(at)
      const subject = { kind: 'stream', id: 'all' } as const
      audit.record({ event: 'epoch.closed', actor, subject, outcome: 'success', codes: [`epoch-${before}`] })
      const epoch = records.egress.openEpoch(at, reason, atLeast)
      const codes = [`epoch-${epoch}`, reason, ...by.codes]
      const outcome = reason === 'hub-ahead' ? 'failure' : 'success'
      audit.record({ event: 'epoch.opened', actor, subject, outcome, codes }, undefined, by.detail)
      return epoch
    })
  }
}
