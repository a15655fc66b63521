import { z } from 'zod'

/** A figure of a card as the gate reads it. Cards of other trainers may hold more. */
const cardFigure = z.looseObject({
  metric: z.string().min(1).max(200),
  split: z.string().min(1).max(200),
  value: z.number(),
  output: z.string().max(200).optional(),
  low: z.number().optional(),
  high: z.number().optional(),
  interval: z.string().max(200).optional(),
  images: z.number().int().min(0).optional(),
  studies: z.number().int().min(0).optional(),
  patients: z.number().int().min(0).optional(),
})

/** One measured figure. `subgroup` is null for the whole test part. */
export interface CardFigure {
  readonly name: string
  readonly split: string
  readonly value: number
  readonly low: number | null
  readonly high: number | null
  readonly interval: string | null
  readonly cases: number | null
  readonly subgroup: string | null
}

/** The figures of a card that can be read, at most 2000. */
export function figuresOf(metrics: unknown): CardFigure[] {
  if (!Array.isArray(metrics)) return []
  return metrics.slice(0, 2000).flatMap((entry): CardFigure[] => {
    const parsed = cardFigure.safeParse(entry)
    if (!parsed.success) return []
    const { metric, split, value, output, low, high, interval, images, studies } = parsed.data
    return [
      {
        name: output === undefined ? metric : `${output} ${metric}`,
        split,
        value,
        low: low ?? null,
        high: high ?? null,
        interval: interval ?? null,
        cases: studies ?? images ?? null,
        subgroup: subgroupOf(metric, split),
      },
    ]
  })
}

/** `auc within male` by its name, `held-out, sex M` by its split. */
function subgroupOf(metric: string, split: string): string | null {
  const within = / within (.+)$/.exec(metric)?.[1]
  const part = /^[^,]+, (.+)$/.exec(split)?.[1]
  return within ?? part ?? null
}
