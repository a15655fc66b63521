import { MalformedMessageError } from '../upper-layer/malformed.ts'

/** Element numbers in group 0000 (PS3.7 E.1). */
export const ELEMENT = {
  groupLength: 0x0000,
  affectedSopClassUid: 0x0002,
  requestedSopClassUid: 0x0003,
  commandField: 0x0100,
  messageId: 0x0110,
  messageIdBeingRespondedTo: 0x0120,
  moveDestination: 0x0600,
  priority: 0x0700,
  dataSetType: 0x0800,
  status: 0x0900,
  errorComment: 0x0902,
  errorId: 0x0903,
  affectedSopInstanceUid: 0x1000,
  requestedSopInstanceUid: 0x1001,
  eventTypeId: 0x1002,
  actionTypeId: 0x1008,
  remainingSubOperations: 0x1020,
  completedSubOperations: 0x1021,
  failedSubOperations: 0x1022,
  warningSubOperations: 0x1023,
  moveOriginatorAeTitle: 0x1030,
  moveOriginatorMessageId: 0x1031,
} as const
export type CommandElement = (typeof ELEMENT)[keyof typeof ELEMENT]

/** Command Data Set Type when no data set follows (PS3.7 E.1, (0000,0800)). */
export const NO_DATA_SET = 0x0101

/** Largest command set that is read, in bytes. The standard's own stay below one kilobyte. */
export const MAX_COMMAND_BYTES = 16_384

const ELEMENT_HEADER_BYTES = 8

/** A decoded command set. Elements that are not asked for are not looked at. */
export class CommandSet {
  readonly #values: ReadonlyMap<number, Buffer>

  constructor(values: ReadonlyMap<number, Buffer>) {
    this.#values = values
  }

  /** A US value, or `undefined` when absent or empty. @throws MalformedMessageError when it is not two bytes long. */
  number(element: CommandElement): number | undefined {
    const value = this.#values.get(element)
    if (value === undefined || value.length === 0) return undefined
    if (value.length !== 2) throw new MalformedMessageError('US element is not two bytes long (PS3.5 6.2)')
    return value.readUInt16LE(0)
  }

  /** A UI, AE or LO value without its padding, or `undefined` when absent or empty. */
  text(element: CommandElement): string | undefined {
    const value = this.#values.get(element)?.toString('latin1').replace(/\0+$/, '').trim()
    return value === '' ? undefined : value
  }

  /** A US value that must be there. @throws MalformedMessageError otherwise. */
  requiredNumber(element: CommandElement): number {
    const value = this.number(element)
    if (value === undefined) throw new MalformedMessageError('command set lacks a required element (PS3.7 9.3)')
    return value
  }
}

/**
 * Reads a command set: implicit VR little endian, group 0000 only, ascending (PS3.7 6.3.1). The group length is not
 * trusted and not needed; elements of later groups, which some peers append, are not looked at.
 * @throws MalformedMessageError otherwise.
 */
export function decodeCommandSet(bytes: Uint8Array): CommandSet {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const values = new Map<number, Buffer>()
  let previous = -1
  let at = 0
  while (at < buffer.length) {
    if (at + ELEMENT_HEADER_BYTES > buffer.length)
      throw new MalformedMessageError('command element is cut (PS3.7 6.3.1)')
    if (buffer.readUInt16LE(at) !== 0) {
      // Orthanc's last C-GET response holds (0008,0058) behind group 0000: what belongs here has been read by then.
      if (values.size > 0) break
      throw new MalformedMessageError('command set holds another group than 0000 (PS3.7 6.3.1)')
    }
    const element = buffer.readUInt16LE(at + 2)
    const length = buffer.readUInt32LE(at + 4)
    if (element <= previous)
      throw new MalformedMessageError('command elements are not in ascending order (PS3.7 6.3.1)')
    if (length % 2 !== 0) throw new MalformedMessageError('command element of odd length (PS3.5 7.1.1)')
    if (length > buffer.length - at - ELEMENT_HEADER_BYTES)
      throw new MalformedMessageError('command element is cut (PS3.7 6.3.1)')
    at += ELEMENT_HEADER_BYTES
    values.set(element, buffer.subarray(at, at + length))
    previous = element
    at += length
  }
  return new CommandSet(values)
}

/** Values by element, in ascending order of the element: numbers are US, texts are UI (padded with NUL) or AE, LO (space). */
export type CommandValues = readonly (readonly [element: CommandElement, value: number | string])[]

const UIDS: ReadonlySet<number> = new Set([
  ELEMENT.affectedSopClassUid,
  ELEMENT.requestedSopClassUid,
  ELEMENT.affectedSopInstanceUid,
  ELEMENT.requestedSopInstanceUid,
])

/** Writes a command set with its group length (PS3.7 6.3.1). */
export function encodeCommandSet(values: CommandValues): Uint8Array {
  const elements = Buffer.concat(values.flatMap(([element, value]) => encodeElement(element, value)))
  const groupLength = Buffer.alloc(4)
  groupLength.writeUInt32LE(elements.length)
  return Buffer.concat([...encodeBytes(ELEMENT.groupLength, groupLength), elements])
}

function encodeElement(element: CommandElement, value: number | string): Buffer[] {
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(2)
    bytes.writeUInt16LE(value)
    return encodeBytes(element, bytes)
  }
  const padding = UIDS.has(element) ? '\0' : ' '
  return encodeBytes(element, Buffer.from(value.length % 2 === 0 ? value : value + padding, 'latin1'))
}

function encodeBytes(element: CommandElement, value: Buffer): Buffer[] {
  const header = Buffer.alloc(ELEMENT_HEADER_BYTES)
  header.writeUInt16LE(element, 2)
  header.writeUInt32LE(value.length, 4)
  return [header, value]
}
