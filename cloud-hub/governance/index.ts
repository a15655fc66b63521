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
export { type KeyFileCode, KeyFileError } from './errors.ts'
export { type Approver, GovernanceRepository, type Proposal, type RecordedSignature } from './repository.ts'
export { GOVERNANCE_SCHEMA } from './schema.ts'
export { generateSigningKey, openSealedKey, publicKeyOf, type ScryptCost, sealedKey, sealKey } from './sealed-key.ts'
export {
  type DsseEnvelope,
  dsseEnvelope,
  type ElectronicSignature,
  electronicSignature,
  type SignedApproval,
  type SigningSubject,
  signApproval,
  verifyApproval,
} from './signing.ts'
