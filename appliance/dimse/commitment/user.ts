import { type Clock, isCodedError, type Logger, type Randomness, type Service } from '@leadglass/sync-agent/foundation'
import { DimseError } from '../errors.ts'
import { STATUS } from '../message/commands.ts'
import type { CommitmentReport, CommitmentReportService, InstanceReference, MessageRefusal } from '../ports.ts'
import type { RequestedAssociation } from '../requester/association.ts'
import { refusedError } from '../requester/find.ts'
import type { Destination } from '../requester/options.ts'
import type { AssociationRequester } from '../requester/requester.ts'
import { uuidDerivedUid } from '../uuid.ts'
import { MAX_REFERENCES } from './data-sets.ts'
import { openForRequest, requestOn, serveEventReports } from './messages.ts'
import { outcomesOf } from './rules.ts'
import type { CommitmentStore, OwnRequest, RequestSettlement, SettledRequest } from './store.ts'

export interface CommitmentUserLimits {
  /** How long a peer has for its report, in milliseconds. */
  readonly reportTimeoutMs: number
  /** How long the association stays open for a report on it, in milliseconds. */
  readonly holdOpenMs: number
  /** How often expired requests are looked for, in milliseconds. */
  readonly pollMs: number
}

export const DEFAULT_USER_LIMITS: CommitmentUserLimits = {
  reportTimeoutMs: 86_400_000,
  holdOpenMs: 2000,
  pollMs: 1000,
}

export interface CommitmentUserParts {
  readonly store: CommitmentStore
  readonly requester: AssociationRequester
  /**
   * Told once a request is over, at least once, also after a restart. The request counts as noted when the promise
   * settles; a rejection means that it is told again.
   */
  readonly onSettled: (request: SettledRequest) => void | Promise<void>
  readonly clock: Clock
  readonly randomness: Randomness
  readonly logger: Logger
  readonly limits?: Partial<CommitmentUserLimits>
}

const AT_A_TIME = 20

/**
 * SCU of the Storage Commitment Push Model (PS3.4 annex J): asks peers to take responsibility for what we sent, and
 * waits for their word, on the same association, on our listener, and over restarts.
 */
export class CommitmentUser implements CommitmentReportService, Service {
  readonly #parts: CommitmentUserParts
  readonly #limits: CommitmentUserLimits
  readonly #waiting = new Map<string, () => void>()
  readonly #open = new Set<RequestedAssociation>()
  #timer: NodeJS.Timeout | undefined
  #working: Promise<void> | undefined

  constructor(parts: CommitmentUserParts) {
    this.#parts = parts
    this.#limits = { ...DEFAULT_USER_LIMITS, ...parts.limits }
  }

