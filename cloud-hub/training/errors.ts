import { CodedError } from '@leadglass/sync-agent/foundation'

/** Why a training run ends without a candidate. */
export type TrainingCode =
  | 'head-not-linear'
  | 'finding-not-scored'
  | 'too-few-cases'
  | 'export-differs'
  | 'gate-failed'
  | 'golden-differs'
  | 'trainer-failed'
  | 'model-unknown'
  | 'run-unknown'
  | 'run-not-restartable'
  | 'run-not-recorded'
  | 'executor-unknown'
  | 'trigger-unknown'

/** A training run, or a part of one, that stops. */
export class TrainingError extends CodedError<TrainingCode> {
  constructor(code: TrainingCode, message: string, cause?: unknown) {
    super(code, 'permanent', {
      message,
      effect: 'no candidate was made; the model in use stays as it is',
      nextStep: NEXT_STEP[code],
      cause,
    })
  }
}

const NEXT_STEP: Readonly<Record<TrainingCode, string>> = {
  'head-not-linear': 'retrain this package with the tools it was made with',
  'finding-not-scored': 'choose a finding that the model scores',
  'too-few-cases': 'wait until more studies are labelled, then start a new run',
  'export-differs': 'do not use the exported graph; report the run with its log',
  'gate-failed': 'read the gates of the run; more or better labels may change the result',
  'golden-differs': 'the package to be retrained does not give its own golden values here; import it again',
  'trainer-failed': 'read the log of the run',
  'model-unknown': 'import the model package first',
  'run-unknown': 'list the runs and choose one of them',
  'run-not-restartable': 'start a new run instead',
  'run-not-recorded': 'choose a run that has trained; older runs have no record',
  'executor-unknown': 'set the executor up at the hub, or start a new run with another',
  'trigger-unknown': 'list the triggers and choose one of them',
}
