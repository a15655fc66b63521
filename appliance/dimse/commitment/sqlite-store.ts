import type { Database, Statement } from 'better-sqlite3'
import type { InstanceReference } from '../ports.ts'
import type { InstanceOutcome } from './rules.ts'
import type {
  CommitmentStore,
  OwedReport,
  OwnRequest,
  ReportSettlement,
  RequestSettlement,
  SettledRequest,
} from './store.ts'

const REPORT_COLUMNS = `report_id AS reportId, transaction_uid AS transactionUid, requester_ae_title AS requesterAeTitle,
  requester_address AS requesterAddress, called_ae_title AS calledAeTitle, association_id AS associationId, duplicate,
  attempts, requested_at AS requestedAt, next_attempt_at AS nextAttemptAt`
const REQUEST_COLUMNS = `request_id AS requestId, transaction_uid AS transactionUid, destination,
  requested_at AS requestedAt, expires_at AS expiresAt`

export const INSERT_REPORT = `
INSERT INTO commitment_report (transaction_uid, requester_ae_title, requester_address, called_ae_title, association_id,
  duplicate, requested_at, next_attempt_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`
export const INSERT_REPORT_INSTANCE = `
INSERT INTO commitment_report_instance (report_id, ordinal, sop_class_uid, sop_instance_uid) VALUES (?, ?, ?, ?)`
export const SELECT_OWED_REPORT = `
SELECT ${REPORT_COLUMNS} FROM commitment_report WHERE transaction_uid = ? AND settled IS NULL AND duplicate = 0 LIMIT 1`
export const SELECT_DUE_REPORTS = `
SELECT ${REPORT_COLUMNS} FROM commitment_report WHERE settled IS NULL AND next_attempt_at <= ?
ORDER BY next_attempt_at, report_id LIMIT ?`
export const COUNT_OWED_REPORTS = 'SELECT count(*) AS owed FROM commitment_report WHERE settled IS NULL'
export const SELECT_REPORT_INSTANCES = `
SELECT sop_class_uid AS sopClassUid, sop_instance_uid AS sopInstanceUid
FROM commitment_report_instance WHERE report_id = ? ORDER BY ordinal`
export const POSTPONE_REPORT = `
UPDATE commitment_report SET attempts = attempts + 1, next_attempt_at = ? WHERE report_id = ? AND settled IS NULL`
export const SETTLE_REPORT = `
UPDATE commitment_report SET settled = ?, settled_at = ? WHERE report_id = ? AND settled IS NULL`

export const INSERT_REQUEST = `
INSERT INTO commitment_request (transaction_uid, destination, requested_at, expires_at) VALUES (?, ?, ?, ?)`
export const INSERT_REQUEST_INSTANCE = `
INSERT INTO commitment_request_instance (request_id, ordinal, sop_class_uid, sop_instance_uid) VALUES (?, ?, ?, ?)`
export const SELECT_OPEN_REQUEST = `
SELECT ${REQUEST_COLUMNS} FROM commitment_request WHERE transaction_uid = ? AND settled IS NULL`
export const SELECT_SETTLED_REQUEST = `
SELECT request_id AS requestId FROM commitment_request WHERE transaction_uid = ? AND settled IS NOT NULL`
export const SELECT_EXPIRED_REQUESTS = `
SELECT ${REQUEST_COLUMNS} FROM commitment_request WHERE settled IS NULL AND expires_at <= ?
ORDER BY expires_at, request_id LIMIT ?`
export const SELECT_UNNOTICED_REQUESTS = `
SELECT ${REQUEST_COLUMNS}, settled AS how FROM commitment_request WHERE settled IS NOT NULL AND noted = 0
ORDER BY request_id LIMIT ?`
export const SELECT_REQUEST_INSTANCES = `
SELECT sop_class_uid AS sopClassUid, sop_instance_uid AS sopInstanceUid, outcome, failure_reason AS failureReason
FROM commitment_request_instance WHERE request_id = ? ORDER BY ordinal`
export const SETTLE_REQUEST = `
UPDATE commitment_request SET settled = ?, settled_at = ? WHERE request_id = ? AND settled IS NULL`
export const SETTLE_REQUEST_INSTANCE = `
UPDATE commitment_request_instance SET outcome = ?, failure_reason = ? WHERE request_id = ? AND ordinal = ?`
export const NOTE_REQUEST = 'UPDATE commitment_request SET noted = 1 WHERE request_id = ?'

type ReportRow = Omit<OwedReport, 'instances' | 'duplicate'> & { readonly duplicate: number }
type RequestRow = Omit<OwnRequest, 'instances'>
interface InstanceRow extends InstanceReference {
  readonly outcome: 'committed' | 'failed' | 'unanswered' | null
  readonly failureReason: number | null
}

/** The store in a database that has `COMMITMENT_SCHEMA_SQL`. With `synchronous=FULL` a method's work is on disk when it returns. */
export class SqliteCommitmentStore implements CommitmentStore {
  readonly #database: Database
  readonly #statements = new Map<string, Statement>()

