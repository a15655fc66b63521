import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MalformedMessageError } from '../upper-layer/malformed.ts'
import { type CommandValues, decodeCommandSet, ELEMENT, encodeCommandSet } from './command-set.ts'
import { echoRequest, hasDataSet, response, storeRequest } from './commands.ts'

const element = (group: number, number: number, length: number, value: readonly number[] = []) =>
  Buffer.of(group & 0xff, group >> 8, number & 0xff, number >> 8, length & 0xff, length >> 8, 0, 0, ...value)

describe('command sets', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(fc.nat({ max: 0xffff }), fc.stringMatching(/^[0-9]{1,20}(\.[0-9]{1,5}){1,6}$/), (number, uid) => {
        const values: CommandValues = [
          [ELEMENT.affectedSopClassUid, uid],
          [ELEMENT.messageId, number],
          [ELEMENT.errorComment, `no ${number}`],
        ]
        const command = decodeCommandSet(encodeCommandSet(values))
        expect(command.text(ELEMENT.affectedSopClassUid)).toBe(uid)
        expect(command.number(ELEMENT.messageId)).toBe(number)
        expect(command.text(ELEMENT.errorComment)).toBe(`no ${number}`)
        expect(command.number(ELEMENT.status)).toBeUndefined()
      }),
    )
  })

  it('have a group length that counts what follows it (PS3.7 6.3.1)', () => {
    const bytes = Buffer.from(storeRequest(7, '1.2.840.10008.5.1.4.1.1.2', '1.2.3'))
    expect(bytes.readUInt32LE(8)).toBe(bytes.length - 12)
    expect(bytes.length % 2).toBe(0)
  })

  it('answer any bytes with a value or a coded error', () => {
    const damaged = fc.tuple(fc.nat(), fc.nat({ max: 255 })).map(([at, byte]) => {
      const bytes = Buffer.from(storeRequest(1, '1.2', '1.2.3'))
      bytes[at % bytes.length] = byte
      return bytes
    })
    fc.assert(
      fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 100 })), (bytes) => {
        try {
          const command = decodeCommandSet(bytes)
          for (const number of Object.values(ELEMENT)) {
            command.text(number)
            command.number(number)
          }
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedMessageError)
        }
      }),
      { numRuns: 500 },
    )
  })

  it.each([
    ['a cut header', Buffer.alloc(7)],
    ['another group', element(8, 0x16, 0)],
    ['elements out of order', Buffer.concat([element(0, 0x110, 2, [1, 0]), element(0, 0x100, 2, [1, 0])])],
    ['the same element twice', Buffer.concat([element(0, 0x110, 2, [1, 0]), element(0, 0x110, 2, [1, 0])])],
    ['an odd length', element(0, 2, 3, [49, 46, 50])],
    ['a length beyond the end', element(0, 2, 4, [49, 46])],
  ])('refuse %s', (_, bytes) => {
    expect(() => decodeCommandSet(bytes)).toThrow(MalformedMessageError)
  })

  it('refuse a number of four bytes only when it is asked for', () => {
    const command = decodeCommandSet(element(0, 0x110, 4, [1, 0, 0, 0]))
    expect(() => command.number(ELEMENT.messageId)).toThrow(MalformedMessageError)
  })

  it('may be followed by another group, which is not looked at', () => {
    const command = decodeCommandSet(Buffer.concat([element(0, 0x110, 2, [1, 0]), element(8, 0x58, 2, [49, 0])]))
    expect(command.number(ELEMENT.messageId)).toBe(1)
  })

  it('say whether a data set follows', () => {
    expect(hasDataSet(decodeCommandSet(echoRequest(1)))).toBe(false)
    expect(hasDataSet(decodeCommandSet(storeRequest(1, '1.2', '1.3')))).toBe(true)
    expect(() => hasDataSet(decodeCommandSet(new Uint8Array(0)))).toThrow(MalformedMessageError)
  })

  it('carry a comment only with a failure, printable and at most 64 characters long', () => {
    const answered = { commandField: 1, messageId: 9, sopClassUid: '1.2', sopInstanceUid: '1.3' }
    const failure = decodeCommandSet(response(answered, 0xa700, `a\\b\n${'x'.repeat(80)}`))
    expect(failure.number(ELEMENT.commandField)).toBe(0x8001)
    expect(failure.number(ELEMENT.messageIdBeingRespondedTo)).toBe(9)
    expect(failure.text(ELEMENT.errorComment)).toBe(`a?b?${'x'.repeat(60)}`)
    expect(decodeCommandSet(response(answered, 0, 'fine')).text(ELEMENT.errorComment)).toBeUndefined()
  })
})
