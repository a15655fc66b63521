import type { AuditDetail, AuditEventInput } from '@leadglass/sync-agent/audit-log'

/** Takes events for the audit log. */
export interface AuditSink {
  /**
   * Appends an event inside the caller's transaction.
   * @param detail names and addresses that stay here: the leaf holds a salted commitment to them, and when `studyId` is
   * given they are destroyed with the study.
   * @throws {z.ZodError} when the event does not fit the vocabulary.
   */
  record(event: AuditEventInput, studyId?: number, detail?: AuditDetail): void
  /** Appends an event in a transaction of its own. */
  recordNow(event: AuditEventInput, studyId?: number, detail?: AuditDetail): void
}
