import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { graphShape, readPackage } from '@leadglass/models'
import type { AuditEventInput } from '@leadglass/sync-agent/audit-log'
import type { ReleaseStatement } from '@leadglass/sync-agent/contract'
import { type Clock, canonicalJson, digestOf, type JsonValue } from '@leadglass/sync-agent/foundation'
import { figuresOf } from '../model-card/index.ts'
import { type ModelVersion, type Registry, RegistryError } from '../registry/index.ts'
import { type AdopterKey, planDigest, verifyAdoption } from './adoption.ts'
import type { ChangeBook, KeptPlan } from './change-book.ts'
import { type Determination, determineChange, type MeasuredVersion, type StepRecord } from './determination.ts'
import { ChangeControlError } from './errors.ts'
import { changePlan } from './plan.ts'

/** What a release statement says when it claims to be within a plan: two digests that every approver signs. */
export type WithinPlanClaim = NonNullable<ReleaseStatement['changeControl']>

/** A determination, and the claim that it allows; null when the version is outside. */
export interface DeterminedVersion {
  readonly plan: KeptPlan
  readonly determination: Determination
  readonly claim: WithinPlanClaim | null
}

/** What change control needs of the hub. */
export interface ChangeDeskPorts {
  readonly book: ChangeBook
  readonly registry: Registry
  /** A key by its identifier, unless it is unknown, not confirmed or revoked. */
  readonly keyOf: (keyid: string) => AdopterKey | undefined
  readonly audit: { append(event: AuditEventInput): unknown }
  /** One transaction: an act and its entry in the log are there both, or neither. */
  readonly together: <T>(act: () => T) => T
  readonly clock: Clock
}

/** Plans for changes of a model, and whether a version is within one. */
export class ChangeDesk {
  readonly #ports: ChangeDeskPorts

  constructor(ports: ChangeDeskPorts) {
    this.#ports = ports
  }

  get book(): ChangeBook {
    return this.#ports.book
  }

