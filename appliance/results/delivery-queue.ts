import type { Clock, Logger, Randomness } from '@leadglass/sync-agent/foundation'
import type { AuditSink } from '../egress/index.ts'
import type { DueDelivery, Records } from '../records/index.ts'
import type { CurrentSettings, Destination } from '../settings.ts'
import type { ResultSender } from './dicom-sender.ts'
import { backoffMs, type DeliveryVerdict, verdictOf } from './retry.ts'

const POLL_MS = 1000
const AT_A_TIME = 50
/** What an archive may take before a query finds what it has just accepted, in milliseconds. */
const INDEXING_MS = 2000

export interface DeliveryQueueDependencies {
  readonly records: Pick<Records, 'results' | 'confirmations' | 'transaction'>
  readonly sender: ResultSender
  readonly settings: CurrentSettings
  readonly audit: AuditSink
  readonly clock: Clock
  readonly randomness: Randomness
  readonly logger: Logger
  readonly onChanged: (studyId: number) => void
}

/**
 * Brings results to their destinations, each destination by itself: one that is down holds up no other. A delivery is
 * tried until the destination has accepted it; what it refuses for good waits for a person, with the reason. Where the
 * settings want more than that, `DeliveryConfirmation` goes on from there.
 */
export class DeliveryQueue {
  readonly #dependencies: DeliveryQueueDependencies
  readonly #running = new Map<string, Promise<void>>()
  #timer: NodeJS.Timeout | undefined

  constructor(dependencies: DeliveryQueueDependencies) {
    this.#dependencies = dependencies
  }

  async start(): Promise<void> {
    this.#timer = setInterval(() => {
      this.wake()
    }, POLL_MS)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    this.#timer = undefined
    await Promise.all(this.#running.values())
  }

  /** Looks now for deliveries that are due. */
  wake(): void {
    if (this.#timer === undefined) return
    for (const destination of this.#dependencies.settings().destinations) {
      if (this.#running.has(destination.name)) continue
      const work = this.#deliver(destination)
        .catch((cause: unknown) => {
          const code = (cause as { code?: unknown } | null)?.code
          this.#dependencies.logger.error('results.pass-failed', { code: typeof code === 'string' ? code : 'unknown' })
        })
        .finally(() => {
          this.#running.delete(destination.name)
        })
      this.#running.set(destination.name, work)
    }
  }

  async #deliver(destination: Destination): Promise<void> {
    const { records, sender, clock } = this.#dependencies
    const due = records.results.due(destination.name, clock.now(), AT_A_TIME)
    if (due.length === 0) return
    const verdicts = new Map<number, DeliveryVerdict>()
    await sender.send(destination, due, (position, result) => verdicts.set(position, verdictOf(result)))
    records.transaction(() => {
      due.forEach((delivery, position) => {
        this.#settle(destination, delivery, verdicts.get(position) ?? { kind: 'again', reason: 'no-answer' })
      })
    })
    const studies = new Set(due.map((delivery) => records.results.studyOf(delivery.deliveryId)?.studyId))
    for (const studyId of studies) if (studyId !== undefined) this.#dependencies.onChanged(studyId)
  }

  #settle(destination: Destination, delivery: DueDelivery, verdict: DeliveryVerdict): void {
    const { records, clock, randomness, audit } = this.#dependencies
    const at = clock.now()
    const { deliveryId, attempts } = delivery
    if (verdict.kind === 'accepted' && destination.confirm !== 'store') {
      // Accepted is not yet kept: the destination is asked, and only its word makes a delivery of it.
      records.confirmations.stored(
        deliveryId,
        destination.confirm,
        at,
        at + (destination.confirm === 'query' ? INDEXING_MS : 0),
      )
      return
    }
    if (verdict.kind === 'accepted') records.results.accept(deliveryId, at)
    else if (verdict.kind === 'dead') records.results.kill(deliveryId, verdict.reason, at)
    else {
      const chance = (randomness.bytes(1)[0] ?? 0) / 255
      records.results.postpone(deliveryId, verdict.reason, at + backoffMs(attempts + 1, chance))
    }
    // A destination that is away for a week would fill the log: only the first failure and the end are events.
    if (verdict.kind === 'again' && attempts > 0) return
    const study = records.results.studyOf(deliveryId)
    if (study === undefined) return
    const names = { accepted: 'result.delivered', again: 'result.refused', dead: 'result.dead' } as const
    audit.record(
      {
        event: names[verdict.kind],
        actor: { kind: 'system', id: 'results' },
        subject: { kind: 'study', id: study.studyPseudonym },
        outcome: verdict.kind === 'accepted' ? 'success' : 'failure',
        codes: [destination.name, ...(verdict.kind === 'accepted' ? [] : [verdict.reason])],
      },
      study.studyId,
    )
  }
}
