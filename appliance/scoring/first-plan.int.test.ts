import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { silentLogger, systemClock } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eventually } from '../testing/appliance-process.ts'
import { type Execution, FirstPlan, readScoringPlan } from './index.ts'

const programRoot = resolve(import.meta.dirname, '..', '..')

describe('the plan that a box measures by itself', () => {
  let root: string
  let planFile: string
  let idle: boolean
  let adopted: { workers: number; execution: Execution }[]
  let first: FirstPlan
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'first-plan-'))
    planFile = join(root, 'scoring-plan.json')
    idle = true
    adopted = []
    first = new FirstPlan({
      planFile,
      programRoot,
      packageFolder: join(programRoot, 'models', 'packages', 'chest-radiograph', '1.0.0'),
      images: 4,
      isIdle: () => idle,
      adopt: async (workers, execution) => adopted.push({ workers, execution }) > 0,
      clock: systemClock,
      logger: silentLogger,
      times: { idleMs: 100, lookMs: 50, budgetMs: 1, longestMs: 60_000 },
    })
  })
  afterEach(async () => {
    await first.stop()
    await rm(root, { recursive: true, force: true })
  })
  const plan = () => {
    const found = readScoringPlan(planFile)
    return found.kind === 'plan' ? found.plan : undefined
  }

  it('is stored, marked as short, and put to work; the box is then left alone', async () => {
    await first.start()
    const found = await eventually(plan, 'a plan', 60_000)
    // A budget of a millisecond: one arrangement is measured all the same, and no batches.
    expect(found).toMatchObject({ kind: 'short', batch: 1, provider: 'cpu' })
    expect(found.trials).toHaveLength(1)
    await eventually(() => adopted[0], 'the plan at work')
    expect(adopted).toMatchObject([{ workers: found.workers, execution: { threads: found.threads } }])
    const before = await readFile(planFile, 'utf8')
    await first.stop()
    await first.start()
    await new Promise((later) => setTimeout(later, 500))
    expect(await readFile(planFile, 'utf8')).toBe(before)
    expect(adopted).toHaveLength(1)
  }, 90_000)

  it('yields to work at once, and begins again when the box rests', async () => {
    await first.start()
    await new Promise((later) => setTimeout(later, 700))
    idle = false
    await new Promise((later) => setTimeout(later, 4000))
    expect(plan()).toBeUndefined()
    expect(adopted).toEqual([])
    idle = true
    expect(await eventually(plan, 'a plan', 60_000)).toMatchObject({ kind: 'short' })
  }, 90_000)
})
