import { modelReference, personIdentifier } from '@leadglass/sync-agent/contract'
import { z } from 'zod'
import { ASPECTS } from './aspects.ts'

const paragraph = z.string().trim().min(3).max(4000)
/** `M1`, `C-AUC`: how records and people name a part of the plan. */
const partIdentifier = z.string().regex(/^[A-Z][A-Z0-9-]{0,19}$/)

/** A modification that the plan allows (FDA guidance on PCCP, section VI: description of modifications). */
export const plannedModification = z.strictObject({
  id: partIdentifier,
  title: z.string().trim().min(3).max(200),
  description: paragraph,
  rationale: paragraph,
  /** What may become another by it. Whatever else differs is outside of the plan. */
  changes: z.array(z.enum(ASPECTS)).min(1),
  /** Criteria that must be met before a version with this modification is used. */
  criteria: z.array(partIdentifier).min(1),
  /** Steps of the protocol that must have been taken. */
  steps: z.array(partIdentifier).min(1),
})
export type PlannedModification = z.infer<typeof plannedModification>

/** The four parts of a modification protocol (section VII). */
export const PROTOCOL_PARTS = ['data-management', 're-training', 'performance-evaluation', 'update-procedures'] as const

/** What is done for a modification, and shown by a record. */
export const protocolStep = z.strictObject({
  id: partIdentifier,
  part: z.enum(PROTOCOL_PARTS),
  description: paragraph,
})

/**
 * A bound on a figure of the card of the new version. `value` compares the figure itself, `interval` the end of its interval
 * that is the worse one, `against-predecessor` the figure less that of the version before on the same split.
 */
export const acceptanceCriterion = z.strictObject({
  id: partIdentifier,
  description: paragraph,
  figure: z.strictObject({ name: z.string().min(1).max(300), split: z.string().min(1).max(200) }),
  compare: z.enum(['value', 'interval', 'against-predecessor']),
  relation: z.enum(['at-least', 'at-most']),
  bound: z.number(),
  /** Fewest cases that the figure may rest on. */
  minimumCases: z.number().int().min(1),
})
export type AcceptanceCriterion = z.infer<typeof acceptanceCriterion>

/** A predetermined change control plan of one model. A change of it is a new version, authorised anew. */
export const changePlan = z
  .strictObject({
    schema: z.literal('leadglass.change-plan/1'),
    model: modelReference.shape.name,
    version: z.number().int().min(1).max(10_000),
    author: personIdentifier,
    title: z.string().trim().min(3).max(200),
    /** Under what the plan was authorised, e.g. the number of a marketing submission. */
    authorisation: paragraph,
    modifications: z.array(plannedModification).min(1).max(32),
    protocol: z.array(protocolStep).min(1).max(64),
    criteria: z.array(acceptanceCriterion).min(1).max(128),
    /** Benefits, risks and their mitigation, of each modification and of all together (section VIII). */
    impactAssessment: z.strictObject({
      benefits: paragraph,
      risks: paragraph,
      mitigations: paragraph,
      cumulative: paragraph,
    }),
  })
  .superRefine((plan, context) => {
    for (const message of planProblems(plan)) context.addIssue({ code: 'custom', message })
  })
export type ChangePlan = z.infer<typeof changePlan>

/** What makes a plan say nothing: names that lead nowhere, or twice to somewhere, and parts of a protocol that lack. */
function planProblems(plan: {
  readonly modifications: readonly PlannedModification[]
  readonly protocol: readonly z.infer<typeof protocolStep>[]
  readonly criteria: readonly AcceptanceCriterion[]
}): readonly string[] {
  const problems: string[] = []
  for (const [what, list] of [
    ['modification', plan.modifications],
    ['step', plan.protocol],
    ['criterion', plan.criteria],
  ] as const) {
    if (new Set(list.map(({ id }) => id)).size !== list.length) problems.push(`a ${what} is named twice`)
  }
  const steps = new Set(plan.protocol.map(({ id }) => id))
  const criteria = new Set(plan.criteria.map(({ id }) => id))
  for (const { id, ...named } of plan.modifications) {
    for (const step of named.steps) if (!steps.has(step)) problems.push(`${id} names the step ${step}, which is none`)
    for (const one of named.criteria) {
      if (!criteria.has(one)) problems.push(`${id} names the criterion ${one}, which is none`)
    }
  }
  for (const part of PROTOCOL_PARTS) {
    if (!plan.protocol.some((step) => step.part === part)) problems.push(`the protocol has no step of ${part}`)
  }
  return problems
}
