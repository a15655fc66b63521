import { type DataSet, DataSetError, parseDataSet } from '../../imaging/dataset/index.ts'
import { DimseError } from '../errors.ts'
import { COMMAND, findRequest, isPending, STATUS } from '../message/commands.ts'
import { MalformedMessageError } from '../upper-layer/malformed.ts'
import type { RequestedAssociation } from './association.ts'
import { HandOver } from './hand-over.ts'
import type { FullResponse } from './session.ts'

/** How a query ended. `bounded`: there were more matches than asked for; `cancelled`: `signal` was aborted. */
export type FindEnd = 'complete' | 'bounded' | 'cancelled'

export interface FindBounds {
  /** Matches that are taken; the query is cancelled at the next one. 1000 unless told. */
  readonly maximum?: number
  readonly signal?: AbortSignal
}

export const DEFAULT_MAXIMUM_MATCHES = 1000
/** Bytes of one identifier in a response. */
const MAX_MATCH_BYTES = 1_048_576
const READ_LIMITS = { maxBytes: MAX_MATCH_BYTES, maxElements: 10_000, maxDepth: 8 }
/** How long a peer may go on after a cancel, in milliseconds. */
const CANCEL_GRACE_MS = 10_000

/**
 * C-FIND on an open association (PS3.4 C.4.1). Matches are read from the network no faster than they are taken. Ending
 * the iteration early cancels the query at the peer (PS3.7 9.3.2.3) and leaves the association usable.
 * @throws DimseError `peer-refused`, `peer-busy`, or what ended the association.
 */
export async function* findOn(
  association: RequestedAssociation,
  sopClassUid: string,
  identifier: DataSet,
  { maximum = DEFAULT_MAXIMUM_MATCHES, signal }: FindBounds = {},
): AsyncGenerator<DataSet, FindEnd, void> {
  const matches = new HandOver<DataSet>()
  const conversation = association.converse(
    { sopClassUid, commandField: COMMAND.find, encode: (messageId) => findRequest(messageId, sopClassUid) },
    identifier,
    {
      maxResponseBytes: MAX_MATCH_BYTES,
      onPending: (response) => matches.put(readMatch(response, conversation.transferSyntax)),
    },
  )
  const answer = conversation.answer.finally(() => matches.end())
  // It is awaited below; a failure before that is no unhandled one.
  answer.catch(() => {})
  const wake = () => matches.drop()
  signal?.addEventListener('abort', wake)
  let over = false
  try {
    for (let count = 0; signal?.aborted !== true; count += 1) {
      const match = await matches.take()
      if (match === undefined) break
      if (count === maximum) return 'bounded'
      yield match
    }
    if (signal?.aborted === true) return 'cancelled'
    const { status, comment } = await answer
    over = true
    if (status !== STATUS.success) throw refusedError('query', status, comment)
    return 'complete'
  } finally {
    signal?.removeEventListener('abort', wake)
    if (!over) await cancelled(association, conversation, answer, matches)
  }
}

/** Cancels and waits for the last response; a peer that takes no notice loses the association. */
async function cancelled(
  association: RequestedAssociation,
  conversation: { readonly cancel: () => Promise<void> },
  answer: Promise<FullResponse>,
  matches: HandOver<DataSet>,
): Promise<void> {
  matches.drop()
  const timer = setTimeout(() => void association.abort(), CANCEL_GRACE_MS)
  try {
    await conversation.cancel()
    await answer
  } catch {
    // The query is over either way, and what it brought has been handed out.
  } finally {
    clearTimeout(timer)
  }
}

function readMatch(response: FullResponse, transferSyntax: string): DataSet {
  if (response.dataSet === undefined) throw new MalformedMessageError('pending response without an identifier')
  try {
    return parseDataSet(response.dataSet, transferSyntax, READ_LIMITS).dataSet
  } catch (error) {
    if (error instanceof DataSetError) throw new MalformedMessageError('identifier of a response is damaged')
    throw error
  }
}

/** The failure that a final status of a query, retrieval or action stands for (PS3.4 tables C.4-1 to C.4-3). */
export function refusedError(what: string, status: number, comment: string): DimseError {
  const code = isPending(status) ? 'protocol' : isBusy(status) ? 'peer-busy' : 'peer-refused'
  const hex = status.toString(16).padStart(4, '0')
  // A comment is the peer's text: it may quote an identifier, so it is counted and not repeated.
  return new DimseError(code, `${what} answered with status ${hex}H, comment of ${comment.length} characters`)
}

function isBusy(status: number): boolean {
  return (
    (status >>> 8 === 0xa7 && status !== 0xa7ff) ||
    status === STATUS.processingFailure ||
    status === STATUS.resourceLimitation
  )
}
