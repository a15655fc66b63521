export {
  type ApproverKey,
  ed25519Bytes,
  type KeyContent,
  keyIdOf,
  keyIdOfKey,
  readApproverKey,
  readOfficerKey,
  SAFETY_OFFICER_ROLE,
} from './approver-keys.ts'
export { type AttackCode, attackCode, type Refusal, UpdateRefusedError, UpdateStorageError } from './attacks.ts'
export { findDelegationFault } from './delegation-policy.ts'
export { type DsseEnvelope, dsseEnvelope, preAuthEncoding, STATEMENT_TYPE } from './dsse.ts'
export { type BlobStream, type FetchCode, FetchError, type RepositoryFetcher } from './fetcher.ts'
export { FileHighWaterMarks } from './file-high-water-marks.ts'
export { FolderFetcher } from './folder-fetcher.ts'
export {
  type HighWaterMarks,
  type HighWaterMarksState,
  highWaterMarksState,
  mergeMarks,
  NO_MARKS,
} from './high-water-marks.ts'
export { HttpFetcher, type HttpFetcherOptions } from './http-fetcher.ts'
export { manifestTargetPath } from './kit-layout.ts'
export { type DeliveredManifest, deliveredManifest, type PackageFile, packageFile, readManifest } from './manifest.ts'
export type { RefusedOutcome, UnreachableOutcome, UpdateOutcome, VerifiedOutcome, VerifiedRelease } from './outcome.ts'
export {
  type Approval,
  type ApprovalInput,
  type ApprovalOutcome,
  checkApprovals,
  checkRelease,
  findMissingApproval,
  signersOf,
} from './policy.ts'
export type { PolicyFinding } from './policy-finding.ts'
export { type RecallBook, readRecalls } from './recall-list.ts'
export type { CheckOptions } from './repository-check.ts'
export { checkSiteApproval, type SiteApprovalOutcome, siteApprovalOf, siteApprovalStatement } from './site-approval.ts'
export { ISSUED_AT, type MetadataVersions } from './trusted-metadata.ts'
export { UpdateClient, type UpdateClientOptions } from './update-client.ts'
export { kitRevision, rehearseKit, type VerifyKitOptions, verifyKit } from './verify-kit.ts'
