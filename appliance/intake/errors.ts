import { CodedError, type FailureClass } from '@leadglass/sync-agent/foundation'

const FAILURES = {
  'spool-damaged': {
    failureClass: 'permanent',
    message: 'a stored instance was changed or cut off on disk',
    effect: 'the instance is not used',
    nextStep: 'check the disk, then send the instance again from its source',
  },
  'spool-key-destroyed': {
    failureClass: 'permanent',
    message: 'the key of the study was destroyed',
    effect: 'the stored instance cannot be read by anyone, as intended by the purge of its study',
    nextStep: 'send the study again from its source if it is needed',
  },
  'spool-not-registered': {
    failureClass: 'transient',
    message: 'instances that were acknowledged cannot be entered in the record',
    effect: 'what needs them entered does not go on; the instances stay in the landing log',
    nextStep: 'check the disk and records.db, then start again',
  },
  'spool-write-stalled': {
    failureClass: 'transient',
    message: 'the disk took no more bytes and gave no reason',
    effect: 'the instance was not acknowledged, or stays in the landing log',
    nextStep: 'free space on the disk; it is tried again',
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
