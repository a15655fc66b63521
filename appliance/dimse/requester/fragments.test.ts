import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PduReader } from '../upper-layer/pdu-reader.ts'
import { FragmentCutter } from './fragments.ts'

/** What a reader makes of everything a cutter gives. */
function through(pieces: readonly Uint8Array[], maxPdu: number, padOdd: boolean) {
  const cutter = new FragmentCutter(5, maxPdu, padOdd)
  const pdus = pieces.flatMap((piece) => cutter.add(piece))
  pdus.push(cutter.end())
  const reader = new PduReader({ maxDataBytes: maxPdu === 0 ? 131_072 : maxPdu, maxAssociateBytes: 0 })
  reader.push(Buffer.concat(pdus.flat()))
  const bytes: Uint8Array[] = []
  const lasts: boolean[] = []
  for (let event = reader.next(); event !== undefined; event = reader.next()) {
    if (event.kind !== 'data' || event.command || event.contextId !== 5) throw new Error('not a data fragment')
    bytes.push(event.bytes)
    lasts.push(event.last)
  }
  return { bytes: Buffer.concat(bytes), lasts }
}

describe('FragmentCutter', () => {
  it('keeps every byte, stays below the maximum length, and marks only the last fragment', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 10 }),
        fc.integer({ min: 8, max: 500 }),
        (pieces, maxPdu) => {
          const whole = Buffer.concat([...pieces, new Uint8Array(1)])
          const { bytes, lasts } = through([...pieces, new Uint8Array(1)], maxPdu, true)
          expect(bytes.subarray(0, whole.length)).toEqual(whole)
          expect(bytes.length).toBe(whole.length + (whole.length % 2))
          expect(lasts.indexOf(true)).toBe(lasts.length - 1)
        },
      ),
    )
  })

  it('makes full fragments out of a large piece', () => {
    expect(through([new Uint8Array(1000)], 0, false).lasts).toEqual([true])
    expect(through([new Uint8Array(131_066 * 2)], 0, false).lasts).toEqual([false, true])
    expect(through([new Uint8Array(131_066 * 2 + 2)], 131_072, false).lasts).toEqual([false, false, true])
  })

  it('refuses an empty data set and an odd one that is not deflated', () => {
    expect(() => through([], 0, false)).toThrow(/empty/)
    expect(() => through([new Uint8Array(3)], 0, false)).toThrow(/odd/)
  })
})
