import type { DataSet } from '../imaging/dataset/index.ts'

/** Who is on the other end of an association, as told by the transport and by A-ASSOCIATE-RQ (PS3.8 9.3.2). */
export interface AssociationFacts {
  /** Ours, a random UUID: for logs, audit and journals. */
  associationId: string
  calledAeTitle: string
  callingAeTitle: string
  remoteAddress: string
  remotePort: number
  implementationClassUid: string
  implementationVersionName: string
  tls: boolean
  /** Subject of the verified client certificate, most specific part first (`CN=ct-1,O=Hospital`), or `null`. */
  certificateSubject: string | null
  /** SHA-256 over the DER form of that certificate, 64 lower-case hexadecimal digits, or `null`. */
  certificateSha256: string | null
}

/** Why a caller may not come in. Each maps to one result, source and reason of PS3.8 9.3.4. */
export type RejectionCause = 'called-ae-title' | 'calling-ae-title' | 'address' | 'certificate' | 'limit' | 'busy'

/** The decision about a caller. `transient` tells the caller whether trying again later makes sense. */
export type CallerDecision = { kind: 'accepted' } | { kind: 'rejected'; why: RejectionCause; transient: boolean }

/** Who may call. Asked once per association request, before any presentation context is looked at. */
export interface CallerPolicy {
  decide(facts: AssociationFacts): CallerDecision
}

/** What a C-STORE-RQ says about the data set that follows (PS3.7 9.3.1.1). UIDs are valid in form, nothing else is checked. */
export interface InstanceFacts {
  association: AssociationFacts
  sopClassUid: string
  sopInstanceUid: string
  transferSyntaxUid: string
  moveOriginator: { aeTitle: string; messageId: number } | null
}

/** What became of an instance. `status` is a failure status of PS3.4 B.2.3 (0xA700, 0xA900, 0xC000...); `comment` at most 64 characters and no PHI: it goes to the sender. */
export type StoreOutcome = { kind: 'stored' } | StoreRefusal
export interface StoreRefusal {
  kind: 'refused'
  status: number
  comment: string
  /** Error ID (0000,0903), where the service defines one. */
  errorId?: number
}

/**
 * Takes one data set. Calls never overlap: `write` any number of times, then either `commit` or `discard`, once.
 * A rejected promise (or a thrown error) is answered with 0xA700 and followed by `discard`, except after `commit`.
 */
export interface InstanceSink {
  /**
   * Set it when `write` is done with a fragment by the time it returns or its promise settles (written to a file,
   * encrypted, digested). The memory is then taken back at once, which halves the processor time of reception.
   * Without it a fragment is the sink's to keep.
   */
  readonly borrowsFragments?: true
  /**
   * The next bytes of the data set, a view into what the socket read.
   * A returned promise holds the sender back until it settles.
   */
  write(fragment: Uint8Array): void | Promise<void>
  /** All bytes have come. Resolve with `stored` only when they are where power loss cannot take them. */
  commit(): Promise<StoreOutcome>
  /** The rest will not come: forget what was written. */
  discard(): Promise<void>
}

/** How an association ended, seen from here. */
export type AssociationEnd = 'released' | 'aborted' | 'connection-lost' | 'timed-out'

/** Where received instances go. */
export interface StorageService {
  begin(facts: InstanceFacts): InstanceSink | StoreRefusal | Promise<InstanceSink | StoreRefusal>
  associationAccepted(facts: AssociationFacts): void
  /** `why` is `protocol` where the request itself was against PS3.8; the policy was then not asked. */
  associationRejected(facts: AssociationFacts, why: RejectionCause | 'protocol'): void
  /** Called once for every accepted association, after its last instance is committed or discarded. */
  associationEnded(
    facts: AssociationFacts,
    how: AssociationEnd,
    counts: { stored: number; refused: number; echoed?: number },
  ): void
}

/** One SOP instance by its two UIDs (PS3.3 10.8). */
export interface InstanceReference {
  readonly sopClassUid: string
  readonly sopInstanceUid: string
}

/** An instance that was not committed, with the Failure Reason (0008,1197) of PS3.3 C.14.1.1. */
export interface FailedReference extends InstanceReference {
  readonly failureReason: number
}

