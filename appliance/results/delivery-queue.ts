import type { Service } from '@leadglass/sync-agent/foundation'
import type { DueDelivery, Records } from '../records/index.ts'
import type { Destination } from '../settings.ts'
import { admitted, afterFailure, type CircuitState, CLOSED } from './circuit-breaker.ts'
import { DeliveryAlarms } from './delivery-alarms.ts'
import { codeOf, type DeliveryDependencies } from './delivery-dependencies.ts'
import { DestinationRounds } from './destination-rounds.ts'
import { meaningOf } from './failures.ts'
import { backoffMs, type DeliveryVerdict, failedFor, verdictOf } from './retry.ts'
import type { ResultSender } from './sender.ts'

const AT_A_TIME = 50
/** What an archive may take before a query finds what it has just accepted, in milliseconds. */
const INDEXING_MS = 2000

export interface DeliveryQueueDependencies extends DeliveryDependencies {
  readonly records: Pick<Records, 'results' | 'deliveries' | 'confirmations' | 'transaction'>
  readonly sender: ResultSender
}

/**
 * Brings results to their destinations, each destination by itself: one that is down holds up no other. A delivery is
 * tried until the destination has accepted it; what it refuses for good waits for a person, with the reason. A
 * destination that fails again and again is left alone and probed (`CircuitState`). Where the settings want more than
 * acceptance, `DeliveryConfirmation` goes on from there.
 */
export class DeliveryQueue implements Service {
  readonly #dependencies: DeliveryQueueDependencies
  readonly #rounds: DestinationRounds
  /** Of this run of the program: after a start everything is tried once. */
  readonly #circuits = new Map<string, CircuitState>()

  constructor(dependencies: DeliveryQueueDependencies) {
    this.#dependencies = dependencies
    const alarms = new DeliveryAlarms(dependencies)
    this.#rounds = new DestinationRounds({
      settings: dependencies.settings,
      round: (destination) => this.#deliver(destination),
      onFailure: (cause) => {
        dependencies.logger.error('results.pass-failed', { code: codeOf(cause) })
      },
      before: () => {
        alarms.look()
      },
    })
  }

  async start(): Promise<void> {
    await this.#rounds.start()
  }

  async stop(): Promise<void> {
    await this.#rounds.stop()
  }

  /** What the queue does towards a destination at present. */
  circuit(destination: string): CircuitState {
    return this.#circuits.get(destination) ?? CLOSED
  }

  /** A person changed something: every destination is probed at the next look instead of at its time. */
  retryNow(): void {
    for (const [name, state] of this.#circuits)
      if (state.kind !== 'closed') this.#circuits.set(name, { ...state, until: 0 })
    this.wake()
  }

  /** Looks now for deliveries that are due. */
  wake(): void {
    this.#rounds.wake()
  }

  async #deliver(destination: Destination): Promise<void> {
    const { records, sender, clock } = this.#dependencies
    const { name } = destination
    const { may, state } = admitted(this.circuit(name), clock.now())
    if (may === 'wait') return
    if (may === 'probe') {
      this.#circuits.set(name, state)
      const failure = await sender.probe(destination)
      if (failure !== undefined) {
        this.#failed(destination, failure)
        return
      }
      // One result is tried before all of them: a destination may answer and still take nothing.
      records.deliveries.hasten(name, clock.now())
    }
    const due = records.results.due(name, clock.now(), may === 'probe' ? 1 : AT_A_TIME)
    if (due.length > 0) await this.#send(destination, due)
    else if (may === 'probe') this.#recovered(destination)
  }

  async #send(destination: Destination, due: readonly DueDelivery[]): Promise<void> {
    const { records, sender, onChanged } = this.#dependencies
    const verdicts = new Map<number, DeliveryVerdict>()
    await sender.send(destination, due, (position, result) => verdicts.set(position, verdictOf(result)))
    const judged = due.map((delivery, position) => ({
      delivery,
      verdict: verdicts.get(position) ?? failedFor('no-answer'),
    }))
    records.transaction(() => {
      for (const { delivery, verdict } of judged) this.#settle(destination, delivery, verdict)
    })
    const refusal = judged.flatMap(({ verdict }) =>
      verdict.kind !== 'accepted' && verdict.concerns === 'destination' ? [verdict.reason] : [],
    )[0]
    // A destination that took one result, or refused it for the result's own sake, is there.
    if (refusal === undefined || judged.some(({ verdict }) => verdict.kind === 'accepted')) this.#recovered(destination)
    else this.#failed(destination, refusal)
    const studies = new Set(due.map((delivery) => records.results.studyOf(delivery.deliveryId)?.studyId))
    for (const studyId of studies) if (studyId !== undefined) onChanged(studyId)
  }

  #recovered({ name }: Destination): void {
    const { logger, records, clock } = this.#dependencies
    if (this.circuit(name).kind === 'half-open') {
      records.deliveries.hasten(name, clock.now())
      logger.info('results.circuit-closed', { destination: name })
    }
    this.#circuits.set(name, CLOSED)
  }

  #failed({ name }: Destination, reason: string): void {
    const { clock, logger } = this.#dependencies
    const before = this.circuit(name)
    const permanent = meaningOf(reason).failureClass === 'permanent'
    const after = afterFailure(before, { reason, permanent }, clock.now(), this.#chance())
    this.#circuits.set(name, after)
    if (before.kind === 'closed' && after.kind === 'open')
      logger.warn('results.circuit-opened', { destination: name, reason })
  }

  #chance(): number {
    return (this.#dependencies.randomness.bytes(1)[0] ?? 0) / 255
  }

  #settle(destination: Destination, delivery: DueDelivery, verdict: DeliveryVerdict): void {
    const { records, clock, audit } = this.#dependencies
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
    else records.results.postpone(deliveryId, verdict.reason, at + backoffMs(attempts + 1, this.#chance()))
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
      { studyInstanceUid: study.studyInstanceUid, destination: destination.name, attempts: attempts + 1 },
    )
  }
}
