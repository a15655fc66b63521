import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Acknowledgement, deviceId, STREAMS, type StreamName } from '../contract/index.ts'
import {
  type BatchRange,
  batchFileName,
  compareRanges,
  nothingAcknowledged,
  type OutboxEntry,
} from '../exchange/index.ts'
import { SendWindow, WINDOW_DEFAULTS } from './send-window.ts'

const AT = '2026-11-22T14:00:00.000Z'
const LIMITS = { ...WINDOW_DEFAULTS, acknowledgementTimeoutMs: 30_000 }
const randomness = { bytes: (length: number) => new Uint8Array(length).fill(255) }

function entry(first: number, last: number, stream: StreamName = 'audit', epoch = 1): OutboxEntry {
  const range: BatchRange = { epoch, stream, first, last }
  return { name: batchFileName(range), range }
}

function waiting(...entries: OutboxEntry[]): ReadonlyMap<StreamName, readonly OutboxEntry[]> {
  const sorted = entries.sort((a, b) => compareRanges(a.range, b.range))
  return new Map(STREAMS.map((stream) => [stream, sorted.filter((one) => one.range.stream === stream)]))
}

function answer(batch: string, sequence: number, gapAt?: number, stream: StreamName = 'audit'): Acknowledgement {
  return {
    schema: 'leadglass.acknowledgement/1',
    device: deviceId.parse('test-box'),
    batch,
    watermarks: [{ epoch: 1, stream, sequence }],
    refused: gapAt === undefined ? [] : [{ epoch: 1, stream, sequence: gapAt, code: 'gap' }],
    cosigned: null,
  }
}

const NOTHING = waiting()

type Fault = 'deliver' | 'lose-batch' | 'lose-answer' | 'lose-link' | 'fail' | 'late'

const fresh = (): SendWindow => new SendWindow(nothingAcknowledged(AT), LIMITS, randomness)

/** Takes what may go now, as the loop does; the file's name serves as the batch id. */
function sendAll(window: SendWindow, files: ReadonlyMap<StreamName, readonly OutboxEntry[]>, now: number): string[] {
  const sent: string[] = []
  for (let next = window.next(files, now); next !== undefined; next = window.next(files, now)) {
    window.sent(next.name, next.range, now)
    sent.push(next.name)
  }
  return sent
}

