import { createHash } from 'node:crypto'
import { systemRandomness } from '@leadglass/sync-agent/foundation'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CutDisk } from '../testing/cut-disk.ts'
import { LandingLog } from './landing-log.ts'
import type { Landed } from './segment.ts'

const SITE_KEY = new Uint8Array(32).fill(5)
const SEGMENT_BYTES = 12_000

function logOn(disk: CutDisk, siteKey = SITE_KEY): LandingLog {
  const { open, existing } = disk
  return new LandingLog({
    siteKey,
    randomness: systemRandomness,
    open,
    existing,
    segmentBytes: SEGMENT_BYTES,
    mostSegments: 4,
  })
}

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const bodyOf = (number: number, bytes: number): Buffer => Buffer.alloc(bytes, (number % 255) + 1)
const recordOf = (number: number, body: Buffer): Buffer => Buffer.from(JSON.stringify({ number, body: digest(body) }))

/** What a start finds: numbers in order, and which bodies are whole. */
async function found(disk: CutDisk): Promise<{ number: number; whole: boolean }[]> {
  const frames = await logOn(disk).open()
  return frames.map((frame) => {
    const { number, body } = JSON.parse(frame.record.toString('utf8')) as { number: number; body: string }
    return { number, whole: digest(frame.segment.read(frame)) === body }
  })
}

/** One step of a run: so many instances at once of such a size, then so many of the oldest are settled. */
const step = fc.record({
  sizes: fc.array(fc.integer({ min: 0, max: 5000 }), { minLength: 1, maxLength: 4 }),
  alone: fc.boolean(),
  settle: fc.integer({ min: 0, max: 6 }),
})

describe('the landing log', () => {
  it('loses nothing acknowledged and doubles nothing, wherever the power is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 0, max: 60 }),
        fc.infiniteStream(fc.boolean()),
        async (steps, cutAt, coin) => {
          const disk = new CutDisk(cutAt)
          const log = logOn(disk)
          await log.open()
          const acknowledged = new Map<number, Landed>()
          const settled = new Set<number>()
          let next = 0
          for (const { sizes, alone, settle } of steps) {
            const sent = sizes.map((bytes) => {
              next += 1
              const number = next
              const body = bodyOf(number, bytes)
              return log.append(recordOf(number, body), [body], alone).then(
                (landed) => acknowledged.set(number, landed),
                () => undefined,
              )
            })
            // With every segment in use a sender waits; here nobody would settle meanwhile.
            const oldest = [...acknowledged.keys()].filter((number) => !settled.has(number))
            const needed = log.load === 1 ? oldest.length : Math.min(settle, oldest.length)
            for (const number of oldest.slice(0, needed)) {
              const landed = acknowledged.get(number)
              settled.add(number)
              if (landed !== undefined) log.release(landed)
            }
            await Promise.race([Promise.all(sent), new Promise((resolve) => setTimeout(resolve, 30))])
            if (disk.isCut) break
          }
          // What is acknowledged from here on was not when the power went: a slow machine still works on it.
          const known = new Map(acknowledged)
          const after = disk.afterCut(() => coin.next().value === true)
          const frames = await found(after)
          const whole = frames.filter((frame) => frame.whole).map((frame) => frame.number)
          expect(new Set(whole).size).toBe(whole.length)
          for (const number of known.keys()) if (!settled.has(number)) expect(whole).toContain(number)
          for (const number of whole) expect(number).toBeLessThanOrEqual(next)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('ends at a torn tail, whatever was torn off, and gives back all before it', async () => {
    const disk = new CutDisk()
    const log = logOn(disk)
    await log.open()
    for (const number of [1, 2, 3]) {
      const body = bodyOf(number, 700)
      await log.append(recordOf(number, body), [body])
    }
    const file = await disk.open(0)
    const end = 4096 + 3 * (24 + 16 + recordOf(1, bodyOf(1, 700)).length + 700)
    for (let cut = 4096; cut <= end; cut += 37) {
      const copy = new CutDisk()
      const other = await copy.open(0)
      other.write([file.read(0, cut)], 0)
      const frames = (await found(copy)).filter((frame) => frame.whole)
      const expected = Math.floor((cut - 4096) / ((end - 4096) / 3))
      expect(frames.map((frame) => frame.number)).toEqual([1, 2, 3].slice(0, expected))
    }
  })

  it('believes no frame that was changed, and none of another site', async () => {
    const disk = new CutDisk()
    const log = logOn(disk)
    await log.open()
    const body = bodyOf(1, 300)
    await log.append(recordOf(1, body), [body])
    expect(await logOn(disk, new Uint8Array(32).fill(6)).open()).toEqual([])
    const file = await disk.open(0)
    const byte = file.read(4096 + 30, 1)
    file.write([Buffer.of((byte[0] ?? 0) ^ 1)], 4096 + 30)
    expect(await found(disk)).toEqual([])
  })

  it('uses a segment again under another key once all of it is settled: what it held is unreadable', async () => {
    const disk = new CutDisk()
    const log = logOn(disk)
    await log.open()
    const body = bodyOf(1, 300)
    const landed = await log.append(recordOf(1, body), [body])
    const before = (await disk.open(0)).read(0, 4096)
    log.release(landed)
    await new Promise((resolve) => setTimeout(resolve, 20))
    const file = await disk.open(0)
    expect(file.read(0, 4096).equals(before)).toBe(false)
    expect(await found(disk)).toEqual([])
  })

  it('refuses who waits for room when nothing can be settled, and goes on when something is', async () => {
    const disk = new CutDisk()
    const log = logOn(disk)
    await log.open()
    const body = bodyOf(1, 9000)
    const landed: Landed[] = []
    for (const number of [1, 2, 3, 4]) landed.push(await log.append(recordOf(number, body), [body]))
    const refused = log.append(recordOf(5, body), [body]).catch((cause: Error) => cause.message)
    await new Promise((resolve) => setTimeout(resolve, 10))
    log.fail(new Error('no space'))
    expect(await refused).toBe('no space')
    const waiting = log.append(recordOf(6, body), [body])
    const [first] = landed
    if (first !== undefined) log.release(first)
    expect((await waiting).bodyBytes).toBe(9000)
    expect((await found(disk)).map((frame) => frame.number)).toEqual([2, 3, 4, 6])
  })

  it('holds what is settled until its segment is done with, and says so', async () => {
    const disk = new CutDisk()
    const log = logOn(disk)
    await log.open()
    const body = bodyOf(1, 300)
    const [first, second] = [await log.append(recordOf(1, body), [body]), await log.append(recordOf(2, body), [body])]
    log.release(first)
    const isHeld = log.retire()
    expect(isHeld()).toBe(true)
    const third = await log.append(recordOf(3, body), [body])
    expect(third.segment).not.toBe(second.segment)
    log.release(second)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(isHeld()).toBe(false)
    expect((await found(disk)).map((frame) => frame.number)).toEqual([3])
  })

  it('gives a frame larger than a segment a segment of its own', async () => {
    const log = logOn(new CutDisk())
    await log.open()
    const body = bodyOf(1, SEGMENT_BYTES * 2)
    expect((await log.append(recordOf(1, body), [body])).bodyBytes).toBe(body.length)
  })
})
