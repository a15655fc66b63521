import { CodedError } from '@leadglass/sync-agent/foundation'

/** Why a hub's database was not moved. */
export type MoveCode =
  | 'hub-runs'
  | 'target-not-empty'
  | 'already-there'
  | 'no-hub'
  | 'inbox-elsewhere'
  | 'schemas-differ'
  | 'not-equal'

const NEXT_STEP: Readonly<Record<MoveCode, string>> = {
  'hub-runs': 'Stop every hub and every command on this database, then repeat.',
  'target-not-empty': 'Give a database in which no hub has been, or remove what is there if nobody needs it.',
  'already-there': 'Nothing is to be done.',
  'no-hub': 'Name the data folder of the instance with --data.',
  'inbox-elsewhere': 'Keep this hub as it is: its envelopes are in another database than its other records.',
  'schemas-differ': 'Use the program of the version that opened both databases last.',
  'not-equal': 'Report this as a defect; the hub stays where it was.',
}

/** A move that did not take place. The hub's records are where they were. */
export class MoveError extends CodedError<MoveCode> {
  constructor(code: MoveCode, message: string) {
    super(code, code === 'hub-runs' ? 'transient' : 'permanent', {
      message,
      effect: 'The hub stays on the database on which it was.',
      nextStep: NEXT_STEP[code],
    })
  }
}
