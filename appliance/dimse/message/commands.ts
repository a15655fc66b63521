import { VERIFICATION } from '../facts/uids.ts'
import { type CommandSet, type CommandValues, ELEMENT, encodeCommandSet, NO_DATA_SET } from './command-set.ts'

/** Command Field values (PS3.7 E.1, table E.1-1). A response is its request with bit 15 set. */
export const COMMAND = {
  store: 0x0001,
  get: 0x0010,
  find: 0x0020,
  move: 0x0021,
  echo: 0x0030,
  eventReport: 0x0100,
  set: 0x0120,
  action: 0x0130,
  create: 0x0140,
  cancel: 0x0fff,
} as const
export const RESPONSE_BIT = 0x8000

/** Any value other than 0101H says that a data set follows (PS3.7 E.1). */
const DATA_SET_PRESENT = 0x0001
const PRIORITY_MEDIUM = 0x0000

/** Status values that we send (PS3.4 tables B.2-1 and C.4-1, PS3.7 annex C). */
export const STATUS = {
  success: 0x0000,
  invalidAttributeValue: 0x0106,
  processingFailure: 0x0110,
  duplicateSopInstance: 0x0111,
  noSuchSopInstance: 0x0112,
  noSuchEventType: 0x0113,
  invalidArgumentValue: 0x0115,
  invalidSopInstance: 0x0117,
  missingAttribute: 0x0120,
  sopClassNotSupported: 0x0122,
  noSuchActionType: 0x0123,
  notAuthorized: 0x0124,
  unrecognizedOperation: 0x0211,
  resourceLimitation: 0x0213,
  outOfResources: 0xa700,
  dataSetDoesNotMatchSopClass: 0xa900,
  unableToProcess: 0xc000,
  cancelled: 0xfe00,
  pending: 0xff00,
  /** Pending, and one or more optional keys were not matched on (PS3.4 table C.4-1). */
  pendingWithWarning: 0xff01,
} as const

/** How much of Error Comment fits (LO, PS3.5 6.2). */
const COMMENT_CHARACTERS = 64

/** C-ECHO-RQ (PS3.7 9.3.5.1). */
export function echoRequest(messageId: number): Uint8Array {
  return encodeCommandSet([
    [ELEMENT.affectedSopClassUid, VERIFICATION],
    [ELEMENT.commandField, COMMAND.echo],
    [ELEMENT.messageId, messageId],
    [ELEMENT.dataSetType, NO_DATA_SET],
  ])
}

/** C-STORE-RQ (PS3.7 9.3.1.1). */
export function storeRequest(
  messageId: number,
  sopClassUid: string,
  sopInstanceUid: string,
  priority = PRIORITY_MEDIUM,
): Uint8Array {
  return encodeCommandSet([
    [ELEMENT.affectedSopClassUid, sopClassUid],
    [ELEMENT.commandField, COMMAND.store],
    [ELEMENT.messageId, messageId],
    [ELEMENT.priority, priority],
    [ELEMENT.dataSetType, DATA_SET_PRESENT],
    [ELEMENT.affectedSopInstanceUid, sopInstanceUid],
  ])
}

/** C-FIND-RQ (PS3.7 9.3.2.1); the identifier follows. */
export function findRequest(messageId: number, sopClassUid: string, priority = PRIORITY_MEDIUM): Uint8Array {
  return queryRequest(COMMAND.find, messageId, sopClassUid, priority)
}

/** C-GET-RQ (PS3.7 9.3.3.1); the identifier follows. */
export function getRequest(messageId: number, sopClassUid: string, priority = PRIORITY_MEDIUM): Uint8Array {
  return queryRequest(COMMAND.get, messageId, sopClassUid, priority)
}

/** C-MOVE-RQ (PS3.7 9.3.4.1); the identifier follows. `destination` is the AE title that the peer shall send to. */
export function moveRequest(
  messageId: number,
  sopClassUid: string,
  destination: string,
  priority = PRIORITY_MEDIUM,
): Uint8Array {
  return queryRequest(COMMAND.move, messageId, sopClassUid, priority, destination)
}