/** What an N-ACTION of the Storage Commitment Push Model asks for (PS3.4 table J.3-1). UIDs are valid in form. */
export interface CommitmentRequest {
  readonly association: AssociationFacts
  readonly transactionUid: string
  readonly instances: readonly InstanceReference[]
}

/** What an N-EVENT-REPORT tells about a transaction (PS3.4 table J.3-2). */
export interface CommitmentReport {
  readonly transactionUid: string
  readonly committed: readonly InstanceReference[]
  readonly failed: readonly FailedReference[]
}

/** A status of PS3.7 annex C with a comment that goes to the peer: no PHI, at most 64 characters. */
export type MessageRefusal = StoreRefusal

/** The way back to a requester on the association on which its request came. */
export interface ReportChannel {
  readonly open: boolean
  /** Sends one N-EVENT-REPORT and waits for the answer. @throws DimseError when there is none. */
  report(report: CommitmentReport): Promise<{ readonly status: number }>
}

/** Storage commitment as SCP. */
export interface CommitmentService {
  /** Resolve with `accepted` only when the request is where power loss cannot take it: a report is then owed. */
  request(request: CommitmentRequest, channel: ReportChannel): Promise<'accepted' | MessageRefusal>
}

/** Storage commitment as SCU: takes the reports that peers send us. */
export interface CommitmentReportService {
  /** Resolve with `accepted` only when the report is kept. */
  reported(report: CommitmentReport, from: AssociationFacts): Promise<'accepted' | MessageRefusal>
}

/** Levels of the study root information model (PS3.4 C.6.2). */
export type QueryLevel = 'STUDY' | 'SERIES' | 'IMAGE'

/** A C-FIND of a caller: the identifier as it came, without having been looked at. */
export interface StudyQuery {
  readonly association: AssociationFacts
  readonly identifier: DataSet
}

/** What a query yields: identifiers to send as pending responses, or why there will be no more (PS3.4 table C.4-1). */
export type QueryMatch =
  | {
      readonly kind: 'match'
      readonly identifier: DataSet
      /** True when a key was asked for that is not supported: the match goes out with FF01H. */
      readonly optionalKeysIgnored: boolean
    }
  | MessageRefusal

/** Query as SCP. */
export interface QueryService {
  find(query: StudyQuery): Iterable<QueryMatch> | AsyncIterable<QueryMatch>
}

/** A Modality Performed Procedure Step as N-CREATE makes it (PS3.4 F.7.2.1). UIDs are valid in form. */
export interface NewProcedureStep {
  readonly association: AssociationFacts
  readonly sopInstanceUid: string
  /** Of its Scheduled Step Attributes Sequence: studies that the step works on. */
  readonly studyInstanceUids: readonly string[]
}

/** What N-SET changes of a procedure step (PS3.4 F.7.2.2). What is absent stays as it was. */
export interface ProcedureStepChange {
  readonly association: AssociationFacts
  readonly sopInstanceUid: string
  readonly status: 'IN PROGRESS' | 'COMPLETED' | 'DISCONTINUED' | undefined
  /** Every instance of its Performed Series Sequence; `undefined` where the sequence is absent. */
  readonly instances: readonly string[] | undefined
}

/** Modality Performed Procedure Step as SCP. It says `accepted` only when the step is kept. */
export interface ProcedureStepService {
  create(step: NewProcedureStep): 'accepted' | MessageRefusal
  set(change: ProcedureStepChange): 'accepted' | MessageRefusal
}

/** Instances of a study that somebody says can be had (PS3.4 R.3.2). UIDs are valid in form. */
export interface AvailabilityNotification {
  readonly association: AssociationFacts
  readonly studyInstanceUid: string
  readonly instances: readonly string[]
}

/** Instance Availability Notification as SCP. It says `accepted` only when the notification is kept. */
export interface AvailabilityService {
  notify(notification: AvailabilityNotification): 'accepted' | MessageRefusal
}

/** What a listener offers besides Verification and Storage. What is absent is not accepted in negotiation. */
export interface NetworkServices {
  readonly commitment?: CommitmentService
  readonly commitmentReports?: CommitmentReportService
  readonly query?: QueryService
  readonly procedureSteps?: ProcedureStepService | undefined
  readonly availability?: AvailabilityService | undefined
}
