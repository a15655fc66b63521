import { readFileSync } from 'node:fs'
import { availableParallelism, totalmem } from 'node:os'
import { writeFileAtomically } from '@leadglass/sync-agent/foundation'
import { z } from 'zod'
import { type Execution, executionProvider } from './execution.ts'

/** Name of the plan's file in the appliance's data folder. */
export const SCORING_PLAN_FILE = 'scoring-plan.json'

const count = z.number().int().min(1).max(256)
const figure = z.number().min(0).max(1e9)

/** One arrangement as it was measured. Times are in milliseconds from file to scores, without waiting. */
const trial = z.strictObject({
  provider: executionProvider,
  workers: count,
  threads: count,
  imagesPerSecond: figure,
  p50Ms: figure,
  p95Ms: figure,
})
export type ScoringTrial = z.infer<typeof trial>

const machine = z.strictObject({ processor: z.string().max(200), cores: count, memoryMiB: z.number().int().min(1) })

/** What `leadglass scoring tune` found on a box: how many workers, of how many threads, run by what. */
export const scoringPlan = z.strictObject({
  schema: z.literal('leadglass.scoring-plan/1'),
  measuredAt: z.iso.datetime(),
  model: z.string().max(200),
  machine,
  workers: count,
  threads: count,
  /** Images in one call of the runtime; more than one only where that was measured to win. */
  batch: z.union([z.literal(1), z.literal(2), z.literal(4), z.literal(8)]),
  provider: executionProvider,
  cpuFallback: z.boolean(),
  memoryBudgetMiB: z.number().int().min(64),
  providers: z.array(
    z.strictObject({ provider: executionProvider, available: z.boolean(), detail: z.string().max(300) }),
  ),
  trials: z.array(trial).min(1).max(64),
  /** The chosen arrangement with so many images in one call, in jobs of eight files. Absent where it was not measured. */
  batches: z
    .array(z.strictObject({ batch: count, imagesPerSecond: figure }))
    .max(8)
    .optional(),
  /** `short`: measured by the box itself at its first start, with few images. */
  kind: z.enum(['full', 'short']).optional(),
})
export type ScoringPlan = z.infer<typeof scoringPlan>

/** A plan that is in force, or why none is. */
export type PlanInForce =
  | { readonly kind: 'plan'; readonly plan: ScoringPlan }
  | { readonly kind: 'none'; readonly reason: 'not-measured' | 'unreadable' | 'another-machine' }

/** Three quarters of the machine's memory: the database, the receiver and the system need the rest. */
export function memoryBudgetMiB(): number {
  return Math.floor((totalmem() / 2 ** 20) * 0.75)
}

/** Reads a stored plan. One of a machine with other cores or much other memory is not in force: it was never measured here. */
export function readScoringPlan(path: string): PlanInForce {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    return { kind: 'none', reason: 'not-measured' }
  }
  const parsed = scoringPlan.safeParse(jsonOf(text))
  if (!parsed.success) return { kind: 'none', reason: 'unreadable' }
  const { cores, memoryMiB } = parsed.data.machine
  const memory = totalmem() / 2 ** 20
  const isHere = cores === availableParallelism() && Math.abs(memoryMiB - memory) < memory / 10
  return isHere ? { kind: 'plan', plan: parsed.data } : { kind: 'none', reason: 'another-machine' }
}

/** Stores a plan; it is in force from the appliance's next start. */
export async function writeScoringPlan(path: string, plan: ScoringPlan): Promise<void> {
  await writeFileAtomically(path, `${JSON.stringify(scoringPlan.parse(plan), null, 2)}\n`)
}

/** How workers run graphs under a plan. */
export function executionOf({ provider, cpuFallback, threads, batch }: ScoringPlan): Execution {
  return { provider, cpuFallback, threads, ...(batch === 1 ? {} : { batch }) }
}

/** A batch is worth its memory and its waiting only when it wins so much against one image at a time. */
const BATCH_MUST_WIN = 1.05

/** The smallest batch within the fastest's reach; 1 when none wins clearly. */
export function chooseBatch(
  measured: readonly { readonly batch: number; readonly imagesPerSecond: number }[],
): ScoringPlan['batch'] {
  const single = measured.find(({ batch }) => batch === 1)?.imagesPerSecond ?? Number.POSITIVE_INFINITY
  const most = Math.max(...measured.map(({ imagesPerSecond }) => imagesPerSecond))
  if (most < single * BATCH_MUST_WIN) return 1
  const best = measured.find(({ batch, imagesPerSecond }) => batch > 1 && imagesPerSecond >= 0.98 * most)?.batch
  return best === 2 || best === 4 || best === 8 ? best : 1
}

/**
 * The best of measured arrangements: the most images a second; among those within five percent of it the one with the
 * fewest workers, since each holds its own copy of the model.
 */
export function chooseTrial(trials: readonly ScoringTrial[]): ScoringTrial | undefined {
  const most = Math.max(...trials.map((one) => one.imagesPerSecond))
  return trials
    .filter((one) => one.imagesPerSecond >= 0.95 * most)
    .toSorted((a, b) => a.workers - b.workers || a.threads - b.threads || b.imagesPerSecond - a.imagesPerSecond)[0]
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
