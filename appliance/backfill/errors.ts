import { CodedError } from '@leadglass/sync-agent/foundation'

/** Why a backfill was not started or changed. */
export type BackfillErrorCode = 'backfill-model' | 'backfill-unknown' | 'backfill-ended' | 'backfill-window'

const DETAILS: Readonly<Record<BackfillErrorCode, { message: string; nextStep: string }>> = {
  'backfill-model': {
    message: 'the model is not in use on this box in that version',
    nextStep: 'take an active model from the list of models; an approved release is the only way to another version',
  },
  'backfill-unknown': {
    message: 'there is no such backfill',
    nextStep: 'take a number from "leadglass backfill status"',
  },
  'backfill-ended': {
    message: 'the backfill has ended, or is in that state already',
    nextStep: 'look at "leadglass backfill status"; start another one where studies are left',
  },
  'backfill-window': {
    message: 'the window is not two times of day, or its zone is unknown',
    nextStep: 'write it like 22:00-06:00, and the zone like Europe/Berlin',
  },
}

/** A failure of the backfill's desk. */
export class BackfillError extends CodedError<BackfillErrorCode> {
  constructor(code: BackfillErrorCode) {
    super(code, 'permanent', { ...DETAILS[code], effect: 'nothing was started or changed' })
  }
}
