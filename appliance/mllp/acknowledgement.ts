import type { Hl7Message } from './message.ts'

/** AA: accepted and on disk. AE: an error of ours or of the facts in force. AR: the message is not one that is taken. */
export type AcknowledgementCode = 'AA' | 'AE' | 'AR'

/** What is answered. `condition` is of HL7 table 0357; the text is one of our own and repeats nothing of the message. */
export interface Answer {
  readonly code: AcknowledgementCode
  readonly condition?: string
  readonly text?: string
}

/**
 * An ACK to a message (HL7 v2 2.9.2), in the standard delimiters. Names of applications are turned around; the message
 * control ID is repeated, so that the sender knows which of its messages this is.
 * @param message `undefined` when it could not be parsed: the answer then names none.
 */
export function acknowledgementOf(
  message: Hl7Message | undefined,
  answer: Answer,
  at: { readonly time: string; readonly controlId: string },
): string {
  const header = (field: number): string => escaped(message?.header.field(field)[0]?.[0] ?? '')
  const event = escaped(message?.header.field(9)[0]?.[1] ?? '')
  const version = header(12) === '' ? '2.5' : header(12)
  const processing = header(11) === '' ? 'P' : header(11)
  const segments = [
    `MSH|^~\\&|${header(5)}|${header(6)}|${header(3)}|${header(4)}|${at.time}||ACK${event === '' ? '' : `^${event}`}|${at.controlId}|${processing}|${version}||||||UNICODE UTF-8`,
    `MSA|${answer.code}|${header(10)}`,
    ...(answer.condition === undefined ? [] : [`ERR|||${answer.condition}|E||||${escaped(answer.text ?? '')}`]),
  ]
  return `${segments.join('\r')}\r`
}

function escaped(value: string): string {
  const names: Readonly<Record<string, string>> = { '|': 'F', '^': 'S', '~': 'R', '\\': 'E', '&': 'T' }
  return value
    .slice(0, 250)
    .replaceAll(/\p{Cc}/gu, ' ')
    .replaceAll(/[|^~\\&]/g, (one) => `\\${names[one] ?? ''}\\`)
}
