import { CodedError, type FailureDetail } from '../foundation/index.ts'

/** Why the log could not do what it was asked. */
export type AuditLogErrorCode = 'leaf-too-large' | 'store-damaged' | 'signing-key-unreadable' | 'key-name-invalid'

/** A failure of the log itself. Refusals of foreign input are results, not errors. All are permanent. */
export class AuditLogError extends CodedError<AuditLogErrorCode> {
  constructor(code: AuditLogErrorCode, detail: FailureDetail) {
    super(code, 'permanent', detail)
  }
}
