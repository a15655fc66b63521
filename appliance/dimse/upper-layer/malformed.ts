import { DimseError } from '../errors.ts'
import { ABORT_REASON, ABORT_SOURCE, type AbortReason } from './pdu.ts'

/** Bytes or messages that the standard does not allow, with what A-ABORT tells the peer about it (PS3.8 9.3.8). */
export abstract class MalformedError extends DimseError {
  abstract readonly abortSource: number
  abstract readonly abortReason: AbortReason
}

/** Bytes against PS3.8: the upper layer itself aborts. */
export class MalformedPduError extends MalformedError {
  readonly abortSource = ABORT_SOURCE.serviceProvider
  readonly abortReason: AbortReason

  constructor(message: string, abortReason: AbortReason = ABORT_REASON.invalidPduParameterValue) {
    super('protocol', message)
    this.abortReason = abortReason
  }
}

/** A message against PS3.7: its user aborts, and the reason is not significant (PS3.8 9.3.8, table 9-26). */
export class MalformedMessageError extends MalformedError {
  readonly abortSource = ABORT_SOURCE.serviceUser
  readonly abortReason = ABORT_REASON.notSpecified

  constructor(message: string) {
    super('protocol', message)
  }
}
