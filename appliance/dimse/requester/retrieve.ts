import { type DataSet, DataSetError, parseDataSet, texts } from '../../imaging/dataset/index.ts'
import { ELEMENT } from '../message/command-set.ts'
import { COMMAND, getRequest, moveRequest, STATUS } from '../message/commands.ts'
import { KEY } from '../query/identifiers.ts'
import type { RequestedAssociation } from './association.ts'
import type { FullResponse } from './session.ts'

/** Sub-operations of a retrieval as the peer counts them (PS3.4 C.4.2.1.6). Absent numbers are 0. */
export interface SubOperations {
  readonly remaining: number
  readonly completed: number
  readonly failed: number
  readonly warning: number
}

/**
 * How a retrieval ended. `complete`: every sub-operation succeeded; `partial`: some did not (B000H, or a success that
 * counts failures); `refused`: nothing more comes, for the reason in `status` (PS3.4 tables C.4-2, C.4-3).
 */
export interface RetrieveOutcome {
  readonly kind: 'complete' | 'partial' | 'cancelled' | 'refused'
  readonly status: number
  readonly comment: string
  readonly subOperations: SubOperations
  /** Failed SOP Instance UID List (0008,0058), where the peer sent one. */
  readonly failedSopInstanceUids: readonly string[]
}

export interface RetrieveOptions {
  readonly signal?: AbortSignal
  readonly onProgress?: (subOperations: SubOperations) => void
}

/** Bytes of the identifier in the last response: some fifty thousand UIDs. */
const MAX_RESPONSE_BYTES = 4 * 1024 ** 2
const READ_LIMITS = { maxBytes: MAX_RESPONSE_BYTES, maxElements: 1000, maxDepth: 4 }
const SUB_OPERATIONS_WITH_FAILURES = 0xb000

/** C-MOVE (PS3.4 C.4.2) to the peer's own idea of `moveDestination`, or C-GET (PS3.4 C.4.3) without one. @throws DimseError. */
export async function retrieveOn(
  association: RequestedAssociation,
  sopClassUid: string,
  identifier: DataSet,
  moveDestination: string | undefined,
  { signal, onProgress }: RetrieveOptions,
): Promise<RetrieveOutcome> {
  const conversation = association.converse(
    {
      sopClassUid,
      commandField: moveDestination === undefined ? COMMAND.get : COMMAND.move,
      encode: (messageId) =>
        moveDestination === undefined
          ? getRequest(messageId, sopClassUid)
          : moveRequest(messageId, sopClassUid, moveDestination),
    },
    identifier,
    {
      maxResponseBytes: MAX_RESPONSE_BYTES,
      onPending: (response) => {
        onProgress?.(subOperationsOf(response))
      },
    },
  )
  const cancel = () => {
    conversation.cancel().catch(() => {})
  }
  if (signal?.aborted === true) cancel()
  signal?.addEventListener('abort', cancel)
  try {
    return outcomeOf(await conversation.answer, conversation.transferSyntax)
  } finally {
    signal?.removeEventListener('abort', cancel)
  }
}

function outcomeOf(response: FullResponse, transferSyntax: string): RetrieveOutcome {
  const { status, comment } = response
  const subOperations = subOperationsOf(response)
  return {
    kind: kindOf(status, subOperations),
    status,
    comment,
    subOperations,
    failedSopInstanceUids: failed(response, transferSyntax),
  }
}

function kindOf(status: number, { failed, remaining }: SubOperations): RetrieveOutcome['kind'] {
  if (status === STATUS.cancelled) return 'cancelled'
  if (status === SUB_OPERATIONS_WITH_FAILURES) return 'partial'
  if (status !== STATUS.success) return 'refused'
  return failed > 0 || remaining > 0 ? 'partial' : 'complete'
}

function subOperationsOf({ command }: FullResponse): SubOperations {
  return {
    remaining: command.number(ELEMENT.remainingSubOperations) ?? 0,
    completed: command.number(ELEMENT.completedSubOperations) ?? 0,
    failed: command.number(ELEMENT.failedSubOperations) ?? 0,
    warning: command.number(ELEMENT.warningSubOperations) ?? 0,
  }
}

/** The list is for information: one that cannot be read changes nothing about the outcome. */
function failed({ dataSet }: FullResponse, transferSyntax: string): string[] {
  if (dataSet === undefined) return []
  try {
    const list = texts(parseDataSet(dataSet, transferSyntax, READ_LIMITS).dataSet, KEY.failedSopInstanceUidList)
    return list.filter((uid) => uid !== '')
  } catch (error) {
    if (error instanceof DataSetError) return []
    throw error
  }
}
