import { CodedError, type FailureClass } from '@leadglass/sync-agent/foundation'

const FAILURES = {
  'spool-damaged': {
    failureClass: 'permanent',
    message: 'a stored instance was changed or cut off on disk',
    effect: 'the instance is not used',
    nextStep: 'check the disk, then send the instance again from its source',
  },
  'spool-missing': {
    failureClass: 'permanent',
    message: 'a stored instance is no longer on disk',
    effect: 'the instance is not used',
    nextStep: 'find out who removed files from the spool folder, then send the instance again from its source',
  },
} as const satisfies Record<string, { failureClass: FailureClass; message: string; effect: string; nextStep: string }>

/** The closed set of failures of stored instances. */
export type SpoolErrorCode = keyof typeof FAILURES

/** A stored instance that cannot be read back. */
export class SpoolError extends CodedError<SpoolErrorCode> {
  constructor(code: SpoolErrorCode, cause?: unknown) {
    const { failureClass, message, effect, nextStep } = FAILURES[code]
    super(code, failureClass, { message, effect, nextStep, cause })
  }
}
