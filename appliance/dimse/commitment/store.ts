import type { InstanceReference } from '../ports.ts'
import type { InstanceOutcome } from './rules.ts'

/** A request for commitment that was accepted: its report is owed until it is settled. */
export interface OwedReport {
  readonly reportId: number
  readonly transactionUid: string
  readonly requesterAeTitle: string
  /** Where the request came from: the host to report to unless the site's settings name another. */
  readonly requesterAddress: string
  /** Our title, as it was called. */
  readonly calledAeTitle: string
  /** The association on which the request came, should it still be open. */
  readonly associationId: string
  /** True for a transaction UID that was in use: every instance is reported with 0131H. */
  readonly duplicate: boolean
  readonly attempts: number
  readonly requestedAt: number
  readonly nextAttemptAt: number
  readonly instances: readonly InstanceReference[]
}

/** How an owed report came to its end. */
export type ReportSettlement = 'reported' | 'refused' | 'abandoned'

/** A request of ours that is out at a peer. */
export interface OwnRequest {
  readonly requestId: number
  readonly transactionUid: string
  /** The caller's name for the peer, such as a destination of the settings. */
  readonly destination: string
  readonly requestedAt: number
  readonly expiresAt: number
  readonly instances: readonly InstanceReference[]
}

/** A request of ours that is over. `outcomes` are in the order of `instances`. */
export interface SettledRequest extends OwnRequest {
  readonly how: RequestSettlement
  readonly outcomes: readonly InstanceOutcome[]
}

/** `answered`: a report came; `timed-out`: none did; `not-accepted`: the peer refused the request itself. */
export type RequestSettlement = 'answered' | 'timed-out' | 'not-accepted'

/** Keeps what storage commitment owes and awaits. What a method did is on disk when it returns. */
export interface CommitmentStore {
  addReport(report: Omit<OwedReport, 'reportId' | 'attempts'>): number
  /** The unsettled report with this transaction UID that is no duplicate itself. */
  owedReportOf(transactionUid: string): OwedReport | undefined
  /** Unsettled reports whose next attempt is due, oldest first. */
  dueReports(now: number, limit: number): readonly OwedReport[]
  countOwedReports(): number
  postponeReport(reportId: number, nextAttemptAt: number): void
  settleReport(reportId: number, how: ReportSettlement, at: number): void

  addRequest(request: Omit<OwnRequest, 'requestId'>): number
  /** A request of ours that is still open, by its transaction UID. */
  openRequestOf(transactionUid: string): OwnRequest | undefined
  /** True for a transaction of ours that is over: a peer may report twice. */
  isSettledRequest(transactionUid: string): boolean
  settleRequest(requestId: number, how: RequestSettlement, outcomes: readonly InstanceOutcome[], at: number): void
  expiredRequests(now: number, limit: number): readonly OwnRequest[]
  /** Settled requests that their owner has not taken note of yet, oldest first. */
  unnoticedRequests(limit: number): readonly SettledRequest[]
  noteRequest(requestId: number): void
}
