import { CodedError } from '@leadglass/sync-agent/foundation'

const FAILURES = {
  'header-malformed': ['the message header is not one', '101'],
  'character-set': ['the character set is not understood, or the bytes are not in it', '102'],
  'too-many-segments': ['the message has more segments than any merge', '102'],
  'segment-malformed': ['a segment has no name', '100'],
  'message-type': ['only ADT messages are taken', '200'],
  'trigger-event': ['only merges (A40) are taken', '201'],
  'merge-incomplete': ['a merge names no patient identifier to keep or to merge', '101'],
  'value-malformed': ['an identifier or name is longer than DICOM allows, or holds control characters', '102'],
  'sender-unknown': ['the sending application is not one of those in the settings', '207'],
} as const satisfies Record<string, readonly [message: string, condition: string]>

/** Why a message was not taken. */
export type Hl7ErrorCode = keyof typeof FAILURES

/** A message that was not taken. `condition` is of HL7 table 0357. */
export class Hl7Error extends CodedError<Hl7ErrorCode> {
  readonly condition: string

  constructor(code: Hl7ErrorCode) {
    const [message, condition] = FAILURES[code]
    super(code, 'permanent', {
      message,
      effect: 'the message was not carried out',
      nextStep: 'correct the message at its sender, or route it elsewhere',
    })
    this.condition = condition
  }
}
