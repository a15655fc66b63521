/**
 * What a caller may do about a failure. Only the code of an error decides this; no caller guesses from a message.
 * - `transient`: trying again later can succeed, and nothing has happened yet.
 * - `ambiguous`: the act may or may not have happened; retry only what is idempotent.
 * - `permanent`: trying again changes nothing; a person or another input is needed.
 */
export type FailureClass = 'transient' | 'ambiguous' | 'permanent'

/** The parts of a coded error: what failed, what follows from it, and what to do next. No part may hold identifying data. */
export interface FailureDetail {
  readonly message: string
  readonly effect: string
  readonly nextStep: string
  readonly cause?: unknown
}

/**
 * The base of every failure in the product. Each room declares a closed union of codes and one subclass.
 * `nextStep` is written for the person who reads it at night.
 */
export abstract class CodedError<Code extends string> extends Error {
  readonly code: Code
  readonly failureClass: FailureClass
  readonly effect: string
  readonly nextStep: string

  constructor(code: Code, failureClass: FailureClass, detail: FailureDetail) {
    super(detail.message, detail.cause === undefined ? undefined : { cause: detail.cause })
    this.name = new.target.name
    this.code = code
    this.failureClass = failureClass
    this.effect = detail.effect
    this.nextStep = detail.nextStep
  }
}

/** True for any coded error of the product, whatever room it comes from. */
export function isCodedError(value: unknown): value is CodedError<string> {
  return value instanceof CodedError
}

/** True when the same act may be tried again later. Unknown errors are not retried: they are defects. */
export function isRetryable(value: unknown): boolean {
  return isCodedError(value) && value.failureClass !== 'permanent'
}
