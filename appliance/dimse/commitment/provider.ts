import { type Clock, isCodedError, type Logger, type Randomness, type Service } from '@leadglass/sync-agent/foundation'
import { DimseError } from '../errors.ts'
import { STATUS } from '../message/commands.ts'
import type {
  CommitmentReport,
  CommitmentRequest,
  CommitmentService,
  InstanceReference,
  MessageRefusal,
  ReportChannel,
} from '../ports.ts'
import type { Destination } from '../requester/options.ts'
import type { AssociationRequester } from '../requester/requester.ts'
import { sendEventReport } from './messages.ts'
import { FAILURE_REASON, failureReasonOf, type Holding, repetitionOf, reportBackoffMs, reportOf } from './rules.ts'
import type { CommitmentStore, OwedReport } from './store.ts'

/** Tells whether an instance is safe here: its bytes on disk and its row in the journal. A rejection means "ask again later". */
export interface InstanceHoldings {
  holds(sopClassUid: string, sopInstanceUid: string): Promise<Holding>
}

/** Where a requester takes reports when its association is gone; `undefined` while the site has not said so. */
export type RequesterDirectory = (requester: {
  readonly aeTitle: string
  readonly address: string
}) => Destination | undefined

export interface CommitmentProviderLimits {
  /** Between a request and its report, in milliseconds: requesters that want a new association release theirs first. */
  readonly reportDelayMs: number
  /** How often due reports are looked for, in milliseconds. */
  readonly pollMs: number
  /** After so long without an answer from the requester a report is given up, in milliseconds. */
  readonly abandonAfterMs: number
  /** Reports that may be owed at once; the next request is refused with 0213H. */
  readonly maxOwedReports: number
}

export const DEFAULT_PROVIDER_LIMITS: CommitmentProviderLimits = {
  reportDelayMs: 500,
  pollMs: 1000,
  abandonAfterMs: 7 * 86_400_000,
  maxOwedReports: 10_000,
}

export interface CommitmentProviderParts {
  readonly store: CommitmentStore
  readonly holdings: InstanceHoldings
  readonly directory: RequesterDirectory
  readonly requester: AssociationRequester
  readonly clock: Clock
  readonly randomness: Randomness
  readonly logger: Logger
  readonly limits?: Partial<CommitmentProviderLimits>
}

const AT_A_TIME = 20
/** Answers to a report after which it is worth another attempt. */
const PASSING: ReadonlySet<number> = new Set([STATUS.processingFailure, STATUS.resourceLimitation])

/**
 * SCP of the Storage Commitment Push Model (PS3.4 annex J). A request is on disk before it is accepted, and its report
 * is sent, on the same association or a new one, until the requester has answered it: also after a restart.
 */
export class CommitmentProvider implements CommitmentService, Service {
  readonly #parts: CommitmentProviderParts
  readonly #limits: CommitmentProviderLimits
  /** By association id: the way back while the association lasts. */
  readonly #channels = new Map<string, ReportChannel>()
  #timer: NodeJS.Timeout | undefined
  #working: Promise<void> | undefined

  constructor(parts: CommitmentProviderParts) {
    this.#parts = parts
    this.#limits = { ...DEFAULT_PROVIDER_LIMITS, ...parts.limits }
  }

  async start(): Promise<void> {
    this.#timer = setInterval(() => void this.wake(), this.#limits.pollMs)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    this.#timer = undefined
    await this.#working
    this.#channels.clear()
  }

  async request(request: CommitmentRequest, channel: ReportChannel): Promise<'accepted' | MessageRefusal> {
    const { store, clock } = this.#parts
    const { association, transactionUid, instances } = request
    const requesterAeTitle = association.callingAeTitle.trim()
    const repetition = repetitionOf({ requesterAeTitle, instances }, store.owedReportOf(transactionUid))
    if (repetition !== 'same-request') {
      if (store.countOwedReports() >= this.#limits.maxOwedReports)
        return { kind: 'refused', status: STATUS.resourceLimitation, comment: 'too many reports are owed' }
      const now = clock.now()
      store.addReport({
        transactionUid,
        requesterAeTitle,
        requesterAddress: association.remoteAddress,
        calledAeTitle: association.calledAeTitle.trim(),
        associationId: association.associationId,
        duplicate: repetition === 'duplicate-uid',
        requestedAt: now,
        nextAttemptAt: now + this.#limits.reportDelayMs,
        instances,
      })
    }
    this.#channels.set(association.associationId, channel)
    return 'accepted'
  }

  /** Looks now for reports that are due. Settles when those are dealt with. */
  wake(): Promise<void> {
    this.#working ??= this.#work()
      .catch((error: unknown) => {
        this.#parts.logger.error('dimse.commitment.failed', { code: codeOf(error) })
      })
      .finally(() => {
        this.#working = undefined
      })
    return this.#working
  }

  async #work(): Promise<void> {
    for (const [id, channel] of this.#channels) if (!channel.open) this.#channels.delete(id)
    const due = this.#parts.store.dueReports(this.#parts.clock.now(), AT_A_TIME)
    // One requester that is away must not hold up the others.
    await Promise.all(due.map((owed) => this.#settle(owed)))
  }

  async #settle(owed: OwedReport): Promise<void> {
    const { store, clock, randomness, logger } = this.#parts
    try {
      const status = await this.#send(owed, await this.#reportFor(owed))
      if (PASSING.has(status)) throw new DimseError('peer-busy', 'the requester could not take the report now')
      store.settleReport(owed.reportId, status === STATUS.success ? 'reported' : 'refused', clock.now())
      logger.info('dimse.commitment.reported', {
        instances: owed.instances.length,
        status,
        attempts: owed.attempts + 1,
      })
    } catch (error) {
      logger.warn('dimse.commitment.postponed', { code: codeOf(error), attempts: owed.attempts + 1 })
      if (clock.now() - owed.requestedAt >= this.#limits.abandonAfterMs)
        return store.settleReport(owed.reportId, 'abandoned', clock.now())
      const chance = (randomness.bytes(1)[0] ?? 0) / 255
      store.postponeReport(owed.reportId, clock.now() + reportBackoffMs(owed.attempts + 1, chance))
    }
  }

  /** Looked up anew at each attempt: what is told is true when it is told. */
  async #reportFor(owed: OwedReport): Promise<CommitmentReport> {
    const results: { reference: InstanceReference; failureReason: number | undefined }[] = []
    for (const reference of owed.instances) {
      const failureReason = owed.duplicate
        ? FAILURE_REASON.duplicateTransactionUid
        : failureReasonOf(reference, await this.#parts.holdings.holds(reference.sopClassUid, reference.sopInstanceUid))
      results.push({ reference, failureReason })
    }
    return reportOf(owed.transactionUid, results)
  }

  async #send(owed: OwedReport, report: CommitmentReport): Promise<number> {
    const channel = this.#channels.get(owed.associationId)
    if (channel?.open === true) {
      try {
        return (await channel.report(report)).status
      } catch (error) {
        this.#parts.logger.info('dimse.commitment.same-association-failed', { code: codeOf(error) })
      }
    }
    const destination = this.#parts.directory({ aeTitle: owed.requesterAeTitle, address: owed.requesterAddress })
    if (destination === undefined)
      throw new DimseError('association-closed', 'the requester is gone and no address of it is configured')
    return sendEventReport(this.#parts.requester, { ...destination, callingAeTitle: owed.calledAeTitle }, report)
  }
}

function codeOf(error: unknown): string {
  return isCodedError(error) ? error.code : 'unexpected'
}
