import type { Database } from 'better-sqlite3'
import { Prepared } from './prepared.ts'

/** How a destination is asked whether it keeps what it accepted. */
export type ConfirmBy = 'commitment' | 'query'

/** A delivery that the destination accepted and has not confirmed yet. */
export interface UnconfirmedDelivery {
  readonly deliveryId: number
  readonly confirmBy: ConfirmBy
  /** Times that the destination answered without confirming, over all transmissions. */
  readonly attempts: number
  readonly sopClassUid: string
  readonly sopInstanceUid: string
  readonly studyInstanceUid: string
  readonly content: Uint8Array
}

export const STORE_DELIVERY = `
UPDATE delivery SET stored_at = ?, confirm_by = ?, attempts = attempts + 1, last_reason = NULL, next_attempt_at = ?
WHERE delivery_id = ? AND state = 'pending' AND stored_at IS NULL`
const UNCONFIRMED_COLUMNS = `d.delivery_id AS deliveryId, d.confirm_by AS confirmBy, d.confirm_attempts AS attempts,
  r.sop_class_uid AS sopClassUid, r.sop_instance_uid AS sopInstanceUid, s.study_instance_uid AS studyInstanceUid,
  r.content`
const UNCONFIRMED_JOINS = `JOIN revision v ON v.revision_id = r.revision_id JOIN study s ON s.study_id = v.study_id`
export const SELECT_UNCONFIRMED_DUE = `
SELECT ${UNCONFIRMED_COLUMNS} FROM delivery d JOIN report r ON r.report_id = d.report_id ${UNCONFIRMED_JOINS}
WHERE d.destination = ? AND d.state = 'pending' AND d.stored_at IS NOT NULL AND d.next_attempt_at <= ?
ORDER BY d.next_attempt_at LIMIT ?`
export const SELECT_UNCONFIRMED_REPORT = `
SELECT ${UNCONFIRMED_COLUMNS} FROM report r JOIN delivery d ON d.report_id = r.report_id ${UNCONFIRMED_JOINS}
WHERE r.sop_instance_uid = ? AND d.destination = ? AND d.state = 'pending' AND d.stored_at IS NOT NULL`
export const DEFER_DELIVERY = `
UPDATE delivery SET next_attempt_at = ?
WHERE delivery_id = ? AND state = 'pending' AND stored_at IS NOT NULL`
export const ASK_DELIVERY = `
UPDATE delivery SET confirm_by = ?, last_reason = ?, next_attempt_at = ?, confirm_attempts = confirm_attempts + ?
WHERE delivery_id = ? AND state = 'pending' AND stored_at IS NOT NULL`
export const SEND_DELIVERY_AGAIN = `
UPDATE delivery SET stored_at = NULL, confirm_by = NULL, last_reason = ?, next_attempt_at = ?,
  confirm_attempts = confirm_attempts + 1
WHERE delivery_id = ? AND state = 'pending' AND stored_at IS NOT NULL`
export const CONFIRM_DELIVERY = `
UPDATE delivery SET state = 'accepted', confirmed_by = ?, last_reason = NULL, settled_at = ?
WHERE delivery_id = ? AND state = 'pending'`

/** Deliveries between the destination's success for the C-STORE and its word that it keeps the object. */
export class ConfirmationRecords {
  readonly #sql: Prepared

  constructor(database: Database) {
    this.#sql = new Prepared(database)
  }

  /** The destination accepted the object; it is to be asked from `askAt` on. */
  stored(deliveryId: number, confirmBy: ConfirmBy, at: number, askAt: number): void {
    this.#sql.run(STORE_DELIVERY, at, confirmBy, askAt, deliveryId)
  }

  /** Deliveries of one destination that may be asked about now, oldest first. */
  due(destination: string, at: number, limit: number): readonly UnconfirmedDelivery[] {
    return this.#sql.all(SELECT_UNCONFIRMED_DUE, destination, at, limit)
  }

  /** The unconfirmed delivery of an object, by its SOP Instance UID. */
  find(destination: string, sopInstanceUid: string): UnconfirmedDelivery | undefined {
    return this.#sql.get(SELECT_UNCONFIRMED_REPORT, sopInstanceUid, destination)
  }

  /** The destination is being asked; without an answer it is asked again at `again`. */
  defer(deliveryId: number, again: number): void {
    this.#sql.run(DEFER_DELIVERY, again, deliveryId)
  }

  /** The destination is to be asked (again) in this way. @param answered false when it could not be reached. */
  ask(deliveryId: number, by: ConfirmBy, reason: string, at: number, answered: boolean): void {
    this.#sql.run(ASK_DELIVERY, by, reason, at, answered ? 1 : 0, deliveryId)
  }

  /** The destination does not keep the object: it is to be sent again. */
  sendAgain(deliveryId: number, reason: string, at: number): void {
    this.#sql.run(SEND_DELIVERY_AGAIN, reason, at, deliveryId)
  }

  /** The destination keeps the object. */
  confirm(deliveryId: number, by: 'store' | ConfirmBy, at: number): void {
    this.#sql.run(CONFIRM_DELIVERY, by, at, deliveryId)
  }
}
