import type { Clock, Logger } from '@leadglass/sync-agent/foundation'
import type { AuditSink } from '../egress/index.ts'
import { parsePart10 } from '../imaging/index.ts'
import type { Records, UnroutedRevision } from '../records/index.ts'
import { type Decision, decide } from './decide.ts'
import { type RoutingFacts, routingFacts } from './facts.ts'
import { headerTags } from './header-facts.ts'
import { HELD, LANE_NUMBERS } from './lanes.ts'
import type { RuleBook } from './rule-book.ts'

const LOOK_MS = 500
const BATCH = 32
const MOST_SERIES = 64
const MOST_SOURCES = 16

export interface RouterDependencies {
  readonly records: Pick<Records, 'rules' | 'transaction'>
  readonly book: Pick<RuleBook, 'active'>
  /** A received instance without its pixels, as PS3.10 bytes, by its digest; undefined when it cannot be read. */
  readonly read: (digest: string) => Promise<Uint8Array | undefined>
  readonly audit: AuditSink
  readonly clock: Clock
  readonly logger: Logger
  /** Told after a revision got its lane. */
  readonly onRouted: (studyId: number) => void
}

/** Decides about complete revisions by the rules in force, before any work on them begins. */
export class Router {
  readonly #dependencies: RouterDependencies
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  #again = false
  #stopped = true

  constructor(dependencies: RouterDependencies) {
    this.#dependencies = dependencies
  }

  async start(): Promise<void> {
    this.#stopped = false
    this.#timer = setInterval(() => {
      this.wake()
    }, LOOK_MS)
    this.wake()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearInterval(this.#timer)
    await this.#running
  }

  /** Looks for revisions without a decision now. */
  wake(): void {
    this.#again = true
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
  }

  async #run(): Promise<void> {
    const { records, logger } = this.#dependencies
    while (this.#again && !this.#stopped) {
      this.#again = false
      try {
        const unrouted = records.rules.unrouted(BATCH)
        if (unrouted.length === BATCH) this.#again = true
        for (const revision of unrouted) {
          if (this.#isStopped()) return
          await this.#route(revision)
        }
      } catch (cause) {
        // The revision still has no lane: the next look tries again.
        logger.error('rules.route-failed', { code: (cause as { code?: string } | null)?.code ?? 'unknown' })
        this.#again = false
      }
    }
  }

  /** Asked again after every wait. */
  #isStopped(): boolean {
    return this.#stopped
  }

  async #route(revision: UnroutedRevision): Promise<void> {
    const { records, book, clock, onRouted } = this.#dependencies
    const kept = records.rules.facts(revision.revisionId)
    const facts = kept === undefined ? await this.#gather(revision) : routingFacts.parse(JSON.parse(kept))
    const rules = book.active()
    const decision = decide(rules?.file ?? null, facts)
    const routed = records.transaction(() => {
      const releasedAt = records.rules.routeOf(revision.revisionId)?.releasedAt ?? null
      // Whom a person let go on is not held again.
      const holding = decision.processing === 'hold' && releasedAt === null
      const row = {
        ruleVersion: rules?.version ?? null,
        rule: decision.rule,
        decision: JSON.stringify(decision),
        decidedAt: clock.now(),
      }
      if (kept === undefined) {
        records.rules.insertFacts(revision.revisionId, facts.completedAt, JSON.stringify(facts))
      }
      if (!records.rules.route(revision.revisionId, row, holding ? HELD : LANE_NUMBERS[decision.lane])) return false
      this.#record(revision, decision, rules?.version ?? null, holding)
      return true
    })
    if (routed) onRouted(revision.studyId)
  }

  /** A study that no rule decided about is no event: every study would be one. */
  #record(revision: UnroutedRevision, decision: Decision, version: number | null, holding: boolean): void {
    if (decision.rule === null || version === null) return
    this.#dependencies.audit.record(
      {
        event: holding ? 'study.held' : 'study.routed',
        actor: { kind: 'system', id: 'rules' },
        subject: { kind: 'study', id: revision.studyPseudonym },
        outcome: 'success',
        codes: [`version-${version}`, decision.rule, decision.lane],
      },
      revision.studyId,
    )
  }

  async #gather(revision: UnroutedRevision): Promise<RoutingFacts> {
    const { records, read } = this.#dependencies
    const series: RoutingFacts['series'] = []
    const rows = records.rules.series(revision.revisionId, MOST_SERIES)
    for (const row of rows) {
      // What the journal knows holds even where the object cannot be read.
      const known = { '00080016': [row.sopClassUid], ...(row.modality ? { '00080060': [row.modality] } : {}) }
      const bytes = await read(row.digest)
      series.push({ instances: row.instances, tags: { ...known, ...(bytes === undefined ? {} : tagsOf(bytes)) } })
    }
    const sources = records.rules.sources(revision.revisionId, MOST_SOURCES)
    return {
      schema: 'leadglass.routing-facts/1',
      completedAt: revision.completedAt,
      callingAeTitles: [...new Set(sources.map((one) => one.callingAeTitle))],
      addresses: [...new Set(sources.map((one) => one.remoteAddress))],
      instances: rows.reduce((sum, row) => sum + row.instances, 0),
      urgent: revision.urgent === 1,
      series,
    }
  }
}

function tagsOf(bytes: Uint8Array): Record<string, string[]> {
  try {
    return headerTags(parsePart10(bytes).dataSet)
  } catch {
    // What is no data set is stopped at the gate, with its own reason.
    return {}
  }
}
