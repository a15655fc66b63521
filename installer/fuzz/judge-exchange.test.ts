import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { judgeExchange } from './judge-exchange.ts'
import { associateRequest, commandSet, dataPdus, PDU, pdu, RELEASE, storeCommand } from './wire.ts'

const CLASS = '1.2.840.10008.5.1.4.1.1.2'
const SYNTAX = '1.2.840.10008.1.2.1'
const UID = '1.2.3'
const DATA = Buffer.from('08001600554900')
const request = associateRequest([{ id: 3, abstractSyntax: CLASS, transferSyntax: SYNTAX }])
const store = Buffer.concat([...dataPdus(3, true, storeCommand(7, CLASS, UID)), ...dataPdus(3, false, DATA)])

/** A-ASSOCIATE-AC with one answer (PS3.8 9.3.3). */
function accept(result: number): Buffer {
  const syntax = Buffer.from(SYNTAX, 'latin1')
  const sub = Buffer.concat([Buffer.of(0x40, 0, 0, syntax.length), syntax])
  const context = Buffer.concat([Buffer.of(0x21, 0, 0, 4 + sub.length, 3, 0, result, 0), sub])
  return pdu(PDU.associateAccept, Buffer.concat([Buffer.alloc(68), context]))
}

function answer(messageId: number, status: number): Buffer {
  const command = commandSet([
    [0x0100, 0x8001],
    [0x0120, messageId],
    [0x0800, 0x0101],
    [0x0900, status],
  ])
  return Buffer.concat(dataPdus(3, true, command))
}

const released = pdu(PDU.releaseResponse, Buffer.alloc(4))
const judge = (received: readonly Buffer[], sent = [request, store, RELEASE]) =>
  judgeExchange({ sent: Buffer.concat(sent), received: Buffer.concat(received), complete: true })

describe('the oracle of conversations', () => {
  it('names what was acknowledged by the digest under which it is kept', () => {
    const digest = createHash('sha256').update(`${CLASS}\n${UID}\n${SYNTAX}\n`).update(DATA).digest('hex')
    const expected = { problems: [], acknowledged: [{ digest, sopInstanceUid: UID }], refused: 0, end: 'release' }
    expect(judge([accept(0), answer(7, 0), released])).toEqual(expected)
  })

  it('counts a refusal and acknowledges nothing', () => {
    expect(judge([accept(0), answer(7, 0xa700), released])).toMatchObject({
      acknowledged: [],
      refused: 1,
      problems: [],
    })
  })

  it.each([
    ['an answer to a request that was never whole', [accept(0), answer(7, 0)], [request, store.subarray(0, -1)]],
    ['two answers to one request', [accept(0), answer(7, 0), answer(7, 0)], undefined],
    ['an answer to another message', [accept(0), answer(8, 0)], undefined],
    ['success on a context that was refused', [accept(3), answer(7, 0)], undefined],
    ['words after A-ABORT', [accept(0), pdu(PDU.abort, Buffer.alloc(4)), answer(7, 0)], undefined],
    ['A-ABORT with a reason that there is not', [accept(0), pdu(PDU.abort, Buffer.of(0, 0, 2, 9))], undefined],
    ['half a PDU', [accept(0), released.subarray(0, 5)], undefined],
    ['a rejection in an association', [accept(0), pdu(PDU.associateReject, Buffer.of(0, 1, 1, 1))], undefined],
    ['a request', [accept(0), RELEASE], undefined],
  ])('finds %s', (_, received, sent) => {
    expect(judge(received, sent).problems).not.toEqual([])
  })
})
