import { CodedError } from '@leadglass/sync-agent/foundation'

/** Why a hold was not placed or lifted. */
export type RetentionErrorCode = 'hold-unknown' | 'patient-unknown'

const DETAILS: Readonly<Record<RetentionErrorCode, { message: string; effect: string; nextStep: string }>> = {
  'hold-unknown': {
    message: 'there is no such legal hold in force',
    effect: 'nothing was changed',
    nextStep: 'take a number from "leadglass hold list"',
  },
  'patient-unknown': {
    message: 'no study of this patient is known',
    effect: 'nothing was changed',
    nextStep: "take the patient's pseudonym from the study",
  },
}

/** A failure of the retention's room. */
export class RetentionError extends CodedError<RetentionErrorCode> {
  constructor(code: RetentionErrorCode) {
    super(code, 'permanent', DETAILS[code])
  }
}
