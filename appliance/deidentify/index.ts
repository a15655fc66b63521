export type { ActionCode } from './cleaner.ts'
export {
  APPLIED_METHODS,
  Deidentifier,
  type DeidentifyProfile,
  type ProcessedObject,
} from './deidentifier.ts'
export { fileSource } from './file-source.ts'
export { identifiersOf, isCommonToken, type StudyIdentifiers } from './identifiers.ts'
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
export type { DeidentifiedFacts, DeidentifyOutcome, DeidentifyReason, QuarantinedObject } from './outcome.ts'
export { isPlaceholderId, type SurvivingPatient } from './patient.ts'
export type { PixelRisk } from './pixel-risk.ts'
export { deidentifyStream, type StreamedObject } from './stream/streaming-deidentifier.ts'
export { PROFILE_EDITION } from './table/index.ts'
export {
  EgressVerifier,
  type ObjectVerification,
  type VerifierErrorCode,
  type VerifierOutcome,
  type VerifierPlace,
  type VerifierRule,
} from './verifier/egress-verifier.ts'