  constructor(database: Database) {
    this.#database = database
  }

  addReport(report: Omit<OwedReport, 'reportId' | 'attempts'>): number {
    return this.#atomic(() => {
      const inserted = this.#sql(INSERT_REPORT).run(
        report.transactionUid,
        report.requesterAeTitle,
        report.requesterAddress,
        report.calledAeTitle,
        report.associationId,
        report.duplicate ? 1 : 0,
        report.requestedAt,
        report.nextAttemptAt,
      )
      const reportId = Number(inserted.lastInsertRowid)
      this.#addInstances(INSERT_REPORT_INSTANCE, reportId, report.instances)
      return reportId
    })
  }

  owedReportOf(transactionUid: string): OwedReport | undefined {
    const row = this.#sql(SELECT_OWED_REPORT).get(transactionUid) as ReportRow | undefined
    return row === undefined ? undefined : this.#report(row)
  }

  dueReports(now: number, limit: number): readonly OwedReport[] {
    return (this.#sql(SELECT_DUE_REPORTS).all(now, limit) as ReportRow[]).map((row) => this.#report(row))
  }

  countOwedReports(): number {
    return (this.#sql(COUNT_OWED_REPORTS).get() as { owed: number }).owed
  }

  postponeReport(reportId: number, nextAttemptAt: number): void {
    this.#sql(POSTPONE_REPORT).run(nextAttemptAt, reportId)
  }

  settleReport(reportId: number, how: ReportSettlement, at: number): void {
    this.#sql(SETTLE_REPORT).run(how, at, reportId)
  }

  addRequest(request: Omit<OwnRequest, 'requestId'>): number {
    return this.#atomic(() => {
      const { transactionUid, destination, requestedAt, expiresAt, instances } = request
      const inserted = this.#sql(INSERT_REQUEST).run(transactionUid, destination, requestedAt, expiresAt)
      const requestId = Number(inserted.lastInsertRowid)
      this.#addInstances(INSERT_REQUEST_INSTANCE, requestId, instances)
      return requestId
    })
  }

  openRequestOf(transactionUid: string): OwnRequest | undefined {
    const row = this.#sql(SELECT_OPEN_REQUEST).get(transactionUid) as RequestRow | undefined
    return row === undefined ? undefined : { ...row, instances: this.#instancesOf(row.requestId) }
  }

  isSettledRequest(transactionUid: string): boolean {
    return this.#sql(SELECT_SETTLED_REQUEST).get(transactionUid) !== undefined
  }

  settleRequest(requestId: number, how: RequestSettlement, outcomes: readonly InstanceOutcome[], at: number): void {
    this.#atomic(() => {
      if (this.#sql(SETTLE_REQUEST).run(how, at, requestId).changes === 0) return
      for (const [ordinal, outcome] of outcomes.entries()) {
        const reason = outcome.kind === 'failed' ? outcome.failureReason : null
        this.#sql(SETTLE_REQUEST_INSTANCE).run(outcome.kind, reason, requestId, ordinal)
      }
    })
  }

  expiredRequests(now: number, limit: number): readonly OwnRequest[] {
    const rows = this.#sql(SELECT_EXPIRED_REQUESTS).all(now, limit) as RequestRow[]
    return rows.map((row) => ({ ...row, instances: this.#instancesOf(row.requestId) }))
  }

  unnoticedRequests(limit: number): readonly SettledRequest[] {
    const rows = this.#sql(SELECT_UNNOTICED_REQUESTS).all(limit) as (RequestRow & { how: RequestSettlement })[]
    return rows.map((row) => {
      const instances = this.#instancesOf(row.requestId)
      return { ...row, instances, outcomes: instances.map(outcomeOf) }
    })
  }

  noteRequest(requestId: number): void {
    this.#sql(NOTE_REQUEST).run(requestId)
  }

  #report(row: ReportRow): OwedReport {
    const instances = this.#sql(SELECT_REPORT_INSTANCES).all(row.reportId) as InstanceReference[]
    return { ...row, duplicate: row.duplicate === 1, instances }
  }

  #instancesOf(requestId: number): InstanceRow[] {
    return this.#sql(SELECT_REQUEST_INSTANCES).all(requestId) as InstanceRow[]
  }

  #addInstances(sql: string, owner: number, instances: readonly InstanceReference[]): void {
    for (const [ordinal, { sopClassUid, sopInstanceUid }] of instances.entries())
      this.#sql(sql).run(owner, ordinal, sopClassUid, sopInstanceUid)
  }

  #atomic<T>(work: () => T): T {
    return this.#database.transaction(work)()
  }

  #sql(sql: string): Statement {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.#database.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }
}

function outcomeOf({ outcome, failureReason }: InstanceRow): InstanceOutcome {
  if (outcome === 'failed') return { kind: 'failed', failureReason: failureReason ?? 0 }
  return { kind: outcome ?? 'unanswered' }
}
