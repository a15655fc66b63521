import { isCodedError, type Service } from '@leadglass/sync-agent/foundation'
import type { InstanceReference, SettledRequest } from '../dimse/index.ts'
import { parsePart10, uid } from '../imaging/dataset/index.ts'
import type { ConfirmBy, Records, UnconfirmedDelivery } from '../records/index.ts'
import type { Destination } from '../settings.ts'
import { afterQuery, afterReport, bounded, type ConfirmationStep } from './confirmation-rules.ts'
import { codeOf, type DeliveryDependencies } from './delivery-dependencies.ts'
import { DestinationRounds } from './destination-rounds.ts'
import { backoffMs } from './retry.ts'

const AT_A_TIME = 50
/** An answer that is neither a report nor a time-out can only be lost in a crash: asked again so long after it was due. */
const GRACE_MS = 60_000
/** At least so long until a destination that could not be reached is asked again, at most twice that. */
const UNREACHED_MS = 20_000

const SERIES_INSTANCE_UID = 0x0020000e

/** Where one object stands in the hierarchy of an archive (PS3.4 C.6.2.1). */
export interface ObjectPlace extends InstanceReference {
  readonly studyInstanceUid: string
  readonly seriesInstanceUid: string
}

/** Asks a destination whether it keeps what it accepted. */
export interface ConfirmationAsker {
  /** N-ACTION of storage commitment; the report comes to `settled`. @throws DimseError as `CommitmentUser` does. */
  requestCommitment(
    destination: Destination,
    instances: readonly InstanceReference[],
    reportTimeoutMs: number,
  ): Promise<void>
  /** C-FIND on the image level. @throws DimseError when there is no answer. */
  finds(destination: Destination, object: ObjectPlace): Promise<boolean>
}

export interface ConfirmationDependencies extends DeliveryDependencies {
  readonly records: Pick<Records, 'confirmations' | 'results' | 'transaction'>
  readonly asker: ConfirmationAsker
}

/**
 * Follows what a destination accepted until it says that it keeps it: by storage commitment (PS3.4 annex J), or by
 * finding it (PS3.4 annex C). Only then is a delivery accepted. All of it is in the record, so a restart changes nothing.
 */
export class DeliveryConfirmation implements Service {
  readonly #dependencies: ConfirmationDependencies
  readonly #rounds: DestinationRounds

