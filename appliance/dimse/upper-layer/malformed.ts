import { DimseError } from '../errors.ts'
import { ABORT_REASON, type AbortReason } from './pdu.ts'

/** Bytes against PS3.8. `abortReason` is what A-ABORT tells the peer (PS3.8 9.3.8). */
export class MalformedPduError extends DimseError {
  readonly abortReason: AbortReason

  constructor(message: string, abortReason: AbortReason = ABORT_REASON.invalidPduParameterValue) {
    super('protocol', message)
    this.abortReason = abortReason
  }
}
