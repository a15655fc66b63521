import {
  type ApprovalPolicy,
  type ModelReference,
  RECALLS_ROLE,
  type RecallStatement,
  releasePath,
} from '@leadglass/sync-agent/contract'
import { type Clock, type Logger, toIsoInstant } from '@leadglass/sync-agent/foundation'
import { findDelegationFault, readOfficerKey, readRecalls } from '@leadglass/sync-agent/updates'
import { DeliveryError } from './errors.ts'
import { type ProposedRecalls, proposeRecall } from './recall-metadata.ts'
import type { RepositoryWriter } from './repository-writer.ts'
import { metadataBytes, parseTargets, type SignedPart } from './tuf-format.ts'

/** A safety officer's signature over exactly the proposed bytes. */
export interface SignedRecalls {
  readonly signedBytes: Uint8Array
  readonly keyid: string
  /** Ed25519, hexadecimal. */
  readonly signature: string
}

/** What is recalled, and who may recall. */
export interface RecallList {
  readonly recalls: readonly RecallStatement[]
  /** Persons whose keys the custodians vouch for; empty where the role does not exist yet. */
  readonly officers: readonly { readonly person: string; readonly keyid: string }[]
}

/**
 * Stops models everywhere: one safety officer signs, the hub publishes at once. Nothing is waited for and nobody is asked
 * again, because stopping must be easier than starting. The officer's key is never at the hub.
 */
export class RecallService {
  readonly #writer: RepositoryWriter
  readonly #policy: ApprovalPolicy
  readonly #clock: Clock
  readonly #logger: Logger

  constructor(options: {
    readonly writer: RepositoryWriter
    readonly policy: ApprovalPolicy
    readonly clock: Clock
    readonly logger: Logger
  }) {
    this.#writer = options.writer
    this.#policy = options.policy
    this.#clock = options.clock
    this.#logger = options.logger
  }

  async list(): Promise<RecallList> {
    const { targets, recalls } = await this.#writer.state()
    const { keys = {}, roles = {} } = targets.metadata.signed.delegations ?? {}
    const officers = (roles[RECALLS_ROLE]?.keyIDs ?? []).flatMap((keyid) => {
      const key = keys[keyid]
      const person = key === undefined ? undefined : readOfficerKey(key)
      return person === undefined ? [] : [{ person, keyid }]
    })
    return { recalls: recalls === undefined ? [] : readRecalls(recalls.metadata).recalls, officers }
  }

  /** The bytes that stop this version, to be signed by the officer. @throws {DeliveryError} `release-not-possible` */
  async propose(model: ModelReference, person: string, reason: string): Promise<ProposedRecalls> {
    const recalledAt = toIsoInstant(this.#clock.now())
    const recall = { schema: 'leadglass.recall/1', model, person, reason, recalledAt } as const
    return proposeRecall(await this.#writer.state(), recall, this.#clock)
  }

  /**
   * Publishes what an officer signed. Only entries in the officer's own name may be new, and none may be missing.
   * @returns the entries that are new. @throws {DeliveryError} `stale`, `signatures-missing`, `devices-would-refuse`
   */
  async publish({ signedBytes, keyid, signature }: SignedRecalls): Promise<readonly RecallStatement[]> {
    const before = await this.list()
    const officer = before.officers.find((one) => one.keyid === keyid)
    if (officer === undefined) {
      throw new DeliveryError('signatures-missing', 'the key is not one of a safety officer of this repository')
    }
    const part = JSON.parse(Buffer.from(signedBytes).toString('utf8')) as SignedPart
    const bytes = metadataBytes(part, [{ keyid, sig: signature }])
    const { recalls, unreadable } = readRecalls(parseTargets(bytes))
    const known = new Set(before.recalls.map(({ model }) => model.digest))
    const added = recalls.filter(({ model }) => !known.has(model.digest))
    const isWhole = recalls.length === known.size + added.length
    if (unreadable > 0 || !isWhole || added.some(({ person }) => person !== officer.person)) {
      throw new DeliveryError('devices-would-refuse', 'the list leaves a recall out, or speaks for somebody else')
    }
    await this.#writer.publishRecalls(bytes, added)
    for (const { model } of added) {
      this.#logger.warn('delivery.recalled', { model: model.name, version: model.version })
    }
    return added
  }

  /** What the custodians of targets need, to name the safety officers on a machine of their own. */
  async present(): Promise<{ readonly root: string; readonly targets: string; readonly policy: ApprovalPolicy }> {
    const { root, targets } = await this.#writer.state()
    const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
    return { root: text(root.bytes), targets: text(targets.bytes), policy: this.#policy }
  }

  /** Whether devices would take this version now. */
  async mayRollOut(model: ModelReference): Promise<'yes' | 'not-published' | 'recalled'> {
    const { approvedModels, recalls } = await this.#writer.state()
    const listed = approvedModels?.metadata.signed.targets[releasePath(model)]
    if (listed?.hashes.sha256 !== model.digest) return 'not-published'
    const stopped = recalls === undefined ? [] : readRecalls(recalls.metadata).recalls
    return stopped.some((one) => one.model.digest === model.digest) ? 'recalled' : 'yes'
  }

  /**
   * Publishes targets that name the safety officers, signed by the custodians elsewhere.
   * @throws {DeliveryError} `stale`, `signatures-missing`, `devices-would-refuse`
   */
  async appoint(bytes: Uint8Array): Promise<RecallList> {
    const { root } = await this.#writer.state()
    const fault = findDelegationFault(root.metadata, parseTargets(bytes), this.#policy)
    if (fault !== undefined) throw new DeliveryError('devices-would-refuse', fault.message)
    await this.#writer.publishTargets(bytes)
    return this.list()
  }
}
