import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { deviceId } from '../contract/index.ts'
import { AgentStatusFile } from '../exchange/index.ts'
import { silentLogger, systemClock } from '../foundation/index.ts'
import type { UpdateOutcome } from '../updates/index.ts'
import { StatusReporter } from './status-reporter.ts'
import { UpdateLoop } from './update-loop.ts'

const randomness = { bytes: (length: number) => new Uint8Array(length).fill(255) }
const UNREACHABLE: UpdateOutcome = { kind: 'unreachable', reason: 'unreachable', message: 'x' }
const REFUSED: UpdateOutcome = { kind: 'refused', attack: 'freeze', message: 'x' }

let folder: string
let file: AgentStatusFile

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'update-loop-'))
  file = new AgentStatusFile(join(folder, 'agent.json'))
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})
afterEach(async () => {
  vi.useRealTimers()
  await rm(folder, { recursive: true, force: true })
})

function loopOver(outcomes: readonly (UpdateOutcome | Error)[]) {
  const status = new StatusReporter(file, deviceId.parse('test-box'), systemClock, 10_000)
  let calls = 0
  const client = {
    refresh: async (): Promise<UpdateOutcome> => {
      const outcome = outcomes[Math.min(calls++, outcomes.length - 1)]
      if (outcome === undefined || outcome instanceof Error) throw outcome ?? new Error('none')
      return outcome
    },
  }
  const loop = new UpdateLoop(3_600_000, { client, status, clock: systemClock, randomness, logger: silentLogger })
  return { loop, status, calls: () => calls }
}

describe('looking at the repository', () => {
  it('happens at the start, after an interval, and soon after a hint', async () => {
    const { loop, calls } = loopOver([REFUSED])
    await loop.start()
    await vi.advanceTimersByTimeAsync(3_599_000)
    expect(calls()).toBe(1)
    await vi.advanceTimersByTimeAsync(4000)
    expect(calls()).toBe(2)
    await vi.advanceTimersByTimeAsync(10_000)
    loop.hint()
    loop.hint()
    await vi.advanceTimersByTimeAsync(0)
    expect(calls()).toBe(3)
    await loop.stop()
  })

  it('is not driven wild by hints', async () => {
    const { loop, calls } = loopOver([REFUSED])
    await loop.start()
    for (let i = 0; i < 100; i++) {
      loop.hint()
      await vi.advanceTimersByTimeAsync(100)
    }
    expect(calls()).toBeLessThanOrEqual(6)
    expect(calls()).toBeGreaterThan(3)
    await loop.stop()
  })

  it('is tried again soon while the hub is out of reach, and less and less often', async () => {
    const { loop, calls } = loopOver([UNREACHABLE])
    await loop.start()
    await vi.advanceTimersByTimeAsync(8000)
    expect(calls()).toBe(2)
    await vi.advanceTimersByTimeAsync(12_001)
    expect(calls()).toBe(3)
    await vi.advanceTimersByTimeAsync(86_400_000)
    expect(calls()).toBeLessThan(45)
    await loop.stop()
  })

  it('survives a failure and tells each outcome by its code', async () => {
    const { loop, status } = loopOver([REFUSED, new Error('disk full')])
    await loop.start()
    await vi.advanceTimersByTimeAsync(0)
    await status.flush(0)
    expect(await file.read()).toMatchObject({ value: { updates: { outcome: 'refused', code: 'freeze' } } })
    loop.hint()
    await vi.advanceTimersByTimeAsync(3000)
    await status.flush(10_000)
    expect(await file.read()).toMatchObject({ value: { updates: { outcome: 'failed', code: 'unexpected' } } })
    await loop.stop()
  })
})
