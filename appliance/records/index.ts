export type { EgressRecords, KeptCheckpoint, ListedEnvelope, StoredEnvelope, StreamCounter } from './egress-records.ts'
export type { Arrival, IntakeRecords, Registration, StudyIdentity } from './intake-records.ts'
export type { ModelRecords, ModelRow, RefusedKit } from './model-records.ts'
export type { Account, PeopleRecords, SessionRow } from './people-records.ts'
export { openRecords, type Records } from './records.ts'
export type { DeadDelivery, DueDelivery, ReportRow, ResultRecords, ResultRow, ScoreRow } from './result-records.ts'
export type {
  OpenWork,
  ReceivingRevision,
  RevisionInstance,
  RevisionRecords,
  WaitingRevision,
} from './revision-records.ts'
export type * from './study-records.ts'
export * from './vocabulary.ts'
