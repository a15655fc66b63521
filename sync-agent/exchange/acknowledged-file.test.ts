import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createNoteSigner, EMPTY_ROOT, generateSigningKey, signCheckpoint } from '../audit-log/index.ts'
import { type Acknowledgement, acknowledgement, STREAMS, type Watermark } from '../contract/index.ts'
import { acknowledgedState, committedSequence, mergeAcknowledgement, nothingAcknowledged } from './acknowledged-file.ts'

const AT = '2026-11-22T14:00:00.000Z'
const AUDIT = { epoch: 1, stream: 'audit' } as const

function answer(parts: Partial<Acknowledgement>): Acknowledgement {
  return acknowledgement.parse({
    schema: 'leadglass.acknowledgement/1',
    device: 'test-box',
    batch: '0b9e9a2e-95b2-4d6f-9d39-3a6c4d9b1a11',
    watermarks: [],
    refused: [],
    cosigned: null,
    ...parts,
  })
}

const start = nothingAcknowledged(AT)
const upTo = (sequence: number): Acknowledgement => answer({ watermarks: [{ ...AUDIT, sequence }] })

describe('merging acknowledgements', () => {
  it('gives the same watermarks in any order, however often they come', () => {
    const mark = fc.record({
      epoch: fc.integer({ min: 1, max: 2 }),
      stream: fc.constantFrom(...STREAMS),
      sequence: fc.nat({ max: 50 }),
    })
    fc.assert(
      fc.property(fc.array(mark, { minLength: 1, maxLength: 20 }), (marks: Watermark[]) => {
        const merge = (list: readonly Watermark[]) =>
          list.reduce((state, one) => mergeAcknowledgement(state, answer({ watermarks: [one] }), AT), start)
        const shuffled = merge([...marks, ...marks].reverse())
        for (const one of marks) {
          const most = Math.max(
            ...marks.filter((m) => m.epoch === one.epoch && m.stream === one.stream).map((m) => m.sequence),
          )
          expect(committedSequence(merge(marks), one)).toBe(most)
          expect(committedSequence(shuffled, one)).toBe(most)
        }
        expect(acknowledgedState.safeParse(shuffled).success).toBe(true)
      }),
    )
  })

  it('keeps the newest gap of a stream until the hub has passed it', () => {
    const gap = (sequence: number) => answer({ refused: [{ ...AUDIT, sequence, code: 'gap' }] })
    let state = mergeAcknowledgement(start, gap(20), AT)
    state = mergeAcknowledgement(state, gap(11), AT)
    expect(state.refused).toEqual([{ ...AUDIT, sequence: 11, code: 'gap' }])
    state = mergeAcknowledgement(state, upTo(10), AT)
    expect(state.refused).toHaveLength(1)
    state = mergeAcknowledgement(state, upTo(11), AT)
    expect(state.refused).toEqual([])
  })

  it('keeps the lowest of the gaps of one answer', () => {
    const refused = [13, 11, 12].map((sequence) => ({ ...AUDIT, sequence, code: 'gap' as const }))
    const state = mergeAcknowledgement(start, answer({ refused }), AT)
    expect(state.refused).toEqual([{ ...AUDIT, sequence: 11, code: 'gap' }])
  })

  it('keeps other refusals once each, and at most 2,000', () => {
    const conflict = answer({ refused: [{ ...AUDIT, sequence: 4, code: 'conflict' }] })
    let state = mergeAcknowledgement(mergeAcknowledgement(start, conflict, AT), conflict, AT)
    state = mergeAcknowledgement(state, upTo(100), AT)
    expect(state.refused).toEqual([{ ...AUDIT, sequence: 4, code: 'conflict' }])
    const many = Array.from({ length: 1500 }, (_, i) => ({ ...AUDIT, sequence: 1000 + i, code: 'schema' as const }))
    state = mergeAcknowledgement(state, answer({ refused: many }), AT)
    state = mergeAcknowledgement(
      state,
      answer({ refused: many.map((one) => ({ ...one, sequence: one.sequence + 5000 })) }),
      AT,
    )
    expect(state.refused).toHaveLength(2000)
    expect(state.refused.at(-1)?.sequence).toBe(7499)
  })

  it('goes back only in the stream in which the hub lost something', () => {
    const known = mergeAcknowledgement(start, upTo(10), AT)
    const restored = answer({
      watermarks: [{ ...AUDIT, sequence: 5 }],
      refused: [{ ...AUDIT, sequence: 11, code: 'gap' }],
    })
    expect(committedSequence(mergeAcknowledgement(known, restored, AT), AUDIT)).toBe(10)
    expect(committedSequence(mergeAcknowledgement(known, restored, AT, AUDIT), AUDIT)).toBe(5)
    const other = { ...AUDIT, epoch: 2 }
    expect(committedSequence(mergeAcknowledgement(known, restored, AT, other), AUDIT)).toBe(10)
  })

  it('keeps the cosigned checkpoint of the greater tree', () => {
    const signer = createNoteSigner('leadglass/test-box/audit', generateSigningKey())
    const note = (size: number) =>
      signCheckpoint({ origin: 'leadglass/test-box/audit', size, root: EMPTY_ROOT }, [signer])
    const state = [note(3), note(9), note(5)].reduce(
      (before, cosigned) => mergeAcknowledgement(before, answer({ cosigned }), AT),
      start,
    )
    expect(state.cosigned).toBe(note(9))
    expect(mergeAcknowledgement(state, answer({}), AT).cosigned).toBe(note(9))
  })
})
