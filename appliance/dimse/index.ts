export type { Proposal, RoomRule } from './acceptor/admission.ts'
export { DicomPort, type DicomPortParts, type DicomPortPlan } from './acceptor/dicom-port.ts'
export { type AcceptancePolicy, DEFAULT_ACCEPTANCE } from './acceptor/negotiation.ts'
export { rejectionFor } from './acceptor/rejection.ts'
export { DEFAULT_LIMITS, DimseServer, type DimseServerLimits, type DimseServerOptions } from './acceptor/server.ts'
export { MAX_REFERENCES } from './commitment/data-sets.ts'
export {
  CommitmentProvider,
  type CommitmentProviderLimits,
  type CommitmentProviderParts,
  DEFAULT_PROVIDER_LIMITS,
  type InstanceHoldings,
  type RequesterDirectory,
} from './commitment/provider.ts'
export { FAILURE_REASON, type Holding, type InstanceOutcome } from './commitment/rules.ts'
export { COMMITMENT_SCHEMA_SQL } from './commitment/schema.ts'
export { SqliteCommitmentStore } from './commitment/sqlite-store.ts'
export type { CommitmentStore, OwedReport, OwnRequest, SettledRequest } from './commitment/store.ts'
export {
  CommitmentUser,
  type CommitmentUserLimits,
  type CommitmentUserParts,
  DEFAULT_USER_LIMITS,
} from './commitment/user.ts'
export { DimseError, type DimseErrorCode } from './errors.ts'
export { isAeTitle } from './facts/ae-title.ts'
export { STORAGE_SOP_CLASSES } from './facts/storage-sop-classes.ts'
export { TRANSFER_SYNTAXES } from './facts/transfer-syntaxes.ts'
export {
  IMPLEMENTATION_CLASS_UID,
  IMPLEMENTATION_VERSION_NAME,
  INSTANCE_AVAILABILITY,
  isStandardTransferSyntax,
  isStorageSopClass,
  PROCEDURE_STEP,
  STORAGE_COMMITMENT_PUSH_MODEL,
  STUDY_ROOT,
  VERIFICATION,
} from './facts/uids.ts'
export { encodeFileMeta, type FileMeta, type Part10Instance, parseFileMeta, splitPart10 } from './part10.ts'
export type {
  AssociationEnd,
  AssociationFacts,
  AvailabilityNotification,
  AvailabilityService,
  CallerDecision,
  CallerPolicy,
  CommitmentReport,
  CommitmentReportService,
  CommitmentRequest,
  CommitmentService,
  FailedReference,
  InstanceFacts,
  InstanceReference,
  InstanceSink,
  MessageRefusal,
  NetworkServices,
  NewProcedureStep,
  ProcedureStepChange,
  ProcedureStepService,
  QueryLevel,
  QueryMatch,
  QueryService,
  RejectionCause,
  ReportChannel,
  StorageService,
  StoreOutcome,
  StoreRefusal,
  StudyQuery,
} from './ports.ts'
export {
  type ProcedureStepParts,
  ProcedureStepProvider,
  type ProcedureStepStore,
} from './procedure-step/provider.ts'
export { findPriors } from './query/find-priors.ts'
export type { HeldInstance, HeldSeries, HeldStudy, StudyFinder, StudyNarrowing } from './query/held.ts'
export { identifierOf, KEY, type QueryKeys } from './query/identifiers.ts'
export { type CurrentStudy, choosePriors, type PriorCandidate, type PriorRule, priorQuery } from './query/priors.ts'
export { QUERY_INDEX_SQL, SqliteStudyFinder } from './query/sqlite-study-finder.ts'
export { MAX_LOOKED_AT, RETURNED_COUNTS, StudyQueryService, SUPPORTED_KEYS } from './query/study-query-service.ts'
export type { RequestedAssociation, StoreArguments, UsableContext } from './requester/association.ts'
export type { FindBounds, FindEnd } from './requester/find.ts'
export {
  type AssociationOptions,
  type ContextProposal,
  DEFAULT_TIMEOUTS,
  type Destination,
  type RequesterTimeouts,
} from './requester/options.ts'
export type { GetOptions, StudyInstanceCount } from './requester/query-retrieve.ts'
export { DEFAULT_GET_CLASSES } from './requester/query-retrieve.ts'
export { AssociationRequester } from './requester/requester.ts'
export type { RetrieveOptions, RetrieveOutcome, SubOperations } from './requester/retrieve.ts'
export type { InstanceResult, OutgoingInstance } from './requester/send-instances.ts'
export type { Response } from './requester/session.ts'
export { classifyStoreStatus } from './requester/store-status.ts'
export { type AcceptorTls, type RequesterTls, TLS_PROFILE, type TlsIdentity } from './tls.ts'
