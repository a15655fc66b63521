import { APPROVED_MODELS_ROLE, type ApprovalPolicy, RECALLS_ROLE } from '../contract/index.ts'
import { digestOf } from '../foundation/index.ts'
import { UpdateRefusedError } from './attacks.ts'
import { findDelegationFault } from './delegation-policy.ts'
import { type HighWaterMarksState, NO_MARKS } from './high-water-marks.ts'
import { type ChainOptions, MetadataChain, rollback } from './metadata-chain.ts'
import { findRedelegation } from './policy.ts'
import { type RecallBook, readRecalls } from './recall-list.ts'
import type { VerifiedMetadata } from './trusted-metadata.ts'

/** What a walk needs. */
export interface WalkOptions extends ChainOptions {
  readonly policy: ApprovalPolicy
  /** Told of every recall before anything else of this refresh counts. */
  readonly recallBook?: RecallBook
}

/**
 * One walk of the TUF client workflow with what TUF leaves to the client: the pinned first root, the marks, the pinned
 * delegation.
 */
export class MetadataWalk {
  readonly #options: WalkOptions
  #chain: MetadataChain | undefined

  constructor(options: WalkOptions) {
    this.#options = options
  }

  /** Marks that this walk has earned so far; worth keeping even when a later step fails. */
  get earned(): HighWaterMarksState {
    return this.#chain?.earned ?? NO_MARKS
  }

  /** @throws {UpdateRefusedError} with the attack's name, {FetchError}, {UpdateStorageError} */
  async run(): Promise<VerifiedMetadata> {
    const { store, policy } = this.#options
    if (digestOf(store.initialRoot) !== policy.initialRootDigest) {
      throw new UpdateRefusedError(
        'root-not-pinned',
        'The initial root of this device is not the one that its policy names.',
      )
    }
    const chain = MetadataChain.begin(this.#options)
    this.#chain = chain
    await chain.roots()
    await chain.timestamp()
    await chain.snapshot()
    await this.#targets(chain)
    await this.#recalls(chain)
    const approvedModels = await this.#approvedModels(chain)
    const { trusted, files } = chain
    return {
      ...trusted.result(),
      approvedModels,
      versions: trusted.versions(),
      files,
      freshUntil: trusted.freshUntil(),
    }
  }

  /** TUF 5.6 for the top-level role, then the pinned delegation. */
  async #targets(chain: MetadataChain): Promise<void> {
    await chain.delegated('targets', 'root', 'targets')
    const { root, targets } = chain.trusted.result()
    const fault = findDelegationFault(root, targets, this.#options.policy)
    if (fault !== undefined) throw new UpdateRefusedError(fault.attack, fault.message)
    chain.earnRole('targets', 'targets')
  }

  /**
   * TUF 5.6.7 for `recalls`, before the list of models is looked at: a model stops even when the rest of the refresh is
   * refused. Instances that were made before the role existed have none.
   */
  async #recalls(chain: MetadataChain): Promise<void> {
    const { trusted } = chain
    const isDelegated = trusted.role('targets').signed.delegations?.roles?.[RECALLS_ROLE] !== undefined
    if (!isDelegated || trusted.meta(RECALLS_ROLE) === undefined) {
      if (this.#options.marks.recalls.height > 0) throw rollback('the list of recalled models has vanished')
      return
    }
    await chain.delegated(RECALLS_ROLE, 'targets', 'recalls')
    await this.#options.recallBook?.add(readRecalls(trusted.role(RECALLS_ROLE)).recalls)
    chain.earnRole(RECALLS_ROLE, 'recalls')
  }

  /** TUF 5.6.7 for the one delegation. Absent before the first release, and never again after it. */
  async #approvedModels(chain: MetadataChain): Promise<VerifiedMetadata['approvedModels']> {
    if (chain.trusted.meta(APPROVED_MODELS_ROLE) === undefined) {
      if (this.#options.marks.approvedModels.height > 0) throw rollback('the list of approved models has vanished')
      return undefined
    }
    await chain.delegated(APPROVED_MODELS_ROLE, 'targets', 'approvedModels')
    const approvedModels = chain.trusted.role(APPROVED_MODELS_ROLE)
    const fault = findRedelegation(approvedModels)
    if (fault !== undefined) throw new UpdateRefusedError(fault.attack, fault.message)
    chain.earnRole(APPROVED_MODELS_ROLE, 'approvedModels')
    return approvedModels
  }
}
