export type { ActionCode } from './cleaner.ts'
export {
  APPLIED_METHODS,
  Deidentifier,
  type DeidentifyOutcome,
  type DeidentifyProfile,
  type DeidentifyReason,
} from './deidentifier.ts'
export { identifiersOf, type StudyIdentifiers } from './identifiers.ts'
export {
  dateOffsetDays,
  deriveSiteKeys,
  type PatientIdentity,
  pseudonymOfPatient,
  pseudonymOfPerson,
  pseudonymOfStudy,
  pseudonymOfUid,
  type SiteKeys,
} from './keys.ts'
export type { PixelRisk } from './pixel-risk.ts'
export { PROFILE_EDITION } from './table/index.ts'
export {
  EgressVerifier,
  type VerifierErrorCode,
  type VerifierOutcome,
  type VerifierPlace,
  type VerifierRule,
} from './verifier/egress-verifier.ts'
