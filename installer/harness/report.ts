import { z } from 'zod'

/** One judged figure. `goal` is written so that a person sees the direction, such as `>= 1.0`. */
export const judgement = z.strictObject({
  name: z.string(),
  value: z.number(),
  goal: z.string().regex(/^(>=|<=|==) -?\d+(\.\d+)?$/),
  holds: z.boolean(),
})
export type Judgement = z.infer<typeof judgement>

/** The one shape of every bench and fault run. Benches carry `ratios`, fault runs and scores carry `checks`. */
export const harnessReport = z.strictObject({
  name: z.string(),
  machine: z.strictObject({
    processor: z.string(),
    cores: z.number().int(),
    memoryGiB: z.number(),
    system: z.string(),
    node: z.string(),
  }),
  runs: z.number().int().min(1),
  results: z.array(z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))),
  ratios: z.array(judgement).optional(),
  checks: z.array(judgement).optional(),
})
export type HarnessReport = z.infer<typeof harnessReport>

/** Judges a value against a goal such as `>= 4` or `== 0`. */
export function judge(name: string, value: number, goal: Judgement['goal']): Judgement {
  const [comparison, limitText] = goal.split(' ')
  const limit = Number(limitText)
  const holds = comparison === '>=' ? value >= limit : comparison === '<=' ? value <= limit : value === limit
  return { name, value, goal, holds: Number.isFinite(value) && holds }
}

/** True when every ratio and check holds. */
export function everyGoalHolds(report: HarnessReport): boolean {
  return [...(report.ratios ?? []), ...(report.checks ?? [])].every((entry) => entry.holds)
}
