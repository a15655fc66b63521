import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  chooseTrial,
  executionOf,
  readScoringPlan,
  type ScoringPlan,
  type ScoringTrial,
  writeScoringPlan,
} from './plan.ts'
import { arrangements } from './tune.ts'

const trial = (workers: number, threads: number, imagesPerSecond: number): ScoringTrial => ({
  provider: 'cpu',
  workers,
  threads,
  imagesPerSecond,
  p50Ms: 1,
  p95Ms: 2,
})

const plan: ScoringPlan = {
  schema: 'leadglass.scoring-plan/1',
  measuredAt: '2026-01-01T00:00:00.000Z',
  model: 'x@1.0.0',
  machine: { processor: 'x', cores: availableParallelism(), memoryMiB: Math.floor(totalmem() / 2 ** 20) },
  workers: 2,
  threads: 3,
  batch: 1,
  provider: 'cpu',
  cpuFallback: false,
  memoryBudgetMiB: 1000,
  providers: [{ provider: 'cpu', available: true, detail: 'loads' }],
  trials: [trial(2, 3, 10)],
}

describe('the scoring plan', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'plan-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('is the fastest arrangement, or one with fewer workers that is nearly as fast', () => {
    expect(chooseTrial([trial(4, 1, 96), trial(8, 1, 100), trial(1, 8, 40)])).toMatchObject({ workers: 4 })
    expect(chooseTrial([trial(4, 1, 90), trial(8, 1, 100)])).toMatchObject({ workers: 8 })
    expect(chooseTrial([])).toBeUndefined()
  })

  it('is measured with no more threads than cores, and on a card only where its libraries load', () => {
    const probes = [
      { provider: 'cpu', available: true, detail: '' },
      { provider: 'cuda', available: true, detail: '' },
      { provider: 'tensorrt', available: false, detail: '' },
    ] as const
    const all = arrangements(probes, 6)
    expect(all.filter((one) => one.provider === 'cpu').every((one) => one.workers * one.threads <= 6)).toBe(true)
    expect(all).toContainEqual({ provider: 'cpu', workers: 6, threads: 1 })
    expect(all).toContainEqual({ provider: 'cpu', workers: 1, threads: 6 })
    expect(new Set(all.map((one) => one.provider))).toEqual(new Set(['cpu', 'cuda']))
  })

  it('is in force on the machine that it was measured on, and on no other', async () => {
    const file = join(folder, 'plan.json')
    expect(readScoringPlan(file)).toEqual({ kind: 'none', reason: 'not-measured' })
    await writeScoringPlan(file, plan)
    expect(readScoringPlan(file)).toEqual({ kind: 'plan', plan })
    expect(executionOf(plan)).toEqual({ provider: 'cpu', cpuFallback: false, threads: 3 })
    await writeScoringPlan(file, { ...plan, machine: { ...plan.machine, cores: plan.machine.cores + 1 } })
    expect(readScoringPlan(file)).toEqual({ kind: 'none', reason: 'another-machine' })
    await writeFile(file, '{"schema":"leadglass.scoring-plan/1"}')
    expect(readScoringPlan(file)).toEqual({ kind: 'none', reason: 'unreadable' })
  })
})
