import { join } from 'node:path'
import type { ApprovalPolicy, ModelReference, ReleaseStatement, SignatureMeaning } from '@leadglass/sync-agent/contract'
import { type Clock, isCodedError, type Logger } from '@leadglass/sync-agent/foundation'
import { type ActOutcome, type ActRefusal, type ApprovalState, approvalState, mayAct } from '../governance/approval.ts'
import { openApproverKey } from '../governance/approver-key.ts'
import { TokenError } from '../governance/errors.ts'
import type { GovernanceRepository, Proposal } from '../governance/repository.ts'
import { type SignedApproval, type SigningSubject, signApproval } from '../governance/signing.ts'
import type { CardGate } from '../model-card/index.ts'
import type { Registry } from '../registry/registry.ts'
import { checkSignature, type SignatureRefusal } from './accept-signature.ts'
import { DeliveryError } from './errors.ts'
import type { StatementSigner } from './oms.ts'
import { highestCounter, proposeRelease } from './propose.ts'
import { publishApprovedModels } from './publish.ts'
import type { PublishedPackage, RepositoryWriter } from './repository-writer.ts'

/** A model version to be released, and who is to approve it. */
export interface ReleaseRequest {
  readonly digest: string
  readonly signoffs: ReleaseStatement['signoffs']
  /** Set to bring back older bytes on purpose: the release that is undone. */
  readonly rollbackOf?: ModelReference
  /** Claims to be within the plan for changes of the model. */
  readonly withinPlan?: boolean
}

/** What came of an act on a proposal. */
export type ServiceOutcome =
  | { readonly kind: 'done'; readonly state: ApprovalState; readonly proposal: Proposal }
  | { readonly kind: 'refused'; readonly reason: ActRefusal | SignatureRefusal | 'unknown-proposal' | 'no-key-here' }

/** What the service asks of change control. */
export interface ChangeGate {
  /** @throws {ChangeControlError} `not-within-plan` with the reasons. */
  claim(digest: string): Promise<NonNullable<ReleaseStatement['changeControl']>>
  /** @throws {ChangeControlError} `not-within-plan` when the claim does not follow from what is known now. */
  assertClaim(digest: string, claim: NonNullable<ReleaseStatement['changeControl']>): Promise<void>
}

/** What the service is made of. */
export interface ReleaseServiceOptions {
  readonly governance: GovernanceRepository
  readonly registry: Registry
  /** Refuses versions whose model card is not complete. */
  readonly cards: CardGate
  /** Lets nobody sign that a change is within a plan unless it is. */
  readonly changes: ChangeGate
  readonly writer: RepositoryWriter
  /** The policy that devices are pinned to. */
  readonly policy: ApprovalPolicy
  /** Signs the statement that lies beside each published package; without it none is published. */
  readonly statements?: StatementSigner
  /** Told why the online keys did not sign what the approvers had signed. */
  readonly onWaiting?: (code: string) => void
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * From candidate to published release: proposes, collects signatures, publishes as soon as they suffice. Everything it
 * knows is in the database and the repository, so it may stop at any instant; `resume` finishes what was left.
 */
export class ReleaseService {
  readonly #options: ReleaseServiceOptions

  constructor(options: ReleaseServiceOptions) {
    this.#options = options
  }

