import { CodedError, type FailureClass } from '@leadglass/sync-agent/foundation'
import type { LinkFailure } from './messages.ts'

/** Why PostgreSQL did not do what the hub asked. */
export type HubDatabaseCode =
  | 'connection-lost'
  | 'commit-unknown'
  | 'busy'
  | 'constraint'
  | 'not-committed'
  | 'statement-refused'
  | 'schema-newer'
  | 'not-moved'
  | 'other-database'
  | 'deposed'

const CLASS: Readonly<Record<HubDatabaseCode, FailureClass>> = {
  'connection-lost': 'transient',
  'commit-unknown': 'ambiguous',
  busy: 'transient',
  constraint: 'permanent',
  'not-committed': 'permanent',
  'statement-refused': 'permanent',
  'schema-newer': 'permanent',
  'not-moved': 'permanent',
  'other-database': 'permanent',
  deposed: 'permanent',
}
const NEXT_STEP: Readonly<Record<HubDatabaseCode, string>> = {
  'connection-lost': 'See that PostgreSQL runs and can be reached; the hub connects again by itself.',
  'commit-unknown': 'Repeat the act: whether it was committed is told by its own record.',
  busy: 'Wait until the other process, such as a command beside the hub, has ended its transaction.',
  constraint: 'Report this as a defect unless the message names a rule that was broken on purpose.',
  'not-committed': 'Report this as a defect: a failure inside a transaction was passed over.',
  'statement-refused': 'Report this as a defect, with the message.',
  'schema-newer': 'Start the newer program.',
  'not-moved':
    'Run "leadglass hub move-database --to postgres". Where only the inbox was on PostgreSQL, write "postgres-inbox" for "postgres".',
  'other-database': 'Name the database to which the hub was moved, or move it.',
  deposed: 'Start the hub again: it stands by until the other one ends.',
}

/** A failure of the hub's database on PostgreSQL. */
export class HubDatabaseError extends CodedError<HubDatabaseCode> {
  /** PostgreSQL's own code, where it had one. */
  readonly sqlState: string | undefined

  constructor(code: HubDatabaseCode, message: string, sqlState?: string) {
    const effect = code === 'commit-unknown' ? 'The transaction is there whole or not at all.' : 'Nothing was written.'
    super(code, CLASS[code], { message, effect, nextStep: NEXT_STEP[code] })
    this.sqlState = sqlState
  }
}

/** What a failure of the link means (PostgreSQL, Appendix A). */
export function errorOf({ sqlState, message, inCommit }: LinkFailure): HubDatabaseError {
  return new HubDatabaseError(codeOf(sqlState, inCommit), message, sqlState)
}

function codeOf(sqlState: string, inCommit: boolean): HubDatabaseCode {
  if (sqlState === 'deposed') return 'deposed'
  if (sqlState === 'lost') return inCommit ? 'commit-unknown' : 'connection-lost'
  // lock_not_available, query_canceled, deadlock_detected, serialization_failure.
  if (['55P03', '57014', '40P01', '40001'].includes(sqlState)) return 'busy'
  return sqlState.startsWith('23') ? 'constraint' : 'statement-refused'
}
