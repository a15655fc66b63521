export type { ActionCode } from './clean-context.ts'
export { Deidentifier, type ProcessedObject } from './deidentifier.ts'
export { isSingleWord } from './descriptors/safe-words.ts'
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
export {
  contradicts,
  DEFAULT_OPTIONS,
  methodsOf,
  type OptionName,
  type PixelOption,
  PROFILE_OPTIONS,
} from './options.ts'
export type {
  DeidentificationReport,
  DeidentifiedFacts,
  DeidentifyOutcome,
  DeidentifyReason,
  QuarantinedObject,
} from './outcome.ts'
export { isPlaceholderId, type SurvivingPatient } from './patient.ts'
export type { PixelRisk } from './pixel-risk.ts'
export { APPLIANCE_PROFILES, NAMED_PROFILES, optionsOfProfile, type ProfileName } from './profiles.ts'
export type { DeidentifyProfile } from './rule-book.ts'
export { deidentifyStream, type StreamedObject } from './stream/streaming-deidentifier.ts'
export { diffProfileTable, type TableDifferences } from './table/diff.ts'
export { PROFILE_EDITION } from './table/index.ts'
export type { SearchedIdentifiers } from './verifier/common-words.ts'
export { EgressVerifier, type ObjectVerification } from './verifier/egress-verifier.ts'
export { type Finding, IdentifierSearch } from './verifier/identifier-search.ts'
export { textsOf } from './verifier/layers.ts'
export type { VerifierErrorCode, VerifierOutcome, VerifierPlace, VerifierRule } from './verifier/outcome.ts'
