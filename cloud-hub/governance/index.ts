export { type DsseEnvelope, dsseEnvelope } from '@leadglass/sync-agent/updates'
export {
  type Act,
  type ActOutcome,
  type ActRefusal,
  type ApprovalState,
  approvalState,
  type Closing,
  mayAct,
  type ProposalFacts,
} from './approval.ts'
export { type ApprovalNote, ApprovalNotes } from './approval-notes.ts'
export {
  type ApproverKeyFile,
  approverKeyFile,
  approverTufKey,
  createApproverKey,
  type NewApprover,
  type OpenApproverKey,
  openApproverKey,
  type PublicApprover,
  readApproverKeyFile,
  signWith,
  tufKey,
} from './approver-key.ts'
export { DEADLINE_EVERY_MS, DeadlineWatch } from './deadline-watch.ts'
export { type KeyFileCode, KeyFileError, type TokenCode, TokenError } from './errors.ts'
export { KeyBook, type KeyRefusal, type SigningKey, signingKeyKind } from './key-book.ts'
export {
  createTokenKey,
  knownTokenKey,
  openTokenKey,
  readPinFile,
  type TokenKey,
  type TokenSigner,
  tokenKey,
} from './pkcs11.ts'
export { type Approver, GovernanceRepository, type Proposal, type RecordedSignature } from './repository.ts'
export { GOVERNANCE_SCHEMA } from './schema.ts'
export { generateSigningKey, openSealedKey, publicKeyOf, type ScryptCost, sealedKey, sealKey } from './sealed-key.ts'
export {
  type ElectronicSignature,
  ed25519PublicKey,
  electronicSignature,
  type SignedApproval,
  type SigningSubject,
  signApproval,
  signPrepared,
  statementBytes,
  verifyApproval,
} from './signing.ts'
export { SigningAlarms } from './signing-alarms.ts'
export { isPast, type PreparedAct, SigningDesk, type SigningRefusal, signatureCommitment } from './signing-desk.ts'
export { APPROVAL_WORKFLOW_SCHEMA } from './workflow-schema.ts'
