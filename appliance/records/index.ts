export type { ActivationRecords, ActivationRow } from './activation-records.ts'
export type { BackfillCount, BackfillJobRow, BackfillRecords, NewBackfillJob } from './backfill-records.ts'
export type { BreachRecords } from './breach-records.ts'
export type { ConfirmationRecords, ConfirmBy, UnconfirmedDelivery } from './confirmation-records.ts'
export type {
  CorrectionRecords,
  CorrectionRow,
  DeliveredReport,
  MergeRow,
  ReceivedStudy,
} from './correction-records.ts'
export type { DeliveryRecords, DeliveryRow, WaitingLongest } from './delivery-records.ts'
export {
  CANDIDATE_ROLES,
  CANDIDATE_STATES,
  type CandidateRole,
  type CandidateRow,
  type CandidateState,
  type DeploymentRecords,
  type DeploymentRow,
  type ModelUseRow,
  type ShadowJobRow,
  type TallyRow,
} from './deployment-records.ts'
export type { DesiredRecords, DesiredStateRow, ReportedStateRow } from './desired-records.ts'
export type { EgressRecords, KeptCheckpoint, ListedEnvelope, StoredEnvelope, StreamCounter } from './egress-records.ts'
export {
  type AskedCount,
  type EvidenceRecords,
  type Named,
  PROCEDURE_STEP_STATUSES,
  type ProcedureStepStatus,
  type RevisionOrigin,
} from './evidence-records.ts'
export type { ExplainedResult, ExplanationRecords, ExplanationRow, NewExplanation } from './explanation-records.ts'
export type { HaltReason, HaltRecords, RecallRow, StopRow } from './halt-records.ts'
export type { HeldBatchRow, HeldEgressRecords, HeldEnvelopeRow, HeldTotals } from './held-egress-records.ts'
export type { Arrival, IntakeRecords, Registration, StudyIdentity } from './intake-records.ts'
export type { KeyRecords, WrappedKey } from './key-records.ts'
export type { LeakAlarmRow, LeakPlace, LeakRecords } from './leak-records.ts'
export type { ModelRecords, ModelRow, RefusedKit } from './model-records.ts'
export type { Account, PeopleRecords, SessionRow } from './people-records.ts'
export type { PixelPrintRecords, PixelPrintRow } from './pixel-print-records.ts'
export type { PixelRecords, PixelReviewRow, PixelReviewState } from './pixel-records.ts'
export type { AskingStudy, DueSearch, PriorInstanceRow, PriorRecords, PriorRow, PriorState } from './prior-records.ts'
export type { RadiomicRecords, RadiomicRow } from './radiomic-records.ts'
export { openRecords, type Records } from './records.ts'
export type {
  DeadDelivery,
  DueDelivery,
  EarlierResult,
  ReportKind,
  ReportRow,
  ResultRecords,
  ResultRow,
  ScoreRow,
} from './result-records.ts'
export type { Candidate, FileToRemove, HoldRow, PurgeRow, RetentionRecords } from './retention-records.ts'
export type {
  OpenWork,
  ReceivingRevision,
  RevisionInstance,
  RevisionRecords,
  WaitingRevision,
} from './revision-records.ts'
export type { PastFactsRow, RouteRow, RuleRecords, RuleVersionRow, UnroutedRevision } from './rule-records.ts'
export type { ScoringTokenRecords, ScoringTokenRow } from './scoring-token-records.ts'
export type { SettingsRecords, SettingsVersion } from './settings-records.ts'
export type * from './study-records.ts'
export type { EpochRow, StatementRow, SyncRecords } from './sync-records.ts'
export type {
  VaultEntryKind,
  VaultEntryRow,
  VaultOpeningRow,
  VaultPersonRow,
  VaultRecords,
  VaultSubject,
} from './vault-records.ts'
export * from './vocabulary.ts'
