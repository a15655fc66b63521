import { CodedError } from '@leadglass/sync-agent/foundation'

/** Why a trainer or a fitted model refuses. */
export type TrainerCode =
  | 'table-invalid'
  | 'options-invalid'
  | 'rows-invalid'
  | 'too-few-cases'
  | 'export-differs'
  | 'graph-unknown'

const NEXT_STEP: Readonly<Record<TrainerCode, string>> = {
  'table-invalid': 'correct the table: lengths, finite or missing values, known classes, positive weights',
  'options-invalid': 'correct the options of the trainer',
  'rows-invalid': 'pass whole rows with the columns the model was fitted on',
  'too-few-cases': 'bring more labelled rows of each class',
  'graph-unknown': 'use a graph that one of the trainers wrote',
  'export-differs': 'do not use the exported graph; report the options and the seed',
}

/** A fit, a prediction or an export that stops. */
export class TrainerError extends CodedError<TrainerCode> {
  constructor(code: TrainerCode, message: string, cause?: unknown) {
    super(code, 'permanent', { message, effect: 'no model was made or used', nextStep: NEXT_STEP[code], cause })
  }
}
