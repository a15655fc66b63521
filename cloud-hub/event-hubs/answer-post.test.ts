import { type Acknowledgement, deviceId } from '@leadglass/sync-agent/contract'
import { ManualClock, silentLogger, systemRandomness } from '@leadglass/sync-agent/foundation'
import { clearedAnswers, desiredStatePatch, type JsonObject, mergePatch } from '@leadglass/sync-agent/transport'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { AnswerReader } from '../../sync-agent/transport/azure-iot/twin-answers.ts'
import { AnswerPost } from './answer-post.ts'
import { AzureServiceError } from './errors.ts'

const BOX = deviceId.parse('box-01')
const answer = (n: number): Acknowledgement => ({
  schema: 'leadglass.acknowledgement/1',
  device: BOX,
  batch: `0b9e9a2e-95b2-4d6f-9d39-${n.toString(16).padStart(12, '0')}`,
  watermarks: [{ epoch: 1, stream: 'audit', sequence: n }],
  refused: [],
  cosigned: null,
})

let patches: JsonObject[]
let failures: Error[]
let troubles: string[]
let post: AnswerPost

beforeEach(async () => {
  vi.useFakeTimers()
  patches = []
  failures = []
  troubles = []
  post = new AnswerPost({
    twins: {
      patchDesired: async (_device, patch) => {
        const failure = failures.shift()
        if (failure !== undefined) throw failure
        return patches.push(patch)
      },
    },
    clock: new ManualClock(1000),
    randomness: systemRandomness,
    logger: silentLogger,
    onTrouble: (device, code) => void troubles.push(`${device} ${code}`),
    gatherMs: 100,
  })
  await post.start()
})
afterEach(async () => {
  await post.stop()
  vi.useRealTimers()
})

/** What a device reads of everything that was patched. */
const heard = (): string[] => {
  const twin = patches.reduce((joined, patch) => mergePatch(joined, patch), {})
  return new AnswerReader(BOX).read(twin).answers.map((one) => one.batch)
}

it('removes what an earlier process answered, then puts several answers into one patch', async () => {
  for (const n of [1, 2, 3]) post.answer(BOX, answer(n))
  expect(post.waiting).toBe(1)
  await vi.advanceTimersByTimeAsync(1000)
  expect(patches).toHaveLength(2)
  expect(patches[0]).toEqual(clearedAnswers())
  expect(heard()).toEqual([1, 2, 3].map((n) => answer(n).batch))
  expect([post.waiting, post.lastCode]).toEqual([0, null])
})

it('waits as long as a throttled service asks, loses nothing meanwhile, and tells of it once', async () => {
  failures = Array.from({ length: 3 }, () => new AzureServiceError('service-throttled', '429', 5000))
  post.answer(BOX, answer(1))
  await vi.advanceTimersByTimeAsync(4000)
  post.answer(BOX, answer(2))
  expect([patches.length, failures.length, post.lastCode]).toEqual([0, 2, 'service-throttled'])
  await vi.advanceTimersByTimeAsync(30_000)
  expect(heard()).toEqual([answer(1).batch, answer(2).batch])
  expect(troubles).toEqual([`${BOX} service-throttled`])
  expect(post.lastCode).toBeNull()
})

it('keeps what it could not send under what came later', async () => {
  const state = (version: number) => ({
    schema: 'leadglass.desired-state/1' as const,
    version,
    timestampVersion: version,
    repositoryPath: '/delivery',
  })
  post.clear(BOX)
  await vi.advanceTimersByTimeAsync(200)
  failures = [new AzureServiceError('service-quota-exceeded', '403')]
  post.patch(BOX, desiredStatePatch(state(1)))
  post.answer(BOX, answer(1))
  await vi.advanceTimersByTimeAsync(150)
  post.patch(BOX, desiredStatePatch(state(2)))
  await vi.advanceTimersByTimeAsync(5000)
  expect(patches).toHaveLength(2)
  expect(patches[1]).toMatchObject({ leadglass: { state: { version: 2 }, answers: {} } })
  expect(heard()).toEqual([answer(1).batch])
})

it('drops the older answers rather than exceed a twin, and never a wish', async () => {
  failures = [new AzureServiceError('service-unreachable', 'away')]
  post.patch(
    BOX,
    desiredStatePatch({
      schema: 'leadglass.desired-state/1',
      version: 1,
      timestampVersion: 1,
      repositoryPath: '/delivery',
    }),
  )
  const note = `${'x'.repeat(63)}\n`.repeat(240)
  for (let n = 1; n <= 40; n++) {
    const refused = Array.from({ length: 40 }, (_, i) => ({
      epoch: 1,
      stream: 'audit' as const,
      sequence: n * 1000 + 2 * i,
      code: 'gap' as const,
    }))
    post.answer(BOX, { ...answer(n), refused, cosigned: note })
  }
  await vi.advanceTimersByTimeAsync(20_000)
  for (const patch of patches) expect(Buffer.byteLength(JSON.stringify(patch))).toBeLessThan(32 * 1024)
  expect(patches.at(-1)).toMatchObject({ leadglass: { state: { version: 1 } } })
  expect(heard()).toContain(answer(40).batch)
})
