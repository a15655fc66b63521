import { X509Certificate } from 'node:crypto'
import type { DeviceId } from '../contract/index.ts'
import type { DesiredStateFile, IdentityStatus, IdentityStatusFile, JoinWish, JoinWishFile } from '../exchange/index.ts'
import {
  type Clock,
  type CodedError,
  isCodedError,
  type Logger,
  type Service,
  toIsoInstant,
} from '../foundation/index.ts'
import {
  type AnchorKeeper,
  type AnchorStore,
  authorityFingerprint,
  IdentityError,
  type IdentityStore,
  joinHub,
  type Renewal,
  refusedByHub,
  renewalDue,
} from '../identity/index.ts'

type Problem = IdentityStatus['problem']

/** What the desk works with. */
export interface IdentityDeskParts {
  readonly device: DeviceId
  readonly hubUrl: string
  readonly store: IdentityStore
  readonly anchorStore: AnchorStore
  readonly keeper: Pick<AnchorKeeper, 'step'>
  readonly renewal: Pick<Renewal, 'credentials'>
  readonly wishFile: Pick<JoinWishFile, 'read'>
  /** What the hub wishes: shows with which key it signs now. */
  readonly desiredFile: Pick<DesiredStateFile, 'read'>
  readonly statusFile: Pick<IdentityStatusFile, 'read' | 'write'>
  readonly intervals: { readonly pollMs: number; readonly anchorsMs: number }
  readonly clock: Clock
  readonly logger: Logger
  /** Something was joined or pinned: what runs has to begin anew with it. */
  readonly onChanged: () => void
}

/**
 * The agent's identity for the people at the appliance: says what it is and what is wrong with it, joins a hub when the
 * appliance asks for it, and gets what is to be pinned. One wish has one answer, over restarts.
 */
export class IdentityDesk implements Service {
  readonly #parts: IdentityDeskParts
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  #problem: Problem = null
  #askAnchorsAt = 0
  #written = ''

  constructor(parts: IdentityDeskParts) {
    this.#parts = parts
  }

  async start(): Promise<void> {
    this.#timer = setInterval(() => {
      this.#running ??= this.look()
        .catch((error: unknown) => {
          this.#parts.logger.error('identity.look-failed', {
            reason: error instanceof Error ? error.message : 'unknown',
          })
        })
        .finally(() => {
          this.#running = undefined
        })
    }, this.#parts.intervals.pollMs)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#running
  }

  /** What renewing came to: shown until it is well again. @param code null when the identity is well. */
  tell(code: string | null): void {
    this.#problem = code === null ? null : problemOf(refusedByHub(code))
  }

  /** One look: answers a wish, gets anchors that are missing, and says how things stand. */
  async look(): Promise<void> {
    const { wishFile, statusFile, clock } = this.#parts
    const known = await statusFile.read()
    const before = known.kind === 'value' ? known.value.join : null
    const wish = await wishFile.read()
    if (wish.kind === 'value' && (before?.id !== wish.value.id || before.state === 'asking')) {
      await this.#answer(wish.value)
      return
    }
    const pinned = clock.now() >= this.#askAnchorsAt && (await this.#pin())
    await this.#write(before)
    if (pinned) this.#parts.onChanged()
  }

  async #answer(wish: JoinWish): Promise<void> {
    const { device, store, clock, logger, onChanged } = this.#parts
    const at = toIsoInstant(clock.now())
    await this.#write({ id: wish.id, state: 'asking', problem: null, at })
    try {
      const { hubUrl, code, auditKey, authorityFingerprint: expected } = wish
      const pinned = expected === null ? {} : { hubFingerprint: expected }
      await joinHub({ hubUrl, code, device, auditKey, ...pinned }, store, clock)
      logger.info('identity.joined')
      this.#problem = null
      await this.#write({ id: wish.id, state: 'joined', problem: null, at })
      onChanged()
    } catch (error) {
      if (!isCodedError(error)) throw error
      logger.warn('identity.not-joined', { code: error.code })
      await this.#write({ id: wish.id, state: 'refused', problem: problemOf(error), at })
    }
  }

  async #pin(): Promise<boolean> {
    const { keeper, desiredFile, clock, intervals, logger } = this.#parts
    this.#askAnchorsAt = clock.now() + intervals.anchorsMs
    try {
      const desired = await desiredFile.read()
      return await keeper.step(desired.kind === 'value' ? desired.value.document?.signed : undefined)
    } catch (error) {
      if (!isCodedError(error)) return false
      logger.warn('identity.no-anchors', { code: error.code })
      // A hub of before anchors is no fault of this box; another root is one that people must see.
      if (error.code === 'anchors-differ') this.#problem = problemOf(error)
      return false
    }
  }

  async #write(join: IdentityStatus['join']): Promise<void> {
    const { device, hubUrl, store, anchorStore, renewal, statusFile, clock } = this.#parts
    // A damaged file is a problem of its own; no file at all is a box that has not joined.
    const identity = await store.read().catch(() => null)
    const credentials = await renewal.credentials().catch(() => undefined)
    const certificate =
      credentials === undefined || credentials.certificatePem === '' ? null : certificateOf(credentials)
    const isAbsent = identity === undefined && certificate === null
    const status = {
      schema: 'leadglass.identity-status/1' as const,
      device,
      hubUrl: identity?.hub?.mqttUrl ?? hubUrl,
      certificate,
      problem: isAbsent ? problemOf(notEnrolledYet()) : this.#problem,
      anchors: (await anchorStore.read()) ?? null,
      join,
    }
    const text = JSON.stringify(status)
    if (text === this.#written) return
    await statusFile.write({ ...status, at: toIsoInstant(clock.now()) })
    this.#written = text
  }
}

function certificateOf({ certificatePem, caPem }: { certificatePem: string; caPem: string }) {
  return {
    notAfter: new X509Certificate(certificatePem).validToDate.toISOString(),
    renewalAt: toIsoInstant(renewalDue(certificatePem)),
    authorityFingerprint: authorityFingerprint(caPem),
  }
}

function notEnrolledYet(): IdentityError {
  return new IdentityError('not-enrolled', 'permanent', {
    message: 'this box has joined no hub yet',
    effect: 'studies are received and scored; nothing is synchronised, and no update arrives',
    nextStep: 'have a code made at the hub’s fleet page, and enter it here',
  })
}

function problemOf({ code, message, nextStep }: CodedError<string>): NonNullable<Problem> {
  return { code, message: message.slice(0, 400), nextStep: nextStep.slice(0, 400) }
}