/** C-CANCEL-RQ for the query or retrieval with this message id (PS3.7 9.3.2.3). It has no response. */
export function cancelRequest(messageId: number): Uint8Array {
  return encodeCommandSet([
    [ELEMENT.commandField, COMMAND.cancel],
    [ELEMENT.messageIdBeingRespondedTo, messageId],
    [ELEMENT.dataSetType, NO_DATA_SET],
  ])
}

/** N-ACTION-RQ (PS3.7 10.3.5.1); the action information follows. */
export function actionRequest(
  messageId: number,
  sopClassUid: string,
  sopInstanceUid: string,
  actionTypeId: number,
): Uint8Array {
  return encodeCommandSet([
    [ELEMENT.requestedSopClassUid, sopClassUid],
    [ELEMENT.commandField, COMMAND.action],
    [ELEMENT.messageId, messageId],
    [ELEMENT.dataSetType, DATA_SET_PRESENT],
    [ELEMENT.requestedSopInstanceUid, sopInstanceUid],
    [ELEMENT.actionTypeId, actionTypeId],
  ])
}

/** N-EVENT-REPORT-RQ (PS3.7 10.3.1.1); the event information follows. */
export function eventReportRequest(
  messageId: number,
  sopClassUid: string,
  sopInstanceUid: string,
  eventTypeId: number,
): Uint8Array {
  return encodeCommandSet([
    [ELEMENT.affectedSopClassUid, sopClassUid],
    [ELEMENT.commandField, COMMAND.eventReport],
    [ELEMENT.messageId, messageId],
    [ELEMENT.dataSetType, DATA_SET_PRESENT],
    [ELEMENT.affectedSopInstanceUid, sopInstanceUid],
    [ELEMENT.eventTypeId, eventTypeId],
  ])
}

function queryRequest(
  commandField: number,
  messageId: number,
  sopClassUid: string,
  priority: number,
  destination?: string,
): Uint8Array {
  const values: [CommandValues[number][0], number | string][] = [
    [ELEMENT.affectedSopClassUid, sopClassUid],
    [ELEMENT.commandField, commandField],
    [ELEMENT.messageId, messageId],
  ]
  if (destination !== undefined) values.push([ELEMENT.moveDestination, destination])
  return encodeCommandSet([...values, [ELEMENT.priority, priority], [ELEMENT.dataSetType, DATA_SET_PRESENT]])
}

/** What a response answers. */
export interface Answered {
  readonly commandField: number
  readonly messageId: number
  readonly sopClassUid: string | undefined
  readonly sopInstanceUid: string | undefined
}

/**
 * The response to a request (PS3.7 9.3.1.2, 9.3.5.2, 10.3). A comment goes out only with a failure.
 * @param dataSetFollows true for a pending C-FIND response, whose identifier comes after it.
 * @param errorId Error ID (0000,0903) where a service defines one (PS3.7 C.4.2).
 */
export function response(
  answered: Answered,
  status: number,
  comment = '',
  dataSetFollows = false,
  errorId?: number,
): Uint8Array {
  const values: [CommandValues[number][0], number | string][] = []
  if (answered.sopClassUid !== undefined) values.push([ELEMENT.affectedSopClassUid, answered.sopClassUid])
  values.push([ELEMENT.commandField, answered.commandField | RESPONSE_BIT])
  values.push([ELEMENT.messageIdBeingRespondedTo, answered.messageId])
  values.push([ELEMENT.dataSetType, dataSetFollows ? DATA_SET_PRESENT : NO_DATA_SET])
  values.push([ELEMENT.status, status])
  if (status !== STATUS.success && comment !== '')
    values.push([ELEMENT.errorComment, comment.slice(0, COMMENT_CHARACTERS).replace(/[^\x20-\x5b\x5d-\x7e]/g, '?')])
  if (errorId !== undefined) values.push([ELEMENT.errorId, errorId])
  if (answered.sopInstanceUid !== undefined) values.push([ELEMENT.affectedSopInstanceUid, answered.sopInstanceUid])
  return encodeCommandSet(values)
}

/** True when a data set follows the command (PS3.7 E.1). @throws MalformedMessageError when the command does not say. */
export function hasDataSet(command: CommandSet): boolean {
  return command.requiredNumber(ELEMENT.dataSetType) !== NO_DATA_SET
}

/** True for a status that says that more responses come (PS3.7 C.1.3). */
export function isPending(status: number): boolean {
  return status === STATUS.pending || status === STATUS.pendingWithWarning
}
