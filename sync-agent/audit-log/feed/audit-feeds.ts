import { type Clock, type Logger, type Randomness, type Service, toIsoInstant } from '../../foundation/index.ts'
import { backoffDelay } from '../../transport/backoff.ts'
import type { AuditLog } from '../audit-log.ts'
import { decodeEvent } from '../event.ts'
import type { FeedBook, FeedRow } from './feed-book.ts'
import type { FeedEntry, FeedSource } from './feed-entry.ts'
import type { AuditFeedSettings } from './feed-settings.ts'
import { FhirFeedSender } from './fhir-feed-sender.ts'
import type { FeedSender } from './sender.ts'
import { SyslogSender } from './syslog-sender.ts'

/** Entries that go out together. */
const BATCH_ENTRIES = 200
/** How often the log is looked at while there is nothing to send. */
const LOOK_MS = 1000
const BACKOFF = { firstMs: 1000, largestMs: 300_000 } as const

/** How one repository stands. */
export interface FeedState extends FeedRow {
  readonly name: string
  readonly kind: AuditFeedSettings['kind']
  /** Entries of the log that the repository does not have yet. */
  readonly waiting: number
  /** It has taken nothing for longer than its settings allow. */
  readonly isLate: boolean
}

/** How one repository stands, for an interface: instants are ISO 8601. */
export interface FeedView {
  readonly name: string
  readonly kind: AuditFeedSettings['kind']
  /** Entries that it has for certain, from the first on. */
  readonly sent: number
  readonly waiting: number
  readonly takenAt: string | null
  readonly failingSince: string | null
  readonly failure: string | null
  readonly late: boolean
}

/** What the feeds work with. */
export interface AuditFeedParts {
  readonly log: Pick<AuditLog, 'size' | 'leaves' | 'origin'>
  readonly feeds: FeedBook
  /** The feeds of the settings in force. */
  readonly settings: () => readonly AuditFeedSettings[]
  readonly source: Omit<FeedSource, 'origin'>
  readonly clock: Clock
  readonly randomness: Randomness
  readonly logger: Logger
  /** Who gives entries to a repository; the network unless told. */
  readonly senderOf?: (feed: AuditFeedSettings, source: FeedSource) => FeedSender
}

/**
 * Tells audit repositories what the log records, each in order and from the first entry. The log is the spool: it is
 * on disk, and beside it only the place is kept up to which a repository has everything. So nothing is lost while a
 * repository is away, however long; after a crash a batch may come twice.
 */
export class AuditFeeds implements Service {
  readonly #parts: AuditFeedParts
  readonly #source: FeedSource
  readonly #running = new Map<string, Promise<void>>()
  readonly #failures = new Map<string, { count: number; next: number }>()
  #timer: NodeJS.Timeout | undefined

  constructor(parts: AuditFeedParts) {
    this.#parts = parts
    this.#source = { ...parts.source, origin: parts.log.origin }
  }

  async start(): Promise<void> {
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref()
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    this.#timer = undefined
    await Promise.all(this.#running.values())
  }

  /** How each repository of the settings stands. */
  states(): readonly FeedState[] {
    const { settings, feeds, log, clock } = this.#parts
    return settings().map(({ name, kind, alarmAfterSeconds }) => {
      const row = feeds.read(name)
      const waiting = Math.max(0, log.size - row.next)
      const isLate = row.failingSince !== null && clock.now() - row.failingSince > alarmAfterSeconds * 1000
      return { ...row, name, kind, waiting, isLate }
    })
  }

  /** The same for people and programs outside. */
  views(): FeedView[] {
    const instantOf = (ms: number | null): string | null => (ms === null ? null : toIsoInstant(ms))
    return this.states().map(({ name, kind, next, waiting, takenAt, failingSince, failure, isLate }) => ({
      name,
      kind,
      sent: next,
      waiting,
      takenAt: instantOf(takenAt),
      failingSince: instantOf(failingSince),
      failure,
      late: isLate,
    }))
  }

  #look(): void {
    const now = this.#parts.clock.now()
    for (const feed of this.#parts.settings()) {
      if (this.#running.has(feed.name) || (this.#failures.get(feed.name)?.next ?? 0) > now) continue
      if (this.#parts.feeds.read(feed.name).next >= this.#parts.log.size) continue
      const running = this.#drain(feed).finally(() => this.#running.delete(feed.name))
      this.#running.set(feed.name, running)
    }
  }

  async #drain(feed: AuditFeedSettings): Promise<void> {
    const { log, feeds, clock, senderOf = networkSender } = this.#parts
    const sender = senderOf(feed, this.#source)
    while (this.#timer !== undefined) {
      const { next } = feeds.read(feed.name)
      const entries = entriesOf(log, next)
      if (entries.length === 0) return
      const { taken, failure } = await sender.send(entries)
      const through = taken === entries.length ? next + entries.length : (entries[taken]?.index ?? next)
      if (taken > 0) feeds.took(feed.name, through, clock.now())
      if (failure !== undefined) {
        this.#failed(feed, failure)
        return
      }
      this.#failures.delete(feed.name)
    }
  }

  #failed({ name, kind, alarmAfterSeconds }: AuditFeedSettings, failure: string): void {
    const { feeds, clock, randomness, logger } = this.#parts
    const count = (this.#failures.get(name)?.count ?? 0) + 1
    const now = clock.now()
    this.#failures.set(name, { count, next: now + backoffDelay(count, BACKOFF, randomness) })
    feeds.failed(name, failure, now)
    const { failingSince } = feeds.read(name)
    const isLate = failingSince !== null && now - failingSince > alarmAfterSeconds * 1000
    const facts = { feed: name, kind, failure, attempts: count }
    if (isLate) logger.error('audit-feed.failed', facts)
    else logger.warn('audit-feed.failed', facts)
  }
}

/** Up to a batch of entries from a place on. A leaf that this program cannot read is told as one of an unknown word. */
function entriesOf(log: Pick<AuditLog, 'size' | 'leaves'>, from: number): FeedEntry[] {
  const entries: FeedEntry[] = []
  let index = from
  for (const leaf of log.leaves(from, from + BATCH_ENTRIES)) {
    entries.push({ index, event: decodeEvent(leaf) ?? UNREADABLE })
    index += 1
  }
  return entries
}

const UNREADABLE: FeedEntry['event'] = {
  schema: 'leadglass.audit-event/1',
  at: '1970-01-01T00:00:00Z',
  event: 'entry.unreadable',
  actor: { kind: 'system', id: 'audit-feed' },
  subject: null,
  outcome: 'failure',
  codes: [],
}

function networkSender(feed: AuditFeedSettings, source: FeedSource): FeedSender {
  return feed.kind === 'syslog' ? new SyslogSender(feed, source) : new FhirFeedSender(feed, source)
}