describe('the window', () => {
  it('lets four batches of a stream and eight in all go, in order', () => {
    const window = fresh()
    const audit = [1, 2, 3, 4, 5, 6].map((n) => entry(n, n))
    const health = [1, 2, 3, 4, 5, 6].map((n) => entry(n, n, 'health'))
    const sent = sendAll(window, waiting(...audit, ...health), 0)
    expect(sent).toEqual([...audit.slice(0, 4), ...health.slice(0, 4)].map((one) => one.name))
    window.acknowledge(answer(entry(1, 1).name, 1), NOTHING, 0, AT)
    expect(sendAll(window, waiting(...audit, ...health), 0)).toEqual([entry(5, 5).name])
  })

  it('lets a watermark answer for the batches below it whose own answers were lost', () => {
    const window = fresh()
    const files = waiting(entry(1, 10), entry(11, 20), entry(21, 30))
    expect(sendAll(window, files, 0)).toHaveLength(3)
    window.acknowledge(answer(entry(21, 30).name, 30), files, 10, AT)
    expect(window.inFlight).toBe(0)
    expect(window.expire(LIMITS.acknowledgementTimeoutMs)).toBe(0)
    expect(sendAll(window, waiting(entry(31, 40), entry(41, 50)), 0)).toHaveLength(2)
  })

  it('tries again at once what was not taken, then later each time, and lets other streams go meanwhile', () => {
    const window = fresh()
    const large = entry(1, 1, 'features')
    const files = waiting(large, entry(1, 1, 'health'), entry(2, 2, 'health'))
    expect(sendAll(window, files, 0)).toContain(large.name)
    window.notTaken(large.name, 0)
    expect(sendAll(window, files, 0)).toEqual([large.name])
    window.notTaken(large.name, 0)
    expect(sendAll(window, files, 0)).toEqual([])
    const afterFirst = LIMITS.fruitless.firstMs
    expect(sendAll(window, files, afterFirst)).toEqual([large.name])
    window.notTaken(large.name, afterFirst)
    expect(sendAll(window, files, afterFirst + LIMITS.fruitless.firstMs)).toEqual([])
    window.linkLost()
    expect(sendAll(window, files, afterFirst + LIMITS.fruitless.firstMs)).toContain(large.name)
  })

  it('begins the next epoch of a stream when the one before is committed as a whole, and not before', () => {
    const window = fresh()
    const old = [1, 2, 3, 4, 5].map((n) => entry(n, n))
    const files = waiting(...old, entry(1, 9, 'audit', 2), entry(1, 3, 'health', 2))
    const health = entry(1, 3, 'health', 2).name
    expect(sendAll(window, files, 0)).toEqual([...old.slice(0, 4).map((one) => one.name), health])
    for (const n of [1, 2, 3, 4]) window.acknowledge(answer(entry(n, n).name, n), files, 0, AT)
    expect(sendAll(window, files, 0)).toEqual([entry(5, 5).name])
    window.acknowledge(answer(entry(5, 5).name, 5), files, 0, AT)
    expect(sendAll(window, files, 0)).toEqual([entry(1, 9, 'audit', 2).name])
  })

  it('skips what is committed or on its way already, and sends a longer file for its new end', () => {
    const window = fresh()
    expect(sendAll(window, waiting(entry(1, 10), entry(1, 4)), 0)).toEqual([entry(1, 10).name])
    expect(sendAll(window, waiting(entry(1, 10), entry(1, 12)), 0)).toEqual([entry(1, 12).name])
    window.acknowledge(answer(entry(1, 12).name, 12), NOTHING, 0, AT)
    expect(sendAll(window, waiting(entry(1, 10), entry(1, 12)), 0)).toEqual([])
  })

  it('sends again from the watermark at the first gap at once, then after growing delays, one at a time', () => {
    const window = fresh()
    const files = waiting(entry(5, 5), entry(6, 6), entry(7, 7))
    expect(sendAll(window, files, 0)).toHaveLength(3)
    window.acknowledge(answer(entry(5, 5).name, 2, 5), files, 10, AT)
    expect(sendAll(window, files, 10)).toEqual([entry(5, 5).name])
    window.acknowledge(answer(entry(5, 5).name, 2, 5), files, 20, AT)
    expect(sendAll(window, files, 20)).toEqual([])
    expect(sendAll(window, files, 1020)).toEqual([entry(5, 5).name])
    window.acknowledge(answer(entry(5, 5).name, 2, 5), files, 1030, AT)
    expect(sendAll(window, files, 3029)).toEqual([])
    expect(sendAll(window, files, 3030)).toHaveLength(1)
    window.acknowledge(answer(entry(5, 5).name, 5), files, 3040, AT)
    expect(sendAll(window, files, 3040)).toEqual([entry(6, 6).name, entry(7, 7).name])
  })

  it('gives up on an answer after its time and sends the stream again', () => {
    const window = fresh()
    const files = waiting(entry(1, 1), entry(2, 2))
    sendAll(window, files, 0)
    expect(window.expire(29_999)).toBe(0)
    expect(window.expire(30_000)).toBe(2)
    expect(sendAll(window, files, 30_000)).toEqual([entry(1, 1).name])
  })

  it('sends everything again after the link was lost', () => {
    const window = fresh()
    const files = waiting(entry(1, 1), entry(2, 2), entry(1, 1, 'labels'))
    expect(sendAll(window, files, 0)).toHaveLength(3)
    window.linkLost()
    expect(sendAll(window, files, 0)).toHaveLength(3)
  })

  it('holds the rest of a stream back when one batch could not be published', () => {
    const window = fresh()
    const files = waiting(entry(1, 1), entry(2, 2), entry(3, 3))
    sendAll(window, files, 0)
    window.failed(entry(2, 2).name)
    expect(sendAll(window, files, 0)).toEqual([1, 2, 3].map((n) => entry(n, n).name))
  })

  it('sends nothing more of an epoch that the hub has closed', () => {
    const window = fresh()
    const files = waiting(entry(1, 1), entry(1, 1, 'audit', 2))
    const closed = answer(entry(1, 1).name, 0)
    sendAll(window, files, 0)
    window.acknowledge(
      { ...closed, refused: [{ epoch: 1, stream: 'audit', sequence: 1, code: 'closed-epoch' }] },
      NOTHING,
      0,
      AT,
    )
    window.linkLost()
    expect(sendAll(window, files, 0)).toEqual([entry(1, 1, 'audit', 2).name])
  })

  it('believes a hub that lost something only when the answer belongs to what is on its way', () => {
    const window = fresh()
    sendAll(window, waiting(entry(1, 10)), 0)
    window.acknowledge(answer(entry(1, 10).name, 10), NOTHING, 0, AT)
    // Late and once more: the hub's answer to an earlier sending.
    expect(window.acknowledge(answer('earlier', 3, 11), NOTHING, 0, AT)).toBe(false)
    expect(window.acknowledged.watermarks[0]?.sequence).toBe(10)
    sendAll(window, waiting(entry(11, 20)), 0)
    expect(window.acknowledge(answer(entry(11, 20).name, 3, 11), NOTHING, 0, AT)).toBe(true)
    expect(window.acknowledged).toMatchObject({
      watermarks: [{ sequence: 3 }],
      refused: [{ sequence: 11, code: 'gap' }],
    })
  })

  it('tells the appliance of a gap only when the outbox does not have what is missing', () => {
    const window = fresh()
    const files = waiting(entry(1, 2), entry(3, 4))
    sendAll(window, files, 0)
    expect(window.acknowledge(answer(entry(3, 4).name, 0, 3), files, 0, AT)).toBe(true)
    expect(window.acknowledged.refused).toEqual([])
    const rest = waiting(entry(3, 4))
    expect(sendAll(window, rest, 0)).toEqual([entry(3, 4).name])
    window.acknowledge(answer(entry(3, 4).name, 0, 3), rest, 0, AT)
    expect(window.acknowledged.refused).toEqual([{ epoch: 1, stream: 'audit', sequence: 3, code: 'gap' }])
  })

  it('brings everything to a hub through any loss of batches, answers and links, and keeps the order', () => {
    const event = fc.constantFrom(
      'deliver',
      'deliver',
      'deliver',
      'lose-batch',
      'lose-answer',
      'lose-link',
      'fail',
      'late',
    )
    const cuts = fc.uniqueArray(fc.integer({ min: 2, max: 60 }), { maxLength: 20 })
    fc.assert(
      fc.property(cuts, fc.infiniteStream(event), (edges, faults) => {
        const starts = [1, ...edges.sort((a, b) => a - b)]
        const files = waiting(
          ...(['audit', 'health'] as const).flatMap((stream) =>
            starts.map((first, i) => entry(first, (starts[i + 1] ?? 61) - 1, stream)),
          ),
        )
        const window = fresh()
        const hub = new Map<StreamName, number>()
        const late: Acknowledgement[] = []
        let now = 0
        let faultsLeft = 60
        let idle = false
        for (let round = 0; round < 400; round++) {
          // A stream in trouble may hold still for the largest delay: rounds are counted, not the time between them.
          now += idle ? LIMITS.fruitless.largestMs : 1000
          window.expire(now)
          const onTheWay: OutboxEntry[] = []
          for (let next = window.next(files, now); next !== undefined; next = window.next(files, now)) {
            window.sent(next.name, next.range, now)
            onTheWay.push(next)
          }
          idle = onTheWay.length === 0
          for (const { name, range } of onTheWay) {
            const fault = faultsLeft-- > 0 ? (faults.next().value as Fault) : 'deliver'
            if (fault === 'lose-batch') continue
            if (fault === 'lose-link') {
              window.linkLost()
              break
            }
            if (fault === 'fail') {
              window.failed(name)
              continue
            }
            const watermark = hub.get(range.stream) ?? 0
            const gap = range.first > watermark + 1
            if (!gap) hub.set(range.stream, Math.max(watermark, range.last))
            const reply = answer(name, hub.get(range.stream) ?? 0, gap ? range.first : undefined, range.stream)
            if (fault === 'late') late.push(reply)
            if (fault === 'deliver') window.acknowledge(reply, files, now, AT)
          }
          for (const reply of late.splice(0, round % 3)) window.acknowledge(reply, files, now, AT)
          if (window.acknowledged.watermarks.filter((mark) => mark.sequence === 60).length === 2) return true
        }
        return false
      }),
      { numRuns: 200 },
    )
  })
})
