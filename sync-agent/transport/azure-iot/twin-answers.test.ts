import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Acknowledgement, deviceId, STREAMS } from '../../contract/index.ts'
import { ManualClock } from '../../foundation/index.ts'
import { type JsonObject, mergePatch } from './json.ts'
import { ANSWER_SLOTS, AnswerBoard, AnswerReader, desiredStatePatch, withoutAnswers } from './twin-answers.ts'

const DEVICE = deviceId.parse('test-box')
const batch = (n: number): string => `0b9e9a2e-95b2-4d6f-9d39-${n.toString(16).padStart(12, '0')}`
const answer = (n: number, change: Partial<Acknowledgement> = {}): Acknowledgement => ({
  schema: 'leadglass.acknowledgement/1',
  device: DEVICE,
  batch: batch(n),
  watermarks: [{ epoch: 1, stream: 'audit', sequence: n }],
  refused: [],
  cosigned: null,
  ...change,
})
const sizeOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value))

describe('answers in a twin', () => {
  it('arrive once each, in order, whether pushed one by one or read together', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: ANSWER_SLOTS }), { maxLength: 30 }), (groups) => {
        const board = new AnswerBoard(new ManualClock(1000))
        const reader = new AnswerReader(DEVICE)
        const sent: string[] = []
        const heard: string[] = []
        let desired: JsonObject = {}
        for (const group of groups) {
          for (let i = 0; i < group; i++) {
            const next = answer(sent.length + 1)
            sent.push(next.batch)
            desired = mergePatch(desired, board.post(next))
          }
          heard.push(...reader.read(desired).answers.map((one) => one.batch))
          heard.push(...reader.read(desired).answers.map((one) => one.batch))
        }
        expect(heard).toEqual(sent)
      }),
    )
  })

  it('keep marks, refusals and cosigned notes as they were', () => {
    const note = 'leadglass/test-box/audit\n12\nAAAA\n\n— leadglass/hub abc\n'
    const refused = [3, 4, 5, 9].map((sequence) => ({
      epoch: 2,
      stream: 'labels' as const,
      sequence,
      code: 'gap' as const,
    }))
    const original = answer(1, { cosigned: note, refused })
    const desired = new AnswerBoard(new ManualClock(1)).post(original)
    const [read] = new AnswerReader(DEVICE).read(desired).answers
    expect(read).toEqual(original)
    expect(JSON.stringify(desired)).toContain('[2,"labels",3,5,"gap"]')
  })

  it('are told again after the hub was restarted, even with the same content', () => {
    const clock = new ManualClock(1000)
    const reader = new AnswerReader(DEVICE)
    const first = new AnswerBoard(clock).post(answer(1))
    expect(reader.read(first).answers).toHaveLength(1)
    clock.advance(5)
    const second = mergePatch(withoutAnswers(first), new AnswerBoard(clock).post(answer(1)))
    expect(reader.read(second).answers).toHaveLength(1)
  })

  it('stay below what a twin holds, whatever was refused', () => {
    const board = new AnswerBoard(new ManualClock(Date.now()))
    let desired: JsonObject = {}
    for (let n = 0; n < 2 * ANSWER_SLOTS; n++) {
      const refused = Array.from({ length: 2000 }, (_, i) => ({
        epoch: 1_000_000,
        stream: STREAMS[i % 5] ?? 'audit',
        sequence: Number.MAX_SAFE_INTEGER - i,
        code: 'audit-inconsistent' as const,
      }))
      desired = mergePatch(desired, board.post(answer(n, { refused, cosigned: `${'x'.repeat(63)}\n`.repeat(250) })))
    }
    expect(sizeOf(desired)).toBeLessThan(32 * 1024)
    const worst = mergePatch({}, board.post(answer(1)))
    expect(sizeOf(worst)).toBeLessThan(300)
  })

  it('tell a new desired state once', () => {
    const state = {
      schema: 'leadglass.desired-state/1' as const,
      version: 2,
      timestampVersion: 5,
      repositoryPath: '/delivery',
    }
    const reader = new AnswerReader(DEVICE)
    expect(reader.read(desiredStatePatch(state)).state).toEqual(state)
    expect(reader.read(desiredStatePatch(state)).state).toBeUndefined()
    expect(reader.read(desiredStatePatch({ ...state, version: 3 })).state?.version).toBe(3)
  })

  it('are dropped when malformed, and count', () => {
    const slots = {
      s0: { n: 1, b: 'x', w: [], r: [] },
      s1: 'text',
      s2: { n: 2, b: batch(1), w: [[1, 'audit', -1]], r: [] },
      s3: { n: 2, b: batch(1), w: [], r: [[1, 'audit', 1, Number.MAX_SAFE_INTEGER, 'gap']] },
      other: { n: 3, b: batch(2), w: [], r: [] },
    }
    const read = new AnswerReader(DEVICE).read({ leadglass: { answers: slots, state: { schema: 'x' } } })
    expect(read).toEqual({ answers: [], state: undefined, refused: 6 })
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        new AnswerReader(DEVICE).read({ leadglass: value })
        new AnswerReader(DEVICE).read({
          leadglass: { answers: { s0: value as JsonObject }, cosigned: value as JsonObject },
        })
      }),
    )
  })
})
