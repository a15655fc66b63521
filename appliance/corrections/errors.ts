import { CodedError } from '@leadglass/sync-agent/foundation'

const REFUSALS = {
  'same-patient': 'a patient cannot be merged into itself',
  'placeholder-id': 'one of the numbers stands for nobody in particular',
  'merged-elsewhere': 'the patient was merged into another before',
  circle: 'the surviving patient was merged into this one before',
  'unknown-merge': 'there is no such merge',
  'undone-before': 'the merge was undone before',
  unchanged: 'the study stands under this accession number already',
} as const

/** Why a correction was not taken. */
export type CorrectionErrorCode = keyof typeof REFUSALS

/** A correction that contradicts what is in force. Nothing of it was recorded. */
export class CorrectionError extends CodedError<CorrectionErrorCode> {
  constructor(code: CorrectionErrorCode) {
    super(code, 'permanent', {
      message: REFUSALS[code],
      effect: 'nothing was corrected',
      nextStep: 'look at the merges in force; undo the wrong one first',
    })
  }
}
