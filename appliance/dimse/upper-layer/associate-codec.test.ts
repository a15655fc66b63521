import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DimseError } from '../errors.ts'
import { APPLICATION_CONTEXT, IMPLICIT_VR_LITTLE_ENDIAN, VERIFICATION } from '../facts/uids.ts'
import type { AssociateAccept, AssociateRequest, UserInformation } from './associate.ts'
import {
  decodeAssociateAccept,
  decodeAssociateRequest,
  encodeAssociateAccept,
  encodeAssociateRequest,
} from './associate-codec.ts'
import { ITEM, writeItem } from './associate-items.ts'
import { MalformedPduError } from './malformed.ts'
import { PDU_HEADER_BYTES } from './pdu.ts'

const uid = fc.array(fc.nat({ max: 99_999 }), { minLength: 2, maxLength: 8 }).map((parts) => parts.join('.'))
const title = fc.stringMatching(/^[A-Z0-9_]{1,16}$/)

const user: fc.Arbitrary<UserInformation> = fc.record({
  maxLength: fc.oneof(fc.constant(0), fc.integer({ min: 8, max: 0xffffffff })),
  implementationClassUid: uid,
  implementationVersionName: fc.stringMatching(/^[A-Z0-9_]{1,16}$/),
  asynchronousOperations: fc.option(
    fc.record({ invoked: fc.nat({ max: 0xffff }), performed: fc.nat({ max: 0xffff }) }),
  ),
  roles: fc.array(fc.record({ sopClassUid: uid, scu: fc.boolean(), scp: fc.boolean() }), { maxLength: 3 }),
  extendedNegotiation: fc.array(
    fc.record({
      sopClassUid: uid,
      information: fc.uint8Array({ maxLength: 20 }).map((bytes) => Uint8Array.from(bytes)),
    }),
    { maxLength: 3 },
  ),
  userIdentity: fc.constant(null),
})

const request: fc.Arbitrary<AssociateRequest> = fc
  .record({
    protocolVersion: fc.nat({ max: 0xffff }),
    calledAeTitle: title,
    callingAeTitle: title,
    applicationContext: uid,
    contexts: fc.array(
      fc.record({ abstractSyntax: uid, transferSyntaxes: fc.array(uid, { minLength: 1, maxLength: 4 }) }),
      { maxLength: 128 },
    ),
    user,
  })
  .map((value) => ({ ...value, contexts: value.contexts.map((context, index) => ({ id: 2 * index + 1, ...context })) }))

const body = (pdu: Uint8Array) => pdu.subarray(PDU_HEADER_BYTES)

const plain: AssociateRequest = {
  protocolVersion: 1,
  calledAeTitle: 'CALLED',
  callingAeTitle: 'CALLING',
  applicationContext: APPLICATION_CONTEXT,
  contexts: [{ id: 1, abstractSyntax: VERIFICATION, transferSyntaxes: [IMPLICIT_VR_LITTLE_ENDIAN] }],
  user: {
    maxLength: 16_384,
    implementationClassUid: '2.25.1',
    implementationVersionName: 'TEST',
    asynchronousOperations: null,
    roles: [],
    extendedNegotiation: [],
    userIdentity: null,
  },
}

/** A request body with further items behind its own. */
const withItems = (...items: readonly Buffer[]) => Buffer.concat([body(encodeAssociateRequest(plain)), ...items])

