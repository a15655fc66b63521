import { isUid } from '../facts/uids.ts'
import { type CommandSet, ELEMENT } from '../message/command-set.ts'
import type { Answered } from '../message/commands.ts'

type UidElement = typeof ELEMENT.affectedSopClassUid | typeof ELEMENT.requestedSopClassUid
type InstanceElement = typeof ELEMENT.affectedSopInstanceUid | typeof ELEMENT.requestedSopInstanceUid

/** What a response will answer. A UID that is none is left out of it. */
export function answeredOf(
  command: CommandSet,
  commandField: number,
  classElement: UidElement,
  instanceElement: InstanceElement | undefined,
): Answered {
  const valid = (uid: string | undefined) => (uid !== undefined && isUid(uid) ? uid : undefined)
  return {
    commandField,
    messageId: command.requiredNumber(ELEMENT.messageId),
    sopClassUid: valid(command.text(classElement)),
    sopInstanceUid: instanceElement === undefined ? undefined : valid(command.text(instanceElement)),
  }
}
