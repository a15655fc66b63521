import type { AuditEventInput, AuditLog } from '@leadglass/sync-agent/audit-log'
import { type AuditLeaf, auditLeaf } from '@leadglass/sync-agent/contract'
import type { Records } from '../records/index.ts'
import type { EgressDoor } from './door.ts'

/** Takes events for the audit log. */
export interface AuditSink {
  /**
   * Appends an event inside the caller's transaction.
   * @throws {z.ZodError} when the event does not fit the vocabulary.
   */
  record(event: AuditEventInput, studyId?: number): void
  /** Appends an event in a transaction of its own. */
  recordNow(event: AuditEventInput, studyId?: number): void
}

/** The appliance's log: every leaf that is appended is sealed for the hub in the same transaction. */
export class AuditTrail implements AuditSink {
  readonly #log: AuditLog
  readonly #door: EgressDoor
  readonly #records: Pick<Records, 'transaction'>

  constructor(log: AuditLog, door: EgressDoor, records: Pick<Records, 'transaction'>) {
    this.#log = log
    this.#door = door
    this.#records = records
  }

  record(event: AuditEventInput, studyId?: number): void {
    const { index, leaf } = this.#log.append(event)
    const body: AuditLeaf = auditLeaf.parse({
      kind: 'audit-leaf',
      index,
      leaf: Buffer.from(leaf).toString('base64'),
    })
    this.#door.seal(body, studyId ?? null)
  }

  recordNow(event: AuditEventInput, studyId?: number): void {
    this.#records.transaction(() => {
      this.record(event, studyId)
    })
  }
}
