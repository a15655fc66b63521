import type {
  AssociationEnd,
  AssociationFacts,
  InstanceFacts,
  InstanceSink,
  Proposal,
  RejectionCause,
  StorageService,
  StoreOutcome,
  StoreRefusal,
} from '../dimse/index.ts'
import type { CurrentSettings } from '../settings.ts'
import type { PressureGauge } from './gauge.ts'
import { commentOf, limitReached } from './limits.ts'

/** PS3.4 table B.2-1: refused, out of resources. Senders try again later. */
const OUT_OF_RESOURCES = 0xa700

export interface IntakeGuardParts {
  readonly storage: StorageService
  readonly gauge: Pick<PressureGauge, 'isLow'>
  readonly settings: CurrentSettings
  /** Bytes of data sets that are held; asked only where the settings limit them. */
  readonly heldBytes: () => number
}

/** An association that is open now. */
export interface OpenAssociation {
  readonly facts: AssociationFacts
  instances: number
  bytes: number
}

/**
 * Stands between the DICOM port and the storage: whether there is room for one more association, and whether one more
 * instance may come. What is refused gets A700H, whatever its size, and the association goes on.
 */
export class IntakeGuard implements StorageService {
  readonly #parts: IntakeGuardParts
  readonly #open = new Map<string, OpenAssociation>()
  /** Bytes that have come and are not registered yet. */
  #incoming = 0

  constructor(parts: IntakeGuardParts) {
    this.#parts = parts
  }

  /** Associations that are open now. */
  openAssociations(): readonly AssociationFacts[] {
    return [...this.#open.values()].map((one) => one.facts)
  }

  /** A caller that only wants to verify the connection finds room at every level of pressure. */
  room(facts: AssociationFacts, proposal: Proposal): 'limit' | 'busy' | undefined {
    const { gauge, settings } = this.#parts
    const { limits, callers } = settings()
    if (this.#open.size >= limits.maximumAssociations) return 'limit'
    const title = facts.callingAeTitle.trim()
    const own = callers.find((caller) => caller.aeTitle.trim() === title)?.maximumAssociations
    let same = 0
    for (const { facts: other } of this.#open.values())
      if (other.callingAeTitle.trim() === title && other.remoteAddress === facts.remoteAddress) same += 1
    if (same >= (own ?? limits.maximumAssociationsPerCaller)) return 'limit'
    return gauge.isLow() && !proposal.verificationOnly ? 'busy' : undefined
  }

  begin(facts: InstanceFacts): InstanceSink | StoreRefusal | Promise<InstanceSink | StoreRefusal> {
    if (this.#parts.gauge.isLow()) return refused('out of room; try again later')
    const association = this.#open.get(facts.association.associationId)
    if (association === undefined) return refused('association is not known')
    association.instances += 1
    const over = this.#overLimit(association)
    if (over !== undefined) return over
    const opened = this.#parts.storage.begin(facts)
    if (opened instanceof Promise) return opened.then((sink) => this.#guarded(sink, association))
    return this.#guarded(opened, association)
  }

  associationAccepted(facts: AssociationFacts): void {
    this.#open.set(facts.associationId, { facts, instances: 0, bytes: 0 })
    this.#parts.storage.associationAccepted(facts)
  }

  associationRejected(facts: AssociationFacts, why: RejectionCause | 'protocol'): void {
    this.#parts.storage.associationRejected(facts, why)
  }

  associationEnded(facts: AssociationFacts, how: AssociationEnd, counts: { stored: number; refused: number }): void {
    this.#open.delete(facts.associationId)
    this.#parts.storage.associationEnded(facts, how, counts)
  }

  #overLimit(association: OpenAssociation): StoreRefusal | undefined {
    const { limits } = this.#parts.settings()
    const limit = limitReached(
      {
        associationInstances: association.instances,
        associationBytes: association.bytes,
        // At the limit itself no further instance may begin, hence the one byte that any instance has.
        heldBytes: limits.maximumHeldBytes === undefined ? 0 : this.#parts.heldBytes() + this.#incoming + 1,
      },
      limits,
    )
    return limit === undefined ? undefined : refused(commentOf(limit))
  }

  #guarded(sink: InstanceSink | StoreRefusal, association: OpenAssociation): InstanceSink | StoreRefusal {
    if ('kind' in sink) return sink
    return new GuardedSink(
      sink,
      (bytes) => {
        association.bytes += bytes
        this.#incoming += bytes
        return this.#overLimit(association)
      },
      (bytes) => {
        this.#incoming -= bytes
      },
    )
  }
}

/** Counts what goes through, and stops passing it on when a limit is passed: the rest is read and dropped. */
class GuardedSink implements InstanceSink {
  readonly #sink: InstanceSink
  readonly #count: (bytes: number) => StoreRefusal | undefined
  readonly #settle: (bytes: number) => void
  #bytes = 0
  #refusal: StoreRefusal | undefined

  constructor(sink: InstanceSink, count: (bytes: number) => StoreRefusal | undefined, settle: (bytes: number) => void) {
    this.#sink = sink
    this.#count = count
    this.#settle = settle
    if (sink.borrowsFragments === true) this.borrowsFragments = true
  }

  declare readonly borrowsFragments?: true

  write(fragment: Uint8Array): void | Promise<void> {
    if (this.#refusal !== undefined) return undefined
    this.#bytes += fragment.length
    this.#refusal = this.#count(fragment.length)
    return this.#refusal === undefined ? this.#sink.write(fragment) : undefined
  }

  async commit(): Promise<StoreOutcome> {
    if (this.#refusal !== undefined) {
      await this.discard()
      return this.#refusal
    }
    try {
      return await this.#sink.commit()
    } finally {
      this.#settled()
    }
  }

  async discard(): Promise<void> {
    this.#settled()
    await this.#sink.discard()
  }

  #settled(): void {
    this.#settle(this.#bytes)
    this.#bytes = 0
  }
}

function refused(comment: string): StoreRefusal {
  return { kind: 'refused', status: OUT_OF_RESOURCES, comment }
}
