import { VERIFICATION } from '../facts/uids.ts'
import { type CommandSet, type CommandValues, ELEMENT, encodeCommandSet, NO_DATA_SET } from './command-set.ts'

/** Command Field values (PS3.7 E.1, table E.1-1). A response is its request with bit 15 set. */
export const COMMAND = { store: 0x0001, echo: 0x0030, cancel: 0x0fff } as const
export const RESPONSE_BIT = 0x8000

/** Any value other than 0101H says that a data set follows (PS3.7 E.1). */
const DATA_SET_PRESENT = 0x0001
const PRIORITY_MEDIUM = 0x0000

/** Status values that we send (PS3.4 B.2.3 table B.2-1, PS3.7 annex C). */
export const STATUS = {
  success: 0x0000,
  invalidSopInstance: 0x0117,
  sopClassNotSupported: 0x0122,
  unrecognizedOperation: 0x0211,
  outOfResources: 0xa700,
  dataSetDoesNotMatchSopClass: 0xa900,
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

/** What a response answers. */
export interface Answered {
  readonly commandField: number
  readonly messageId: number
  readonly sopClassUid: string | undefined
  readonly sopInstanceUid: string | undefined
}

/** The response to a request, without a data set (PS3.7 9.3.1.2, 9.3.5.2). A comment goes out only with a failure. */
export function response(answered: Answered, status: number, comment = ''): Uint8Array {
  const values: [CommandValues[number][0], number | string][] = []
  if (answered.sopClassUid !== undefined) values.push([ELEMENT.affectedSopClassUid, answered.sopClassUid])
  values.push([ELEMENT.commandField, answered.commandField | RESPONSE_BIT])
  values.push([ELEMENT.messageIdBeingRespondedTo, answered.messageId])
  values.push([ELEMENT.dataSetType, NO_DATA_SET])
  values.push([ELEMENT.status, status])
  if (status !== STATUS.success && comment !== '')
    values.push([ELEMENT.errorComment, comment.slice(0, COMMENT_CHARACTERS).replace(/[^\x20-\x5b\x5d-\x7e]/g, '?')])
  if (answered.sopInstanceUid !== undefined) values.push([ELEMENT.affectedSopInstanceUid, answered.sopInstanceUid])
  return encodeCommandSet(values)
}

/** True when a data set follows the command (PS3.7 E.1). @throws MalformedMessageError when the command does not say. */
export function hasDataSet(command: CommandSet): boolean {
  return command.requiredNumber(ELEMENT.dataSetType) !== NO_DATA_SET
}
