import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stowResults } from './stow-response.ts'

const OBJECTS = [{ sopInstanceUid: '1.1' }, { sopInstanceUid: '1.2' }]
const item = (uid: string, reason?: number) => ({
  '00081155': { vr: 'UI', Value: [uid] },
  ...(reason === undefined ? {} : { '00081197': { vr: 'US', Value: [reason] } }),
})
const body = (stored: unknown[], failed: unknown[]) =>
  Buffer.from(JSON.stringify({ '00081199': { vr: 'SQ', Value: stored }, '00081198': { vr: 'SQ', Value: failed } }))
const judged = (status: number, answer: Buffer) =>
  stowResults(status, answer, OBJECTS).map((one) => (one.kind === 'failed' ? one.code : one.kind))

describe('the answer of STOW-RS', () => {
  it.each([
    ['all stored', 200, body([item('1.1'), item('1.2')], []), ['accepted', 'accepted']],
    ['some stored', 202, body([item('1.1')], [item('1.2', 0xa700)]), ['accepted', 'status-a700']],
    ['none stored', 409, body([], [item('1.1', 0x0122), item('1.2', 0xc122)]), ['status-0122', 'status-c122']],
    ['one not mentioned', 200, body([item('1.1')], []), ['accepted', 'http-not-mentioned']],
    [
      'one both stored and failed',
      202,
      body([item('1.1'), item('1.2')], [item('1.2', 0x0110)]),
      ['accepted', 'status-0110'],
    ],
    ['a failure without a reason', 202, body([item('1.1')], [item('1.2')]), ['accepted', 'http-refused']],
    ['no body', 200, Buffer.alloc(0), ['accepted', 'accepted']],
    ['a page instead', 200, Buffer.from('<html>'), ['http-answer', 'http-answer']],
    ['a refusal', 401, Buffer.from('{"error":"no"}'), ['http-401', 'http-401']],
    ['a conflict without words', 409, Buffer.alloc(0), ['http-refused', 'http-refused']],
    ['full', 507, Buffer.alloc(0), ['http-507', 'http-507']],
    ['accepted without a word', 202, Buffer.alloc(0), ['http-not-mentioned', 'http-not-mentioned']],
  ])('%s', (_name, status, answer, expected) => {
    expect(judged(status, answer)).toEqual(expected)
  })

  it('judges every object once whatever the body is', () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 599 }), fc.json(), (status, json) => {
        expect(stowResults(status, Buffer.from(json), OBJECTS)).toHaveLength(2)
      }),
    )
  })
})