  /** Derived state of a proposal. */
  stateOf(proposal: Proposal): ApprovalState {
    return approvalState(proposal, this.#options.policy)
  }

  /**
   * A draft by `author` that lists one or more versions. An empty list renews the present one.
   * @throws {DeliveryError} `release-not-possible`; {RegistryError} for an unknown digest; {CardError} naming what the card
   * lacks; {ChangeControlError} for a claim that does not hold. A rollback brings back bytes that were approved once, so their card is not asked again.
   */
  async draft(author: string, requests: readonly ReleaseRequest[], previous: string | null = null): Promise<Proposal> {
    const { governance, writer, clock } = this.#options
    const state = await writer.state()
    const listed = { ...state.approvedModels?.metadata.signed.targets }
    const statements: ReleaseStatement[] = []
    for (const request of requests) {
      if (request.rollbackOf === undefined) await this.#options.cards.assertCardComplete(request.digest)
      statements.push(await this.#statement(request, listed, statements))
    }
    proposeRelease(state, await this.#proposed(statements), clock) // refuses now what could not be signed later
    const id = governance.createProposal(author, statements, previous)
    return this.#known(id)
  }

  /** Fixes the bytes to be signed, on the list as published now. */
  async submit(id: string, person: string, dueAt: string | null = null): Promise<ServiceOutcome> {
    const { governance, writer, policy, clock } = this.#options
    const proposal = governance.proposal(id)
    if (proposal === undefined) return refused('unknown-proposal')
    const act = mayAct(proposal, { kind: 'submit', person }, policy)
    if (act.kind === 'refused') return act
    await this.#assertClaims(proposal)
    const list = proposeRelease(await writer.state(), await this.#proposed(proposal.statements), clock)
    if (!governance.submit(id, list.version, list.signedBytes, dueAt)) return refused('wrong-state')
    return this.#done(id)
  }

  /** What an approver is about to sign; undefined before submission. */
  subject(proposal: Proposal): SigningSubject | undefined {
    if (proposal.signedBytes === null || proposal.version === null) return undefined
    return { version: proposal.version, signedBytes: proposal.signedBytes, releases: proposal.statements }
  }

  /**
   * Signs with the key that the hub keeps for the person, opened by the passphrase for this one act.
   * @throws {KeyFileError} `wrong-passphrase`; {DeliveryError} when publishing fails after a last signature.
   */
  async sign(id: string, person: string, passphrase: string, meaning: SignatureMeaning): Promise<ServiceOutcome> {
    const { governance, policy, clock } = this.#options
    const proposal = governance.proposal(id)
    if (proposal === undefined) return refused('unknown-proposal')
    const approver = governance.approvers().find((one) => one.person === person)
    if (approver?.keyFile == null) return refused('no-key-here')
    const act = mayAct(proposal, { kind: 'sign', person, role: approver.role, meaning }, policy)
    if (act.kind === 'refused') return act
    const subject = this.subject(proposal)
    if (subject === undefined) return refused('wrong-state')
    const key = await openApproverKey(approver.keyFile, passphrase)
    return this.accept(id, signApproval(key, subject, meaning, clock))
  }

  /**
   * Takes a signature that was made elsewhere, as with a key that its owner keeps.
   * @param recorded runs in the transaction that records it.
   */
  async accept(id: string, approval: SignedApproval, recorded?: () => void): Promise<ServiceOutcome> {
    const { governance, writer, policy, clock, logger } = this.#options
    const proposal = governance.proposal(id)
    if (proposal === undefined) return refused('unknown-proposal')
    const { targets } = await writer.state()
    const checked = checkSignature(proposal, approval, targets.metadata, policy, clock.now())
    if (checked.kind === 'refused' || proposal.signedBytes === null) {
      const reason = checked.kind === 'refused' ? checked.reason : 'wrong-state'
      logger.warn('governance.signature-refused', { proposal: id, reason })
      return refused(reason)
    }
    await this.#assertClaims(proposal)
    const taken = governance.addSignature(
      id,
      proposal.signedBytes,
      checked.publicKey,
      approval,
      checked.statement,
      recorded,
    )
    if (!taken) return refused(governance.proposal(id)?.closed === null ? 'already-signed' : 'wrong-state')
    logger.info('governance.signed', { proposal: id, person: checked.statement.predicate.person })
    return this.#publishOrWait(id)
  }

  /** Publishes when the signatures suffice; otherwise says where the proposal stands. @throws {DeliveryError} */
  async publish(id: string): Promise<ServiceOutcome> {
    const { governance, writer, policy, logger } = this.#options
    const proposal = governance.proposal(id)
    if (proposal === undefined) return refused('unknown-proposal')
    if (this.stateOf(proposal) !== 'approved' || proposal.signedBytes === null) return this.#done(id)
    const signatures = proposal.signatures.map((signature) => ({ keyid: signature.keyid, sig: signature.signature }))
    try {
      const list = { signedBytes: proposal.signedBytes, signatures }
      await publishApprovedModels(writer, list, await this.#packages(proposal.statements), policy)
    } catch (error) {
      if (!(error instanceof DeliveryError) || error.code !== 'stale') throw error
      governance.close(id, 'superseded', 'hub', 'another list was published first')
      return this.#done(id)
    }
    governance.close(id, 'published', 'hub', null)
    this.#supersede(proposal.version ?? 0)
    logger.info('delivery.published', { proposal: id, version: proposal.version ?? 0 })
    return this.#done(id)
  }

  /** An approver says no, with a reason that is kept. */
  async reject(id: string, person: string, reason: string): Promise<ServiceOutcome> {
    return this.#close(id, { kind: 'reject', person, reason }, 'rejected', reason)
  }

  /** An approver sends it back with what must change. The author answers with a proposal of its own. */
  async requestChanges(id: string, person: string, reason: string): Promise<ServiceOutcome> {
    return this.#close(id, { kind: 'request-changes', person, reason }, 'changes-requested', reason)
  }

  /** Whether a named approver may begin a review now. */
  mayReview(proposal: Proposal, person: string): ActOutcome {
    return mayAct(proposal, { kind: 'review', person }, this.#options.policy)
  }

  /** The author takes a proposal back. */
  async withdraw(id: string, person: string): Promise<ServiceOutcome> {
    return this.#close(id, { kind: 'withdraw', person }, 'withdrawn', null)
  }

  /** Finishes what a stop or an absent token interrupted: publishes what is approved. Failures are logged and left for people. */
  async resume(): Promise<void> {
    for (const proposal of this.#options.governance.openProposals()) {
      await this.publish(proposal.id).catch((error: unknown) => {
        const reason = isCodedError(error) ? error.code : 'unexpected'
        this.#options.logger.error('delivery.resume-failed', { proposal: proposal.id, reason })
      })
    }
  }

  /** A signature that was taken stays taken: while the token with the online keys is away, publishing waits for it. */
  async #publishOrWait(id: string): Promise<ServiceOutcome> {
    try {
      return await this.publish(id)
    } catch (error) {
      if (!(error instanceof TokenError)) throw error
      this.#options.logger.error('delivery.publish-waits', { proposal: id, reason: error.code })
      this.#options.onWaiting?.(error.code)
      return this.#done(id)
    }
  }

  #close(
    id: string,
    act: Extract<Parameters<typeof mayAct>[1], { kind: 'reject' | 'request-changes' | 'withdraw' }>,
    closing: 'rejected' | 'changes-requested' | 'withdrawn',
    reason: string | null,
  ): ServiceOutcome {
    const { governance, policy } = this.#options
    const proposal = governance.proposal(id)
    if (proposal === undefined) return refused('unknown-proposal')
    const outcome = mayAct(proposal, act, policy)
    if (outcome.kind === 'refused') return outcome
    return governance.close(id, closing, act.person, reason) ? this.#done(id) : refused('wrong-state')
  }

  /** Bytes that were signed for a version that is published by now can never be published. */
  #supersede(version: number): void {
    const { governance } = this.#options
    for (const other of governance.openProposals()) {
      if (other.version === null || other.version > version) continue
      governance.close(other.id, 'superseded', 'hub', 'another list was published first')
    }
  }

  /** Asked again before each signature: what a claim rests on may have been withdrawn since. */
  async #assertClaims({ statements }: Proposal): Promise<void> {
    for (const { model, changeControl } of statements) {
      if (changeControl !== undefined) await this.#options.changes.assertClaim(model.digest, changeControl)
    }
  }

  async #statement(
    request: ReleaseRequest,
    listed: Readonly<Record<string, unknown>>,
    before: readonly ReleaseStatement[],
  ): Promise<ReleaseStatement> {
    const version = this.#version(request.digest)
    const { model } = version
    const earlier = before.filter((one) => one.model.name === model.name).map((one) => one.releaseCounter)
    const next = Math.max(highestCounter(listed, model.name), ...earlier) + 1
    return {
      schema: 'leadglass.release/1',
      model,
      releaseCounter:
        request.rollbackOf === undefined ? version.releaseCounter : Math.max(next, version.releaseCounter),
      author: version.author,
      signoffs: [...request.signoffs],
      rollbackOf: request.rollbackOf ?? null,
      ...(request.withinPlan === true ? { changeControl: await this.#options.changes.claim(request.digest) } : {}),
    }
  }

  async #proposed(
    statements: readonly ReleaseStatement[],
  ): Promise<{ statement: ReleaseStatement; manifestBytes: number }[]> {
    return statements.map((statement) => ({
      statement,
      manifestBytes: this.#version(statement.model.digest).manifestBytes.length,
    }))
  }

  async #packages(statements: readonly ReleaseStatement[]): Promise<PublishedPackage[]> {
    const packages: PublishedPackage[] = []
    for (const { model } of statements) {
      const version = this.#version(model.digest)
      const folder = await this.#options.registry.packageFolder(model.digest)
      const files = version.manifest.files.map((file) => ({ sha256: file.sha256, source: join(folder, file.path) }))
      const statement = this.#options.statements?.sign(model, version.manifest)
      packages.push({
        model,
        manifest: version.manifestBytes,
        files,
        ...(statement === undefined ? {} : { statement }),
      })
    }
    return packages
  }

  #version(digest: string): NonNullable<ReturnType<Registry['version']>> {
    const version = this.#options.registry.version(digest)
    if (version === undefined) {
      throw new DeliveryError('release-not-possible', 'the registry knows no package with this digest')
    }
    return version
  }

  #known(id: string): Proposal {
    const proposal = this.#options.governance.proposal(id)
    if (proposal === undefined) throw new Error('a proposal vanished')
    return proposal
  }

  #done(id: string): ServiceOutcome {
    const proposal = this.#known(id)
    return { kind: 'done', state: this.stateOf(proposal), proposal }
  }
}

function refused(reason: Extract<ServiceOutcome, { kind: 'refused' }>['reason']): ServiceOutcome {
  return { kind: 'refused', reason }
}
