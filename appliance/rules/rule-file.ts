import { z } from 'zod'
import { type Condition, condition, figureCode, looksAtFigures, sizeOf } from './condition.ts'
import { LANES } from './lanes.ts'
import { recordedTag } from './recorded-attributes.ts'
import { timeWindow, timeZone } from './site-time.ts'

/** Largest rule file, in characters of JSON. */
export const LARGEST_RULE_FILE = 262_144
const MOST_RULES = 200
const MOST_CONDITIONS = 2000

/** A rule's name is a code: it stands in the audit log and as a reason. */
export const ruleName = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/)
const modelName = z.string().regex(/^[a-z][a-z0-9-]{1,63}$/)
const destinationName = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/)

const choice = <Name extends z.ZodType<string>>(name: Name) => z.union([z.literal('all'), z.array(name).max(32)])

/** What is done with a study. What a rule does not say stays as it is without rules. */
export const ruleAction = z.strictObject({
  lane: z.enum(LANES).optional(),
  /** Names of models; none at all when the list is empty. */
  models: choice(modelName).optional(),
  /** Names of destinations in the settings. */
  destinations: choice(destinationName).optional(),
  /** `keep`: kept and not scored. `hold`: waits until a person lets it go on. */
  processing: z.enum(['score', 'keep', 'hold']).optional(),
  /** `local-only`: nothing of the study's figures leaves for the hub; results still go to the destinations. */
  profile: z.enum(['standard', 'local-only']).optional(),
  /** Why, for people. */
  reason: z.string().max(200).optional(),
})
export type RuleAction = z.infer<typeof ruleAction>

const tagValue = z.union([z.string().max(256), z.number(), z.array(z.string().max(256)).max(16)])
const tags = z.record(
  z.string().refine((name) => recordedTag(name) !== undefined, {
    message: 'is no attribute that is recorded for rules',
  }),
  tagValue,
)

/** A study in a few words, to try a rule on. */
export const ruleExample = z
  .strictObject({
    /** What the example shows. */
    about: z.string().max(200).optional(),
    /** Attributes of the only series. */
    tags: tags.optional(),
    /** Attributes of each series. */
    series: z.array(tags).max(16).optional(),
    callingAeTitle: z.string().max(16).optional(),
    sourceAddress: z.union([z.ipv4(), z.ipv6()]).optional(),
    /** When the study was complete. */
    at: z.iso.datetime({ offset: true }).optional(),
    instances: z.number().int().min(1).optional(),
    urgent: z.boolean().optional(),
    /** Figures of the only instance, for rules of `afterScoring`. */
    quality: z.record(figureCode, z.number()).optional(),
  })
  .refine((one) => one.tags === undefined || one.series === undefined, { message: 'names both tags and series' })
export type RuleExample = z.infer<typeof ruleExample>

const rule = z.strictObject({
  name: ruleName,
  about: z.string().max(200).optional(),
  when: condition,
  do: ruleAction,
  examples: z.strictObject({
    match: z.array(ruleExample).min(1).max(32),
    noMatch: z.array(ruleExample).min(1).max(32),
  }),
})
export type Rule = z.infer<typeof rule>

/**
 * What a rule can still change when the figures are known: where results go, and whether anything is told at all. It can
 * keep in what would have left, not the other way round.
 */
const measuredAction = z.strictObject({
  destinations: choice(destinationName).optional(),
  /** `keep`: no result is made. `hold`: the study waits, without a result, until a person lets it go on. */
  processing: z.enum(['keep', 'hold']).optional(),
  profile: z.literal('local-only').optional(),
  reason: z.string().max(200).optional(),
})
const measuredRule = rule.extend({ do: measuredAction })

type Named = { readonly name: string; readonly when: Condition }
interface BothStages {
  readonly rules: readonly Named[]
  readonly afterScoring?: readonly Named[] | undefined
}

function rulesOf({ rules, afterScoring }: BothStages): readonly Named[] {
  return [...rules, ...(afterScoring ?? [])]
}

function namesOf(file: BothStages): readonly string[] {
  return rulesOf(file).map((one) => one.name)
}

/** A rule file: data only. The first rule that matches decides; when none does, `otherwise`. */
export const ruleFile = z
  .strictObject({
    schema: z.literal('leadglass.rules/1'),
    about: z.string().max(200).optional(),
    /** The zone of every time of day and weekday in the file. */
    timeZone: timeZone.default('UTC'),
    /** When studies of the lane `off-peak` are worked on. */
    offPeak: z
      .array(timeWindow)
      .min(1)
      .max(14)
      .default([{ from: '20:00', to: '06:00' }]),
    rules: z.array(rule).max(MOST_RULES),
    /** Judged once the figures of the instances are known; the first that matches decides. */
    afterScoring: z.array(measuredRule).max(MOST_RULES).optional(),
    otherwise: ruleAction.prefault({}),
  })
  .refine((file) => !file.rules.some((one) => looksAtFigures(one.when)), {
    message: 'looks at figures, which only rules of afterScoring can',
    path: ['rules'],
  })
  .refine((file) => new Set(namesOf(file)).size === namesOf(file).length, {
    message: 'a rule name occurs twice',
    path: ['rules'],
  })
  .refine((file) => rulesOf(file).reduce((sum, one) => sum + sizeOf(one.when), 0) <= MOST_CONDITIONS, {
    message: `has more than ${MOST_CONDITIONS} conditions`,
    path: ['rules'],
  })
export type RuleFile = z.infer<typeof ruleFile>