describe('association PDUs', () => {
  it('reads every request it can write', () => {
    fc.assert(
      fc.property(request, (value) => {
        expect(decodeAssociateRequest(body(encodeAssociateRequest(value)))).toEqual(value)
      }),
    )
  })

  it('reads every answer it can write', () => {
    const contexts = fc
      .array(fc.record({ result: fc.nat({ max: 4 }), transferSyntax: uid }), { maxLength: 128 })
      .map((answers) => answers.map((answer, index) => ({ id: 2 * index + 1, ...answer })))
    fc.assert(
      fc.property(request, contexts, (value, answers) => {
        const accept: AssociateAccept = { ...value, contexts: answers }
        const expected = answers.map((answer) => (answer.result === 0 ? answer : { ...answer, transferSyntax: '' }))
        expect(decodeAssociateAccept(body(encodeAssociateAccept(accept)))).toEqual({ ...accept, contexts: expected })
      }),
    )
  })

  it('answers any body with a value or a coded error', () => {
    const damaged = fc.tuple(request, fc.nat(), fc.nat({ max: 255 }), fc.nat()).map(([value, at, byte, cut]) => {
      const bytes = Buffer.from(body(encodeAssociateRequest(value)))
      bytes[at % bytes.length] = byte
      return bytes.subarray(0, bytes.length - (cut % 3 === 0 ? cut % bytes.length : 0))
    })
    fc.assert(
      fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 300 })), (bytes) => {
        for (const decode of [decodeAssociateRequest, decodeAssociateAccept]) {
          try {
            decode(bytes)
          } catch (error) {
            expect(error).toBeInstanceOf(DimseError)
          }
        }
      }),
      { numRuns: 500 },
    )
  })

  it('skips items of unknown types (PS3.8 9.3.1)', () => {
    expect(decodeAssociateRequest(withItems(writeItem(0x7f, Buffer.from('later edition'))))).toEqual(plain)
  })

  it('takes a trailing NUL in a UID and a title without padding rules', () => {
    const bytes = body(encodeAssociateRequest({ ...plain, applicationContext: `${APPLICATION_CONTEXT}\0` }))
    bytes.set(Buffer.from('CALLED\0\0\0\0\0\0\0\0\0\0'), 4)
    expect(decodeAssociateRequest(bytes)).toEqual(plain)
  })

  it('does not read the user identity, but sees that an answer is wanted (PS3.7 D.3.3.7)', () => {
    const identity = writeItem(ITEM.userIdentityRequest, Buffer.of(1, 1, 0, 2, 0x61, 0x62, 0, 0))
    const full = writeItem(ITEM.userInformation, identity)
    expect(decodeAssociateRequest(withItems(full)).user.userIdentity).toEqual({ positiveResponseRequested: true })
  })

  const context = (id: number, ...items: Buffer[]) => writeItem(ITEM.proposedContext, Buffer.of(id, 0, 0, 0), ...items)
  const abstract = writeItem(ITEM.abstractSyntax, Buffer.from(VERIFICATION))
  const transfer = writeItem(ITEM.transferSyntax, Buffer.from(IMPLICIT_VR_LITTLE_ENDIAN))
  it.each([
    ['a body of 67 bytes', Buffer.alloc(67)],
    ['an item cut short', withItems(Buffer.of(0x10, 0, 0, 9, 1))],
    ['an item header cut short', withItems(Buffer.of(0x10, 0, 0))],
    ['a context id used twice', withItems(context(1, abstract, transfer))],
    ['an even context id', withItems(context(2, abstract, transfer))],
    ['a context without abstract syntax', withItems(context(3, transfer))],
    ['a context without transfer syntax', withItems(context(3, abstract))],
    ['a context of two bytes', withItems(writeItem(ITEM.proposedContext, Buffer.of(3, 0)))],
    ['a UID of 66 characters', withItems(writeItem(ITEM.applicationContext, Buffer.alloc(66, 0x31)))],
    [
      'a maximum length of 3 bytes',
      withItems(writeItem(ITEM.userInformation, writeItem(ITEM.maximumLength, Buffer.alloc(3)))),
    ],
    [
      'a maximum length of 7',
      withItems(writeItem(ITEM.userInformation, writeItem(ITEM.maximumLength, Buffer.of(0, 0, 0, 7)))),
    ],
    ['a role cut short', withItems(writeItem(ITEM.userInformation, writeItem(ITEM.roleSelection, Buffer.of(0, 9))))],
    [
      'a role without roles',
      withItems(writeItem(ITEM.userInformation, writeItem(ITEM.roleSelection, Buffer.of(0, 1, 49)))),
    ],
  ])('refuses %s', (_, bytes) => {
    expect(() => decodeAssociateRequest(bytes)).toThrow(MalformedPduError)
  })
})
