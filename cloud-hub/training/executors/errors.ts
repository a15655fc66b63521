import { CodedError, type FailureClass } from '@leadglass/sync-agent/foundation'

/** Why an executor cannot do what it was asked, or why the hub does not take what came back. */
export type ExecutorCode = 'executor-refused' | 'result-missing' | 'result-invalid' | 'result-differs'

/** Class and next step of each code. */
const MEANING: Readonly<Record<ExecutorCode, readonly [FailureClass, string]>> = {
  'executor-refused': ['permanent', 'choose another executor for this run; `leadglass training executors` lists them'],
  'result-missing': ['permanent', 'read the log of the run, then start it again'],
  'result-invalid': [
    'permanent',
    'do not use what came back; read the log of the run and check who can write where it ran',
  ],
  'result-differs': [
    'permanent',
    'do not use what came back; check who can write where it ran, then start the run again',
  ],
}

/** An executor that fails, or a result that is refused. */
export class ExecutorError extends CodedError<ExecutorCode> {
  constructor(code: ExecutorCode, message: string, options: { cause?: unknown } = {}) {
    const [failureClass, nextStep] = MEANING[code]
    super(code, failureClass, {
      message,
      effect: 'no candidate was made; the model in use stays as it is',
      nextStep,
      cause: options.cause,
    })
  }
}
