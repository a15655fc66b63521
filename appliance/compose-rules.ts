import type { Clock, Logger } from '@leadglass/sync-agent/foundation'
import type { AuditSink } from './egress/index.ts'
import { DataSetError, outlineObject } from './imaging/index.ts'
import { type Spool, SpoolError } from './intake/index.ts'
import type { Records, WaitingRevision } from './records/index.ts'
import { AfterScoring, LaneScheduler, Router, RuleBook } from './rules/index.ts'
import type { CurrentSettings } from './settings.ts'

/** What the rules are made of. */
export interface RulesParts {
  readonly records: Records
  readonly spool: Pick<Spool, 'open'>
  readonly settings: CurrentSettings
  readonly audit: AuditSink
  readonly clock: Clock
  readonly logger: Logger
  /** Told after a revision got its lane. */
  readonly onRouted: () => void
}

/** The rules, and what decides about complete revisions before any work on them begins. */
export interface RulesRoom {
  readonly book: RuleBook
  readonly router: Router
  /** What judges studies once their figures are known. */
  readonly afterScoring: AfterScoring
  /** Takes the revision whose turn it is, inside a transaction. */
  readonly next: (at: number) => WaitingRevision | undefined
}

/** Puts the rules together. */
export function composeRules(parts: RulesParts): RulesRoom {
  const { records, spool, settings, audit, clock, logger, onRouted } = parts
  const book = new RuleBook({
    records,
    settings,
    audit,
    clock,
    onChanged: () => {
      router.wake()
      onRouted()
    },
  })
  const read = async (digest: string): Promise<Uint8Array | undefined> => {
    try {
      const object = await spool.open(digest)
      return await outlineObject(object)
        .then(({ skeleton }) => skeleton)
        .finally(() => object.close())
    } catch (cause) {
      if (cause instanceof SpoolError || cause instanceof DataSetError) return undefined
      throw cause
    }
  }
  const router = new Router({ records, book, read, audit, clock, logger, onRouted })
  const lanes = new LaneScheduler({ records, book })
  const afterScoring = new AfterScoring({ records, active: () => book.active(), audit, clock })
  return { book, router, afterScoring, next: (at) => lanes.next(at) }
}
