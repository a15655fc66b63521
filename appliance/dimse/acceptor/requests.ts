import { isInstanceName, isUid } from '../facts/uids.ts'
import { type CommandSet, ELEMENT } from '../message/command-set.ts'
import { type Answered, COMMAND, RESPONSE_BIT, STATUS } from '../message/commands.ts'
import type { AssociationFacts, InstanceFacts, StoreRefusal } from '../ports.ts'
import { MalformedMessageError } from '../upper-layer/malformed.ts'

/** A presentation context that was accepted. */
export interface AcceptedContext {
  readonly id: number
  readonly abstractSyntax: string
  readonly transferSyntax: string
}

/** What a peer asks for, read from its command set. */
export type Request =
  | { readonly kind: 'echo'; readonly answered: Answered }
  | { readonly kind: 'store'; readonly answered: Answered; readonly facts: InstanceFacts }
  | { readonly kind: 'refused'; readonly answered: Answered; readonly refusal: StoreRefusal }
  | { readonly kind: 'cancel' }

/**
 * Reads a request (PS3.7 9.3). What can be answered with a status is; what cannot is an error.
 * @throws MalformedMessageError for a response, or a command set without field or message id.
 */
export function readRequest(command: CommandSet, context: AcceptedContext, association: AssociationFacts): Request {
  const commandField = command.requiredNumber(ELEMENT.commandField)
  if ((commandField & RESPONSE_BIT) !== 0) throw new MalformedMessageError('response without a request (PS3.7 7.2)')
  // PS3.7 9.3.2.3: a cancel has no response, and nothing here can be cancelled.
  if (commandField === COMMAND.cancel) return { kind: 'cancel' }
  const sopClassUid = command.text(ELEMENT.affectedSopClassUid)
  const sopInstanceUid = command.text(ELEMENT.affectedSopInstanceUid)
  const answered: Answered = {
    commandField,
    messageId: command.requiredNumber(ELEMENT.messageId),
    sopClassUid: validUid(sopClassUid),
    sopInstanceUid: sopInstanceUid !== undefined && isInstanceName(sopInstanceUid) ? sopInstanceUid : undefined,
  }
  const refused = (status: number, comment: string): Request => ({
    kind: 'refused',
    answered,
    refusal: { kind: 'refused', status, comment },
  })
  if (commandField === COMMAND.echo) return { kind: 'echo', answered }
  if (commandField !== COMMAND.store) return refused(STATUS.unrecognizedOperation, 'operation is not offered')
  if (sopClassUid !== context.abstractSyntax)
    return refused(STATUS.sopClassNotSupported, 'SOP class is not that of the presentation context')
  if (answered.sopClassUid === undefined || answered.sopInstanceUid === undefined)
    return refused(STATUS.invalidSopInstance, 'SOP class or SOP instance UID is missing or malformed')
  return {
    kind: 'store',
    answered,
    facts: {
      association,
      sopClassUid: answered.sopClassUid,
      sopInstanceUid: answered.sopInstanceUid,
      transferSyntaxUid: context.transferSyntax,
      moveOriginator: readMoveOriginator(command),
    },
  }
}

/** PS3.7 9.3.1.1: present when the store is a sub-operation of somebody's C-MOVE. */
function readMoveOriginator(command: CommandSet): InstanceFacts['moveOriginator'] {
  const aeTitle = command.text(ELEMENT.moveOriginatorAeTitle)
  const messageId = command.number(ELEMENT.moveOriginatorMessageId)
  return aeTitle === undefined || messageId === undefined ? null : { aeTitle, messageId }
}

function validUid(uid: string | undefined): string | undefined {
  return uid !== undefined && isUid(uid) ? uid : undefined
}
