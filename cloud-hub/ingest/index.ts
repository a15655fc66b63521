export { AlarmBook } from './alarms.ts'
export { Broker, type BrokerOptions } from './broker.ts'
export { type CarriedKit, CarriedKitError, CarriedKits } from './carried-kits.ts'
export {
  authorityFingerprint,
  CertificateAuthority,
  type Credential,
  certificateEnd,
  requestedKeyDigest,
} from './certificate-authority.ts'
export { CertificateChain } from './certificate-chain.ts'
export type { ConnectionGate, EnrolmentDoorPort, GateAnswer, ShownCertificate } from './connection-gate.ts'
export { type DeviceIdentity, Enrolment } from './enrolment.ts'
export { type ComparedEpoch, EpochBook } from './epoch-book.ts'
export { EpochRootCache } from './epoch-root-cache.ts'
export { type DamagedEffect, type EpochRoot, epochRoots } from './epoch-roots.ts'
export { BrokerError, type EnrolmentCode, EnrolmentError, PayloadError } from './errors.ts'
export { Inbox } from './inbox.ts'
export type { BatchResult, InboxStore } from './inbox-store.ts'
export { IngestClient, type IngestClientOptions } from './ingest-client.ts'
export { INGEST_COMMON_NAME, UNKNOWN_DEVICE } from './names.ts'
export { type ParsedBatch, parsePayload } from './payload.ts'
export { admittedPeer } from './peer-admission.ts'
export { IngestPipeline } from './pipeline.ts'
export { INGEST_SCHEMA } from './schema.ts'
export type { SiteAuditPort } from './site-audit-port.ts'
export { UploadDesk } from './upload-desk.ts'