  async start(): Promise<void> {
    this.#timer = setInterval(() => void this.wake(), this.#limits.pollMs)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    this.#timer = undefined
    for (const reported of this.#waiting.values()) reported()
    await Promise.all([...this.#open].map((association) => association.release()))
    await this.#working
  }

  /**
   * Asks a peer to commit to instances that it accepted. The request is on disk before it is sent, because the report
   * may come before the answer. How it ends is told to `onSettled`.
   * @param name the caller's name for the peer, given back with the outcome.
   * @param reportTimeoutMs how long the peer has for its report, instead of `limits.reportTimeoutMs`.
   * @returns the transaction UID once the peer has accepted the request; the report comes later.
   * @throws DimseError when the peer was not reached, and nothing is kept; when it refused the request, which is then
   * settled as `not-accepted`; or when its answer did not come: the request stays open until its time-out.
   */
  async requestCommitment(
    name: string,
    destination: Destination,
    instances: readonly InstanceReference[],
    reportTimeoutMs = this.#limits.reportTimeoutMs,
  ): Promise<{ readonly transactionUid: string }> {
    if (instances.length === 0 || instances.length > MAX_REFERENCES)
      throw new DimseError('invalid-argument', `a request for commitment names 1 to ${MAX_REFERENCES} instances`)
    const { store, clock, randomness, requester } = this.#parts
    const transactionUid = uuidDerivedUid(randomness)
    const requestedAt = clock.now()
    const request: Omit<OwnRequest, 'requestId'> = {
      transactionUid,
      destination: name,
      requestedAt,
      expiresAt: requestedAt + reportTimeoutMs,
      instances,
    }
    const association = await openForRequest(requester, destination)
    const requestId = store.addRequest(request)
    const reported = Promise.withResolvers<void>()
    this.#waiting.set(transactionUid, reported.resolve)
    this.#open.add(association)
    let held = false
    try {
      serveEventReports(association, (report) => this.#settleFrom(report))
      const status = await requestOn(association, transactionUid, instances)
      if (status !== STATUS.success) throw refusedError('request for commitment', status, '')
      held = true
      void this.#holdOpen(association, transactionUid, reported.promise)
      return { transactionUid }
    } catch (error) {
      // What may have reached the peer is left open: its report may still come.
      if (!(error instanceof DimseError && error.failureClass === 'ambiguous'))
        this.#settle({ ...request, requestId }, 'not-accepted', { committed: [], failed: [] })
      throw error
    } finally {
      if (!held) await this.#close(association, transactionUid)
    }
  }

  async reported(report: CommitmentReport): Promise<'accepted' | MessageRefusal> {
    return this.#settleFrom(report)
  }

  /** Looks now for requests that are over or expired. Settles when those are dealt with. */
  wake(): Promise<void> {
    this.#working ??= this.#work()
      .catch((error: unknown) => {
        this.#parts.logger.error('dimse.commitment.failed', { code: isCodedError(error) ? error.code : 'unexpected' })
      })
      .finally(() => {
        this.#working = undefined
      })
    return this.#working
  }

  async #work(): Promise<void> {
    const { store, clock, onSettled } = this.#parts
    for (const expired of store.expiredRequests(clock.now(), AT_A_TIME))
      this.#settle(expired, 'timed-out', { committed: [], failed: [] })
    for (const settled of store.unnoticedRequests(AT_A_TIME)) {
      await onSettled(settled)
      store.noteRequest(settled.requestId)
    }
  }

  /**
   * A transaction UID of ours holds 122 random bits, so that knowing it is what entitles to report: some archives
   * report under another AE title than the one they were asked under.
   */
  async #settleFrom(report: CommitmentReport): Promise<'accepted' | MessageRefusal> {
    const { store } = this.#parts
    const request = store.openRequestOf(report.transactionUid)
    if (request !== undefined) this.#settle(request, 'answered', report)
    else if (!store.isSettledRequest(report.transactionUid))
      return { kind: 'refused', status: STATUS.invalidArgumentValue, comment: 'transaction UID is not known here' }
    this.#waiting.get(report.transactionUid)?.()
    void this.wake()
    return 'accepted'
  }

  #settle(request: OwnRequest, how: RequestSettlement, report: Pick<CommitmentReport, 'committed' | 'failed'>): void {
    const { store, clock, logger } = this.#parts
    store.settleRequest(request.requestId, how, outcomesOf(request.instances, report), clock.now())
    logger.info('dimse.commitment.settled', {
      how,
      instances: request.instances.length,
      committed: report.committed.length,
      failed: report.failed.length,
    })
  }

  async #holdOpen(association: RequestedAssociation, transactionUid: string, reported: Promise<void>): Promise<void> {
    const late = Promise.withResolvers<void>()
    const timer = setTimeout(late.resolve, this.#limits.holdOpenMs)
    await Promise.race([reported, late.promise, association.closed])
    clearTimeout(timer)
    // The answer to the report goes out before the release.
    await new Promise((resolve) => setImmediate(resolve))
    await this.#close(association, transactionUid)
  }

  async #close(association: RequestedAssociation, transactionUid: string): Promise<void> {
    this.#waiting.delete(transactionUid)
    await association.release()
    this.#open.delete(association)
  }
}