  constructor(dependencies: ConfirmationDependencies) {
    this.#dependencies = dependencies
    this.#rounds = new DestinationRounds({
      settings: dependencies.settings,
      round: (destination) => this.#ask(destination),
      onFailure: (cause) => {
        dependencies.logger.error('results.confirmation-failed', { code: codeOf(cause) })
      },
    })
  }

  async start(): Promise<void> {
    await this.#rounds.start()
  }

  async stop(): Promise<void> {
    await this.#rounds.stop()
  }

  /** Looks now for deliveries that wait to be asked about, each destination by itself. */
  wake(): void {
    this.#rounds.wake()
  }

  /** A request for commitment is over: for `CommitmentUser`. What it says of objects that are not awaited is not heard. */
  settled(request: SettledRequest): void {
    const { records, settings } = this.#dependencies
    const configured = configuredBy(settings().destinations.find((one) => one.name === request.destination))
    const studies = new Set<number>()
    records.transaction(() => {
      request.instances.forEach(({ sopInstanceUid }, position) => {
        const delivery = records.confirmations.find(request.destination, sopInstanceUid)
        if (delivery === undefined) return
        const step = afterReport(request.outcomes[position] ?? { kind: 'unanswered' })
        // A late word is heard only where it settles the matter: the archive is being asked in another way.
        if (delivery.confirmBy !== 'commitment' && step.kind !== 'confirmed') return
        this.#take(request.destination, delivery, bounded(step, delivery.attempts), configured, studies)
      })
    })
    this.#tell(studies)
  }

  async #ask(destination: Destination): Promise<void> {
    const { records, clock } = this.#dependencies
    const due = records.confirmations.due(destination.name, clock.now(), AT_A_TIME)
    const byCommitment = due.filter((delivery) => delivery.confirmBy === 'commitment')
    if (byCommitment.length > 0) await this.#askForCommitment(destination, byCommitment)
    for (const delivery of due) if (delivery.confirmBy === 'query') await this.#askByQuery(destination, delivery)
  }

  async #askForCommitment(destination: Destination, due: readonly UnconfirmedDelivery[]): Promise<void> {
    const { asker, clock, records, logger } = this.#dependencies
    const again = clock.now() + destination.confirmTimeoutMs + GRACE_MS
    // Entered first: the report may come before the answer to the request.
    records.transaction(() => {
      for (const { deliveryId } of due) records.confirmations.defer(deliveryId, again)
    })
    const references = due.map(({ sopClassUid, sopInstanceUid }) => ({ sopClassUid, sopInstanceUid }))
    try {
      await asker.requestCommitment(destination, references, destination.confirmTimeoutMs)
    } catch (cause) {
      const code = codeOf(cause)
      logger.info('results.commitment-not-requested', { destination: destination.name, code })
      // The request may have arrived: its report, or its time-out, decides.
      if (isCodedError(cause) && cause.failureClass === 'ambiguous') return
      const refused = isCodedError(cause) && cause.failureClass === 'permanent'
      this.#takeAll(
        destination,
        due,
        refused
          ? { kind: 'ask', by: 'query', reason: `commitment.${code}`, soon: true }
          : { kind: 'unreached', by: 'commitment', reason: code },
      )
    }
  }

  async #askByQuery(destination: Destination, delivery: UnconfirmedDelivery): Promise<void> {
    const { asker, logger } = this.#dependencies
    const place = {
      sopClassUid: delivery.sopClassUid,
      sopInstanceUid: delivery.sopInstanceUid,
      studyInstanceUid: delivery.studyInstanceUid,
      seriesInstanceUid: uid(parsePart10(delivery.content).dataSet, SERIES_INSTANCE_UID) ?? '',
    }
    let answer: 'found' | 'not-found' | 'not-asked'
    try {
      answer = (await asker.finds(destination, place)) ? 'found' : 'not-found'
    } catch (cause) {
      logger.info('results.query-failed', { destination: destination.name, code: codeOf(cause) })
      if (isCodedError(cause) && cause.failureClass !== 'permanent') {
        this.#takeAll(destination, [delivery], { kind: 'unreached', by: 'query', reason: codeOf(cause) })
        return
      }
      answer = 'not-asked'
    }
    const step = afterQuery(answer, configuredBy(destination), delivery.attempts)
    this.#takeAll(destination, [delivery], bounded(step, delivery.attempts))
  }

  #takeAll(destination: Destination, deliveries: readonly UnconfirmedDelivery[], step: ConfirmationStep): void {
    const { records } = this.#dependencies
    const studies = new Set<number>()
    records.transaction(() => {
      for (const { sopInstanceUid } of deliveries) {
        // Read again: a report may have come meanwhile, or a later revision.
        const delivery = records.confirmations.find(destination.name, sopInstanceUid)
        if (delivery !== undefined) this.#take(destination.name, delivery, step, configuredBy(destination), studies)
      }
    })
    this.#tell(studies)
  }

  /** Inside a transaction. */
  #take(
    destination: string,
    delivery: UnconfirmedDelivery,
    step: ConfirmationStep,
    configured: ConfirmBy,
    studies: Set<number>,
  ): void {
    const { records, clock, randomness, audit } = this.#dependencies
    const { deliveryId, attempts } = delivery
    const at = clock.now()
    const chance = (randomness.bytes(1)[0] ?? 0) / 255
    const later =
      at + (step.kind === 'unreached' ? Math.round(UNREACHED_MS * (1 + chance)) : backoffMs(attempts + 1, chance))
    if (step.kind === 'confirmed') records.confirmations.confirm(deliveryId, step.by, at)
    else if (step.kind === 'ask')
      records.confirmations.ask(deliveryId, step.by, step.reason, step.soon ? at : later, true)
    else if (step.kind === 'unreached') records.confirmations.ask(deliveryId, step.by, step.reason, later, false)
    else if (step.kind === 'send-again') records.confirmations.sendAgain(deliveryId, step.reason, later)
    else records.results.kill(deliveryId, step.reason, at)
    const study = records.results.studyOf(deliveryId)
    if (study === undefined) return
    studies.add(study.studyId)
    // Asking again is no event; that an archive lost an object is one.
    if (step.kind === 'ask' || step.kind === 'unreached') return
    const event = { confirmed: 'result.delivered', 'send-again': 'result.refused', dead: 'result.dead' } as const
    audit.record(
      {
        event: event[step.kind],
        actor: { kind: 'system', id: 'results' },
        subject: { kind: 'study', id: study.studyPseudonym },
        outcome: step.kind === 'confirmed' ? 'success' : 'failure',
        codes: [destination, step.kind === 'confirmed' ? `confirmed-${step.by}` : step.reason, configured],
      },
      study.studyId,
    )
  }

  #tell(studies: ReadonlySet<number>): void {
    for (const studyId of studies) this.#dependencies.onChanged(studyId)
  }
}

/** A setting that was changed to `store` meanwhile does not make a confirmation out of silence. */
function configuredBy(destination: Destination | undefined): ConfirmBy {
  return destination?.confirm === 'query' ? 'query' : 'commitment'
}
