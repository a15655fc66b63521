import type {
  AssociationEnd,
  AssociationFacts,
  CallerPolicy,
  InstanceFacts,
  InstanceSink,
  RejectionCause,
  StorageService,
  StoreOutcome,
  StoreRefusal,
} from '../ports.ts'

/** One instance as it came. */
export interface MemoryInstance {
  readonly facts: InstanceFacts
  readonly dataSet: Buffer
}

/** What a test may put in the way of an instance. */
export interface MemoryStorageHooks {
  /** Return a refusal to refuse before the data set comes. */
  readonly onBegin?: (facts: InstanceFacts) => StoreRefusal | undefined
  /** Return a promise to hold the sender back, or throw. */
  readonly onWrite?: (facts: InstanceFacts, fragment: Uint8Array) => void | Promise<void>
  /** Decides the outcome after the last byte; throw to fail. */
  readonly onCommit?: (facts: InstanceFacts) => StoreOutcome | Promise<StoreOutcome>
}

/** A storage service that keeps everything in memory, for tests. */
export class MemoryStorage implements StorageService {
  readonly instances: MemoryInstance[] = []
  readonly accepted: AssociationFacts[] = []
  readonly rejected: { facts: AssociationFacts; why: RejectionCause | 'protocol' }[] = []
  readonly ended: { facts: AssociationFacts; how: AssociationEnd; counts: { stored: number; refused: number } }[] = []
  discarded = 0
  readonly #hooks: MemoryStorageHooks

  constructor(hooks: MemoryStorageHooks = {}) {
    this.#hooks = hooks
  }

  begin(facts: InstanceFacts): InstanceSink | StoreRefusal {
    const fragments: Uint8Array[] = []
    return (
      this.#hooks.onBegin?.(facts) ?? {
        write: (fragment) => {
          fragments.push(fragment)
          return this.#hooks.onWrite?.(facts, fragment)
        },
        commit: async () => {
          const outcome = (await this.#hooks.onCommit?.(facts)) ?? { kind: 'stored' as const }
          if (outcome.kind === 'stored') this.instances.push({ facts, dataSet: Buffer.concat(fragments) })
          return outcome
        },
        discard: async () => {
          this.discarded += 1
        },
      }
    )
  }

  associationAccepted(facts: AssociationFacts): void {
    this.accepted.push(facts)
  }

  associationRejected(facts: AssociationFacts, why: RejectionCause | 'protocol'): void {
    this.rejected.push({ facts, why })
  }

  associationEnded(facts: AssociationFacts, how: AssociationEnd, counts: { stored: number; refused: number }): void {
    this.ended.push({ facts, how, counts })
  }
}

/** A caller policy that lets everybody in, for tests. */
export const acceptAnyone: CallerPolicy = { decide: () => ({ kind: 'accepted' }) }
