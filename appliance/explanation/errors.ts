import { CodedError, type FailureClass } from '@leadglass/sync-agent/foundation'

/**
 * `explanation-mismatch`: another image, frame, score or model. `explanation-superseded`: the result was replaced.
 * `explanation-tampered`: the stored bytes are not those that were made.
 */
export type ExplanationErrorCode =
  | 'explanation-unknown'
  | 'explanation-mismatch'
  | 'explanation-superseded'
  | 'explanation-tampered'
  | 'score-unknown'
  | 'explanation-model-gone'
  | 'explanation-busy'
  | 'explanation-failed'
  | 'object-gone'

const TRANSIENT: ReadonlySet<ExplanationErrorCode> = new Set(['explanation-busy', 'explanation-failed'])

const NEXT_STEPS: Readonly<Record<ExplanationErrorCode, string>> = {
  'explanation-unknown': 'Take a number from the list of the study.',
  'explanation-mismatch': 'Ask for an explanation of what is shown.',
  'explanation-superseded': 'Ask for an explanation of the result that replaced it.',
  'explanation-tampered': 'Ask for the explanation again, and look into the record.',
  'score-unknown': 'Take image, model and code from the study.',
  'explanation-model-gone':
    'Read the score again with a model in use; nothing explains it without the model that made it.',
  'explanation-busy': 'Ask again when others are done.',
  'explanation-failed': 'Ask again; if it repeats, read the log.',
  'object-gone': 'Look at the study and at the quarantine.',
}

/** An explanation that is not made or not shown. */
export class ExplanationError extends CodedError<ExplanationErrorCode> {
  /** What differs, as a code for the audit log. */
  readonly detail: string | undefined

  constructor(code: ExplanationErrorCode, detail?: string) {
    const failureClass: FailureClass = TRANSIENT.has(code) ? 'transient' : 'permanent'
    super(code, failureClass, {
      message: code.replaceAll('-', ' '),
      effect: 'No explanation is shown.',
      nextStep: NEXT_STEPS[code],
    })
    this.detail = detail
  }
}