  /** Declares a plan. @throws {z.ZodError} for a plan that is none; {ChangeControlError} `plan-version-taken` */
  declare(content: unknown, author: string): KeptPlan {
    const plan = changePlan.parse({ ...(content as object), author })
    return this.#ports.together(() => {
      const kept = this.#ports.book.declare(plan)
      this.#audit('plan.declared', author, kept.digest)
      return kept
    })
  }

  /**
   * Takes a signature under a plan. The author never adopts his own plan.
   * @throws {ChangeControlError} `unknown-plan`, `author-may-not-adopt`, `adoption-not-valid`
   */
  adopt(digest: string, envelope: unknown, person: string): KeptPlan {
    const { book, keyOf } = this.#ports
    const kept = this.#plan(digest)
    if (kept.state === 'withdrawn') throw notInForce(kept)
    if (person === kept.plan.author) {
      throw new ChangeControlError('author-may-not-adopt', `${person} wrote this plan`)
    }
    const adoption = verifyAdoption(envelope, kept.plan, keyOf)
    if (adoption === undefined || adoption.person !== person) {
      throw new ChangeControlError('adoption-not-valid', 'the signature is not of this person over this plan')
    }
    this.#ports.together(() => {
      book.adopt(digest, adoption, envelope as Parameters<ChangeBook['adopt']>[2])
      this.#audit('plan.adopted', person, digest)
    })
    return this.#plan(digest)
  }

  /** Takes a plan out of force. @throws {ChangeControlError} `unknown-plan` */
  withdraw(digest: string, person: string, reason: string): void {
    this.#plan(digest)
    this.#ports.together(() => {
      this.#ports.book.withdraw(digest, person, reason)
      this.#audit('plan.withdrawn', person, digest)
    })
  }

  /** Records a step of the protocol for a version. @throws {ChangeControlError} `unknown-plan`, `unknown-step` */
  record(digest: string, model: string, record: Omit<StepRecord, 'recordedAt'>): void {
    const { plan } = this.#plan(digest)
    if (!plan.protocol.some(({ id }) => id === record.step)) {
      throw new ChangeControlError('unknown-step', `the plan has no step ${record.step}`)
    }
    this.#ports.together(() => {
      this.#ports.book.record(digest, model, record)
      this.#audit('plan.step-recorded', record.person, model)
    })
  }

  /** Computes where a version stands under the plan of its model that is in force; undefined without one. */
  async determine(version: ModelVersion): Promise<DeterminedVersion | undefined> {
    const { book, registry } = this.#ports
    const plan = book.inForce(version.model.name)
    if (plan === undefined) return undefined
    const parent = version.parent === null ? undefined : registry.version(version.parent)
    const determination = determineChange(
      plan.plan,
      parent === undefined ? undefined : await this.#measured(parent),
      await this.#measured(version),
      book.records(plan.digest, version.model.digest),
    )
    return { plan, determination, claim: determination.within ? claimOf(plan, determination) : null }
  }

  /**
   * The claim that a release statement may carry.
   * @throws {ChangeControlError} `not-within-plan` with the reasons
   */
  async claim(digest: string): Promise<WithinPlanClaim> {
    const version = this.#version(digest)
    const found = await this.determine(version)
    if (found === undefined || found.claim === null) throw outsidePlan(version, found)
    return found.claim
  }

  /**
   * Refuses a claim that does not follow from plan, versions and records as they are now. Asked before a proposal is submitted
   * and again before each signature.
   * @throws {ChangeControlError} `not-within-plan`
   */
  async assertClaim(digest: string, claim: WithinPlanClaim): Promise<void> {
    const version = this.#version(digest)
    const found = await this.determine(version)
    if (found?.claim?.plan === claim.plan && found.claim.determination === claim.determination) return
    throw outsidePlan(version, found)
  }

  #version(digest: string): ModelVersion {
    const version = this.#ports.registry.version(digest)
    if (version === undefined) throw new RegistryError('unknown-version', 'the registry has no version of this digest')
    return version
  }

  async #measured(version: ModelVersion): Promise<MeasuredVersion> {
    const folder = await this.#ports.registry.packageFolder(version.model.digest)
    const { manifest, card } = await readPackage(folder)
    const graphs = await Promise.all(
      manifest.graphs.map(async ({ id, file }) => {
        const bytes = await readFile(join(folder, file))
        return { id, digest: digestOf(bytes), shape: graphShape(bytes) }
      }),
    )
    return { manifest, card, graphs, figures: figuresOf(card.metrics) }
  }

  #plan(digest: string): KeptPlan {
    const kept = this.#ports.book.find(digest)
    if (kept === undefined)
      throw new ChangeControlError('unknown-plan', `no plan has the digest ${digest.slice(0, 12)}`)
    return kept
  }

  #audit(
    event: 'plan.declared' | 'plan.adopted' | 'plan.withdrawn' | 'plan.step-recorded',
    person: string,
    id: string,
  ) {
    this.#ports.audit.append({
      event,
      actor: { kind: 'person', id: person },
      subject: { kind: event === 'plan.step-recorded' ? 'model' : 'approval', id },
      outcome: 'success',
    })
  }
}

function claimOf(plan: KeptPlan, determination: Determination): WithinPlanClaim {
  return {
    plan: planDigest(plan.plan),
    determination: digestOf(Buffer.from(canonicalJson(JSON.parse(JSON.stringify(determination)) as JsonValue))),
  }
}

function outsidePlan({ model }: ModelVersion, found: DeterminedVersion | undefined): ChangeControlError {
  const reasons = found?.determination.reasons.map(({ kind }) => kind).join(', ') ?? 'no plan is in force'
  const why = reasons === '' ? 'what it rests on has changed since' : reasons
  return new ChangeControlError('not-within-plan', `${model.name} ${model.version} is not within a plan: ${why}`)
}

function notInForce({ plan, state }: KeptPlan): ChangeControlError {
  return new ChangeControlError('plan-not-in-force', `plan ${plan.version} of ${plan.model} is ${state}`)
}
