import { describe, expect, it } from 'vitest'
import { type CommandValues, decodeCommandSet, ELEMENT, encodeCommandSet } from '../message/command-set.ts'
import type { AssociationFacts } from '../ports.ts'
import { MalformedMessageError } from '../upper-layer/malformed.ts'
import { readRequest } from './requests.ts'

const CT = '1.2.840.10008.5.1.4.1.1.2'
const CONTEXT = { id: 1, abstractSyntax: CT, transferSyntax: '1.2.840.10008.1.2.1' }
const FACTS: AssociationFacts = {
  associationId: 'a',
  calledAeTitle: 'CALLED',
  callingAeTitle: 'CALLING',
  remoteAddress: '127.0.0.1',
  remotePort: 1,
  implementationClassUid: '1.2',
  implementationVersionName: '',
  tls: false,
  certificateSubject: null,
  certificateSha256: null,
}
const read = (values: CommandValues) => readRequest(decodeCommandSet(encodeCommandSet(values)), CONTEXT, FACTS)
const store = (sopClassUid: string, sopInstanceUid: string): CommandValues => [
  [ELEMENT.affectedSopClassUid, sopClassUid],
  [ELEMENT.commandField, 1],
  [ELEMENT.messageId, 5],
  [ELEMENT.dataSetType, 0],
  [ELEMENT.affectedSopInstanceUid, sopInstanceUid],
]

describe('readRequest', () => {
  it('reads a store with its move originator', () => {
    const request = read([
      ...store(CT, '1.2.3'),
      [ELEMENT.moveOriginatorAeTitle, 'MOVER'],
      [ELEMENT.moveOriginatorMessageId, 8],
    ])
    expect(request).toMatchObject({
      kind: 'store',
      facts: {
        association: FACTS,
        sopClassUid: CT,
        sopInstanceUid: '1.2.3',
        transferSyntaxUid: '1.2.840.10008.1.2.1',
        moveOriginator: { aeTitle: 'MOVER', messageId: 8 },
      },
    })
  })

  it.each([
    ['another SOP class than the context has', store('1.2.840.10008.5.1.4.1.1.4', '1.2.3'), 0x0122],
    ['no SOP instance UID', store(CT, ''), 0x0117],
    ['a backslash in the SOP instance UID', store(CT, '1.2\\3'), 0x0117],
    ['blanks within the SOP instance UID', store(CT, '1.2 3'), 0x0117],
    ['a SOP instance UID of 65 characters', store(CT, `1.${'2'.repeat(63)}`), 0x0117],
    ['a C-FIND', [[ELEMENT.commandField, 0x20] as const, [ELEMENT.messageId, 5] as const], 0x0211],
  ] as const)('refuses %s', (_, values, status) => {
    expect(read(values)).toMatchObject({ kind: 'refused', refusal: { status } })
  })

  it('takes a cancel, which has no answer', () => {
    expect(read([[ELEMENT.commandField, 0x0fff]])).toEqual({ kind: 'cancel' })
  })

  it.each([
    ['no command field', [[ELEMENT.messageId, 5] as const]],
    ['no message id', [[ELEMENT.commandField, 1] as const]],
    ['a response', [[ELEMENT.commandField, 0x8001] as const]],
  ] as const)('cannot answer %s', (_, values) => {
    expect(() => read(values)).toThrow(MalformedMessageError)
  })
})
