export { type AcceptancePolicy, DEFAULT_ACCEPTANCE } from './acceptor/negotiation.ts'
export { DEFAULT_LIMITS, DimseServer, type DimseServerLimits, type DimseServerOptions } from './acceptor/server.ts'
export { DimseError, type DimseErrorCode } from './errors.ts'
export { isAeTitle } from './facts/ae-title.ts'
export {
  IMPLEMENTATION_CLASS_UID,
  IMPLEMENTATION_VERSION_NAME,
  isStandardTransferSyntax,
  isStorageSopClass,
} from './facts/uids.ts'
export { encodeFileMeta, type FileMeta, type Part10Instance, parseFileMeta, splitPart10 } from './part10.ts'
export type {
  AssociationEnd,
  AssociationFacts,
  CallerDecision,
  CallerPolicy,
  InstanceFacts,
  InstanceSink,
  RejectionCause,
  StorageService,
  StoreOutcome,
  StoreRefusal,
} from './ports.ts'
export type { RequestedAssociation, StoreArguments, UsableContext } from './requester/association.ts'
export {
  type AssociationOptions,
  type ContextProposal,
  DEFAULT_TIMEOUTS,
  type Destination,
  type RequesterTimeouts,
} from './requester/options.ts'
export { AssociationRequester } from './requester/requester.ts'
export type { InstanceResult, OutgoingInstance } from './requester/send-instances.ts'
export type { Response } from './requester/session.ts'
export { classifyStoreStatus } from './requester/store-status.ts'
export type { AcceptorTls, RequesterTls, TlsIdentity } from './tls.ts'
