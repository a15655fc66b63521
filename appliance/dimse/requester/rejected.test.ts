import { describe, expect, it } from 'vitest'
import { rejectionFor } from '../acceptor/rejection.ts'
import { rejectedError } from './rejected.ts'
import { classifyStoreStatus } from './store-status.ts'

describe('rejections (PS3.8 table 9-21)', () => {
  it.each([
    ['called-ae-title', false, { result: 1, source: 1, reason: 7 }],
    ['calling-ae-title', false, { result: 1, source: 1, reason: 3 }],
    ['address', false, { result: 1, source: 1, reason: 1 }],
    ['certificate', false, { result: 1, source: 1, reason: 1 }],
    ['limit', true, { result: 2, source: 3, reason: 2 }],
    ['busy', true, { result: 2, source: 3, reason: 1 }],
  ] as const)('%s is sent as its own result, source and reason', (why, transient, expected) => {
    expect(rejectionFor(why, transient)).toEqual(expected)
  })

  it.each([
    [1, 1, 1, 'permanent'],
    [2, 1, 1, 'transient'],
    [1, 1, 3, 'permanent'],
    [2, 1, 3, 'permanent'],
    [2, 1, 7, 'permanent'],
    [2, 1, 2, 'permanent'],
    [1, 2, 1, 'permanent'],
    [2, 2, 2, 'permanent'],
    [1, 3, 1, 'transient'],
    [1, 3, 2, 'transient'],
    [2, 3, 99, 'transient'],
    [1, 3, 99, 'permanent'],
  ] as const)('result %i, source %i, reason %i is %s', (result, source, reason, expected) => {
    const error = rejectedError({ result, source, reason })
    expect(error.failureClass).toBe(expected)
    expect(error.code).toBe(`association-rejected-${expected}`)
  })
})

describe('C-STORE status (PS3.4 table B.2-1)', () => {
  it.each([
    [0x0000, 'accepted'],
    [0xb000, 'accepted'],
    [0xb006, 'accepted'],
    [0xb007, 'accepted'],
    [0xa700, 'transient'],
    [0xa701, 'transient'],
    [0x0110, 'transient'],
    [0xa900, 'permanent'],
    [0xc000, 'permanent'],
    [0x0122, 'permanent'],
    [0x0124, 'permanent'],
  ] as const)('%i', (status, meaning) => {
    expect(classifyStoreStatus(status)).toBe(meaning)
  })
})
