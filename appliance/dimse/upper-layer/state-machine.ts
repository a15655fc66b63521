import type { PduEvent } from './pdu.ts'

/**
 * States of PS3.8 9.2.1 that last longer than one turn of the event loop here. The transport connection is the
 * socket's business (Sta1, Sta4), and decisions are taken at once (Sta3).
 * - `awaiting-request` Sta2, `awaiting-answer` Sta5, `established` Sta6, `awaiting-release-response` Sta7,
 *   `release-collision` Sta11 (requester side, its own answer already sent).
 * In Sta13 (awaiting the close of the transport) what still comes is dropped unread until the peer closes or ARTIM ends.
 */
export type AssociationState =
  | 'awaiting-request'
  | 'awaiting-answer'
  | 'established'
  | 'awaiting-release-response'
  | 'release-collision'

/**
 * What PS3.8 tables 9-6 to 9-10 ask for. `indicate` hands the event to the user of the service.
 * - `abort-as-user` AA-1, `abort-as-provider` AA-8, `close` AA-2, `answer-release` AR-8 with AR-9.
 */
export type Reaction = 'indicate' | 'abort-as-user' | 'abort-as-provider' | 'close' | 'answer-release'

/** Every PDU, and `invalid` for bytes that are none. */
export type ProtocolEvent = PduEvent['kind'] | 'invalid'

type Row = Readonly<Record<ProtocolEvent, Reaction>>

/** Before there is an association, whatever is out of place is answered by AA-1. */
const AA1: Row = {
  'associate-request': 'abort-as-user',
  'associate-accept': 'abort-as-user',
  'associate-reject': 'abort-as-user',
  data: 'abort-as-user',
  'release-request': 'abort-as-user',
  'release-response': 'abort-as-user',
  abort: 'close',
  invalid: 'abort-as-user',
}

/** While there is one, by AA-8. */
const AA8: Row = {
  'associate-request': 'abort-as-provider',
  'associate-accept': 'abort-as-provider',
  'associate-reject': 'abort-as-provider',
  data: 'abort-as-provider',
  'release-request': 'abort-as-provider',
  'release-response': 'abort-as-provider',
  abort: 'indicate',
  invalid: 'abort-as-provider',
}

/** PS3.8 9.2.3, table 9-10, the rows that a peer can cause. */
const TABLE: Readonly<Record<AssociationState, Row>> = {
  'awaiting-request': { ...AA1, 'associate-request': 'indicate' },
  'awaiting-answer': { ...AA8, 'associate-accept': 'indicate', 'associate-reject': 'indicate' },
  established: { ...AA8, data: 'indicate', 'release-request': 'indicate' },
  'awaiting-release-response': {
    ...AA8,
    data: 'indicate',
    'release-request': 'answer-release',
    'release-response': 'indicate',
  },
  'release-collision': { ...AA8, 'release-response': 'indicate' },
}

/** What to do when `event` comes in `state`. */
export function reactionTo(state: AssociationState, event: ProtocolEvent): Reaction {
  return TABLE[state][event]
}
