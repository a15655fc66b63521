import { z } from 'zod'
import { recordedTag } from './recorded-attributes.ts'
import { timeOfDay, timeWindow } from './site-time.ts'

/** Longest text that a condition may name; longer values in objects are recorded up to this length. */
export const LONGEST_TEXT = 256
const MOST_ITEMS = 64
const MOST_DEPTH = 8

const word = z.string().min(1).max(LONGEST_TEXT)
const pattern = z.string().min(1).max(128)
const words = z.array(word).min(1).max(MOST_ITEMS)
const patterns = z.array(pattern).min(1).max(MOST_ITEMS)
const network = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()])
const isoDate = z.iso.date()
const days = z.number().int().min(0).max(36_500)
const tag = z
  .string()
  .max(64)
  .refine((name) => recordedTag(name) !== undefined, { message: 'is no attribute that is recorded for rules' })

const bounds = z
  .strictObject({ atLeast: z.number().optional(), atMost: z.number().optional() })
  .refine((one) => one.atLeast !== undefined || one.atMost !== undefined, { message: 'names no bound' })

const dateBounds = z
  .strictObject({
    from: isoDate.optional(),
    /** Part of the range. */
    to: isoDate.optional(),
    /** Days before the day on which the study was complete. */
    olderThanDays: days.optional(),
    notOlderThanDays: days.optional(),
  })
  .refine((one) => Object.keys(one).length > 0, { message: 'names no bound' })

const timeBounds = z.strictObject({ from: timeOfDay, to: timeOfDay })

/** A measured figure: `quality.noise`, `radiomics.stat-mean`. */
export const figureCode = z.string().regex(/^(?:quality|radiomics)(?:\.[a-z][a-z0-9-]{0,39}){1,2}$/)

/** A condition that looks at one thing. Texts are compared without regard to case. */
const simpleCondition = z.union([
  z.strictObject({ tag, equals: z.union([word, z.number()]) }),
  z.strictObject({ tag, in: words }),
  z.strictObject({ tag, startsWith: word }),
  z.strictObject({ tag, matches: pattern }),
  z.strictObject({ tag, exists: z.boolean() }),
  z.strictObject({ tag, number: bounds }),
  z.strictObject({ tag, date: dateBounds }),
  z.strictObject({ tag, time: timeBounds }),
  z.strictObject({ modality: words }),
  z.strictObject({ bodyPart: words }),
  z.strictObject({ callingAeTitle: patterns }),
  z.strictObject({ sourceAddress: z.array(network).min(1).max(MOST_ITEMS) }),
  z.strictObject({ received: timeWindow }),
  z.strictObject({ instances: bounds }),
  z.strictObject({ urgent: z.boolean() }),
  /** A figure of some instance; holds only after scoring. */
  z.strictObject({ quality: figureCode, number: bounds }),
  z.strictObject({ always: z.literal(true) }),
])
type SimpleCondition = z.infer<typeof simpleCondition>

/** A condition of a rule. */
export type Condition =
  | SimpleCondition
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] }
  | { readonly not: Condition }
  | { readonly sameSeries: Condition }

/** Conditions inside conditions, down to a fixed depth: the form of a rule file bounds the work that it can ask for. */
function conditionOfDepth(depth: number): z.ZodType<Condition> {
  if (depth === 0) return simpleCondition
  const inner = conditionOfDepth(depth - 1)
  const list = z.array(inner).min(1).max(MOST_ITEMS)
  return z.union([
    simpleCondition,
    z.strictObject({ all: list }),
    z.strictObject({ any: list }),
    z.strictObject({ not: inner }),
    z.strictObject({ sameSeries: inner }),
  ])
}

export const condition: z.ZodType<Condition> = conditionOfDepth(MOST_DEPTH)

/** True when some condition inside looks at a figure. */
export function looksAtFigures(one: Condition): boolean {
  if ('all' in one) return one.all.some(looksAtFigures)
  if ('any' in one) return one.any.some(looksAtFigures)
  if ('not' in one) return looksAtFigures(one.not)
  if ('sameSeries' in one) return looksAtFigures(one.sameSeries)
  return 'quality' in one
}

/** How many conditions a condition is made of, itself included. */
export function sizeOf(one: Condition): number {
  if ('all' in one) return 1 + one.all.reduce((sum, inner) => sum + sizeOf(inner), 0)
  if ('any' in one) return 1 + one.any.reduce((sum, inner) => sum + sizeOf(inner), 0)
  if ('not' in one) return 1 + sizeOf(one.not)
  if ('sameSeries' in one) return 1 + sizeOf(one.sameSeries)
  return 1
}
