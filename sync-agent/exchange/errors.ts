import { CodedError, type FailureDetail } from '../foundation/index.ts'

/** Why the exchange could not do what it was asked. */
export type ExchangeErrorCode = 'envelope-too-large' | 'foreign-device'

/** A defect of the caller of the exchange folder. File system failures pass through as they are. */
export class ExchangeError extends CodedError<ExchangeErrorCode> {
  constructor(code: ExchangeErrorCode, detail: FailureDetail) {
    super(code, 'permanent', detail)
  }
}
