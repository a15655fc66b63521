import { CodedError, type FailureClass } from '@leadglass/sync-agent/foundation'

export type ScoringErrorCode = 'queue-full' | 'not-running' | 'worker-start-failed' | 'path-outside'

const CLASSES: Readonly<Record<ScoringErrorCode, FailureClass>> = {
  'queue-full': 'transient',
  'not-running': 'transient',
  'worker-start-failed': 'permanent',
  'path-outside': 'permanent',
}

const NEXT_STEPS: Readonly<Record<ScoringErrorCode, string>> = {
  'queue-full': 'Offer the job again when others have ended.',
  'not-running': 'Start the scoring pool first.',
  'worker-start-failed': 'Run the installation check; a file of the program or a native library may be missing.',
  'path-outside': 'Place files for scoring in the work folder and packages in the models folder.',
}

/** A job that the pool does not take, or a pool that cannot run. */
export class ScoringError extends CodedError<ScoringErrorCode> {
  constructor(code: ScoringErrorCode, message: string, cause?: unknown) {
    super(code, CLASSES[code], { message, effect: 'Nothing was scored.', nextStep: NEXT_STEPS[code], cause })
  }
}
