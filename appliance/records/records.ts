import { chmodSync } from 'node:fs'
import { type FeedBook, SqliteFeedBook } from '@leadglass/sync-agent/audit-log'
import { openDatabase } from '@leadglass/sync-agent/foundation/database'
import type { Database } from 'better-sqlite3'
import { ActivationRecords } from './activation-records.ts'
import { AuditDetailRecords } from './audit-detail-records.ts'
import { BackfillRecords } from './backfill-records.ts'
import { BreachRecords } from './breach-records.ts'
import { ConfirmationRecords } from './confirmation-records.ts'
import { CorrectionRecords } from './correction-records.ts'
import { DeliveryRecords } from './delivery-records.ts'
import { DeploymentRecords } from './deployment-records.ts'
import { DesiredRecords } from './desired-records.ts'
import { EgressRecords } from './egress-records.ts'
import { EvidenceRecords } from './evidence-records.ts'
import { ExplanationRecords } from './explanation-records.ts'
import { HaltRecords } from './halt-records.ts'
import { HeldEgressRecords } from './held-egress-records.ts'
import { IntakeRecords } from './intake-records.ts'
import { KeyRecords } from './key-records.ts'
import { LeakRecords } from './leak-records.ts'
import { MIGRATIONS } from './migrations/index.ts'
import { ModelRecords } from './model-records.ts'
import { PeopleRecords } from './people-records.ts'
import { PixelPrintRecords } from './pixel-print-records.ts'
import { PixelRecords } from './pixel-records.ts'
import { PriorRecords } from './prior-records.ts'
import { RadiomicRecords } from './radiomic-records.ts'
import { ResultRecords } from './result-records.ts'
import { RetentionRecords } from './retention-records.ts'
import { RevisionRecords } from './revision-records.ts'
import { RuleRecords } from './rule-records.ts'
import { ScoringTokenRecords } from './scoring-token-records.ts'
import { SettingsRecords } from './settings-records.ts'
import { StudyRecords } from './study-records.ts'
import { SyncRecords } from './sync-records.ts'
import { VaultRecords } from './vault-records.ts'

/** The appliance's one database, opened. One process writes it. */
export interface Records {
  readonly database: Database
  readonly intake: IntakeRecords
  readonly revisions: RevisionRecords
  readonly results: ResultRecords
  readonly deliveries: DeliveryRecords
  readonly studies: StudyRecords
  readonly egress: EgressRecords
  readonly heldEgress: HeldEgressRecords
  readonly sync: SyncRecords
  readonly vault: VaultRecords
  readonly leaks: LeakRecords
  readonly feeds: FeedBook
  readonly details: AuditDetailRecords
  readonly breaches: BreachRecords
  readonly models: ModelRecords
  readonly deployments: DeploymentRecords
  readonly activations: ActivationRecords
  readonly halts: HaltRecords
  readonly desired: DesiredRecords
  readonly people: PeopleRecords
  readonly rules: RuleRecords
  readonly retention: RetentionRecords
  readonly settings: SettingsRecords
  readonly confirmations: ConfirmationRecords
  readonly evidence: EvidenceRecords
  readonly priors: PriorRecords
  readonly pixels: PixelRecords
  readonly keys: KeyRecords
  readonly prints: PixelPrintRecords
  readonly radiomics: RadiomicRecords
  readonly corrections: CorrectionRecords
  readonly explanations: ExplanationRecords
  readonly backfills: BackfillRecords
  readonly scoringTokens: ScoringTokenRecords
  /** Runs `work` in one transaction (BEGIN IMMEDIATE): all of it is on disk when this returns, or none of it. */
  transaction<T>(work: () => T): T
  close(): void
}

/**
 * Opens (and creates) the encrypted database.
 * @param key 32 bytes.
 * @throws when the key is wrong or the file was written by a newer program.
 */
export function openRecords(path: string, key: Uint8Array): Records {
  if (key.byteLength !== 32) throw new RangeError('the database key must be 32 bytes')
  const database = openDatabase({ path, key, migrations: MIGRATIONS })
  chmodSync(path, 0o600)
  return {
    database,
    intake: new IntakeRecords(database),
    revisions: new RevisionRecords(database),
    results: new ResultRecords(database),
    deliveries: new DeliveryRecords(database),
    studies: new StudyRecords(database),
    egress: new EgressRecords(database),
    heldEgress: new HeldEgressRecords(database),
    sync: new SyncRecords(database),
    vault: new VaultRecords(database),
    leaks: new LeakRecords(database),
    feeds: new SqliteFeedBook(database),
    details: new AuditDetailRecords(database),
    breaches: new BreachRecords(database),
    models: new ModelRecords(database),
    deployments: new DeploymentRecords(database),
    activations: new ActivationRecords(database),
    halts: new HaltRecords(database),
    desired: new DesiredRecords(database),
    people: new PeopleRecords(database),
    rules: new RuleRecords(database),
    retention: new RetentionRecords(database),
    settings: new SettingsRecords(database),
    confirmations: new ConfirmationRecords(database),
    evidence: new EvidenceRecords(database),
    priors: new PriorRecords(database),
    pixels: new PixelRecords(database),
    keys: new KeyRecords(database),
    prints: new PixelPrintRecords(database),
    radiomics: new RadiomicRecords(database),
    corrections: new CorrectionRecords(database),
    explanations: new ExplanationRecords(database),
    backfills: new BackfillRecords(database),
    scoringTokens: new ScoringTokenRecords(database),
    transaction: (work) => database.transaction(work).immediate(),
    close: () => {
      database.close()
    },
  }
}
