import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { anchorFingerprints, normaliseEnrolmentCode } from '@leadglass/sync-agent/contract'
import type { IdentityStatus, IdentityStatusFile, JoinWishFile } from '@leadglass/sync-agent/exchange'
import type { AuditSink } from '../egress/index.ts'
import type { ApplianceFolders } from '../folders.ts'
import { EnrolmentError } from './errors.ts'
import { type PinnedFingerprints, pinAnchors, pinnedFingerprints } from './pinned-trust.ts'

/** A person of the site, as the audit log names them. */
type Actor = Parameters<AuditSink['record']>[0]['actor']

/** What the desk works with. */
export interface EnrolmentDeskDependencies {
  readonly folders: Pick<ApplianceFolders, 'initialRoot' | 'policy' | 'trust' | 'trustState'>
  readonly wishFile: Pick<JoinWishFile, 'read' | 'write' | 'path'>
  readonly statusFile: Pick<IdentityStatusFile, 'read'>
  /** Verifier key of this appliance's audit log. */
  readonly auditKey: string
  readonly device: string
  readonly audit: Pick<AuditSink, 'recordNow'>
  /** Something is trusted that was not before. */
  readonly onPinned: () => void
}

/** What a person sees of the box's way to its hub. */
export interface EnrolmentView {
  /** Undefined while the agent has said nothing. */
  readonly agent: IdentityStatus | undefined
  readonly pinned: PinnedFingerprints
  /** `same`: everything offered is pinned. `other`: the hub names something else than what is pinned. */
  readonly anchors: 'none' | 'to-be-confirmed' | 'same' | 'other'
}

/**
 * Where a person lets this box join a hub. The appliance never speaks to the hub: it asks the agent over the exchange,
 * and pins what the agent brings back only after a person has compared the fingerprint.
 */
export class EnrolmentDesk {
  readonly #dependencies: EnrolmentDeskDependencies

  constructor(dependencies: EnrolmentDeskDependencies) {
    this.#dependencies = dependencies
  }

  async view(): Promise<EnrolmentView> {
    const { folders } = this.#dependencies
    const agent = await this.#agent()
    await this.#forgetAnswered(agent)
    const pinned = await pinnedFingerprints(folders)
    return { agent, pinned, anchors: comparison(agent, pinned) }
  }

  /**
   * Asks the agent to join. The code is good once and for minutes; it leaves the exchange as soon as the agent answered.
   * @returns the wish's name, under which the agent's answer stands.
   * @throws {EnrolmentError} `code-mistyped`, `agent-silent`.
   */
  async join(
    wish: { hubUrl: string; code: string; authorityFingerprint: string | null },
    actor: Actor,
  ): Promise<string> {
    const { wishFile, auditKey, audit, device } = this.#dependencies
    if (normaliseEnrolmentCode(wish.code) === undefined) throw new EnrolmentError('code-mistyped')
    if ((await this.#agent()) === undefined) throw new EnrolmentError('agent-silent')
    const id = randomUUID()
    audit.recordNow({
      event: 'device.enrolled',
      actor,
      subject: { kind: 'device', id: device },
      outcome: 'success',
      codes: ['join.asked'],
    })
    await wishFile.write({ schema: 'leadglass.join-wish/1', id, ...wish, auditKey })
    return id
  }

  /**
   * Pins what the hub gave, under the fingerprint that a person compared.
   * @throws {EnrolmentError} `anchors-missing`, `anchors-other`, `anchors-differ`.
   */
  async confirm(fingerprint: string, actor: Actor): Promise<void> {
    const { folders, audit, device, onPinned } = this.#dependencies
    const anchors = (await this.#agent())?.anchors ?? undefined
    if (anchors === undefined) throw new EnrolmentError('anchors-missing')
    const subject = { kind: 'device', id: device } as const
    try {
      if (anchorFingerprints(anchors).all !== fingerprint) throw new EnrolmentError('anchors-other')
      const before = (await pinnedFingerprints(folders)).desiredKeyNumber
      const isNew = await pinAnchors(folders, anchors, 'confirmed')
      const { number } = anchors.desiredKey
      const isReplaced = before !== null && number > before
      const codes = [
        'confirmed',
        ...(anchors.updates === null ? [] : ['root']),
        ...(isReplaced ? ['replaced', `desired-key-${number}`] : []),
      ]
      audit.recordNow({ event: 'trust.pinned', actor, subject, outcome: 'success', codes })
      if (isNew) onPinned()
    } catch (cause) {
      if (cause instanceof EnrolmentError)
        audit.recordNow({ event: 'trust.pinned', actor, subject, outcome: 'refused', codes: [cause.code] })
      throw cause
    }
  }

  async #agent(): Promise<IdentityStatus | undefined> {
    const read = await this.#dependencies.statusFile.read()
    return read.kind === 'value' ? read.value : undefined
  }

  /** A wish that has its answer is done: the code does not stay on the disk. */
  async #forgetAnswered(agent: IdentityStatus | undefined): Promise<void> {
    const { wishFile } = this.#dependencies
    const wish = await wishFile.read()
    const isAnswered = wish.kind === 'value' && agent?.join?.id === wish.value.id && agent.join.state !== 'asking'
    if (isAnswered) await rm(wishFile.path, { force: true })
  }
}

function comparison(agent: IdentityStatus | undefined, pinned: PinnedFingerprints): EnrolmentView['anchors'] {
  const offered = agent?.anchors
  if (offered == null) return 'none'
  const prints = anchorFingerprints(offered)
  const { number } = offered.desiredKey
  const inForce = pinned.desiredKeyNumber
  // An offer of before a rotation says nothing about the key; a later key than the one in force waits for a person.
  const isEarlier = inForce !== null && number < inForce
  const isLater = inForce !== null && number > inForce
  const pairs = [
    [prints.root, pinned.root],
    [prints.policy, pinned.policy],
    ...(isEarlier ? [] : ([[prints.desiredKey, isLater ? null : pinned.desiredKey]] as const)),
  ] as const
  if (pairs.some(([given, held]) => given !== null && held !== null && given !== held)) return 'other'
  return pairs.some(([given, held]) => given !== null && held === null) ? 'to-be-confirmed' : 'same'
}
