import { z } from 'zod'
import { count, instant, pseudonym } from './fields.ts'

/** Rules of a site over the appliance's interface. A rule file itself is judged by the appliance. */

/** What a rule decided about a revision, and by which version of the rules. */
export const routeView = z.object({
  /** Null where no rules were in force. */
  version: z.number().int().nullable(),
  /** Null where none of the rules matched. */
  rule: z.string().nullable(),
  lane: z.string(),
  models: z.union([z.literal('all'), z.array(z.string())]),
  destinations: z.union([z.literal('all'), z.array(z.string())]),
  processing: z.string(),
  profile: z.string(),
  reason: z.string().nullable(),
  at: instant,
})
export type RouteView = z.infer<typeof routeView>

export const ruleFault = z.object({ where: z.string(), what: z.string() })

/** POST /api/rules/validate: a rule file; nothing is changed. */
export const ruleValidation = z.object({ valid: z.boolean(), faults: z.array(ruleFault) })
export type RuleValidation = z.infer<typeof ruleValidation>

export const ruleChange = z.object({
  name: z.string(),
  kind: z.enum(['added', 'removed', 'changed', 'moved']),
  before: z.string().nullable(),
  after: z.string().nullable(),
})

export const ruleVersion = z.object({
  version: z.number().int().min(1),
  digest: z.string(),
  /** Pseudonym of the person, or `operator`. */
  author: z.string(),
  reason: z.string(),
  activatedAt: instant,
  changes: z.array(ruleChange),
})
export type RuleVersion = z.infer<typeof ruleVersion>

/** GET /api/rules: what is in force; null while a site has no rules. */
export const rulesInForce = z.object({ version: ruleVersion.nullable(), file: z.unknown() })
export type RulesInForce = z.infer<typeof rulesInForce>

/** GET /api/rules/history. */
export const ruleHistory = z.object({ versions: z.array(ruleVersion) })
export type RuleHistory = z.infer<typeof ruleHistory>

/** GET /api/rules/difference. 0 stands for no rules. */
export const ruleDifferenceQuery = z.strictObject({
  from: z.coerce.number().int().min(0),
  to: z.coerce.number().int().min(1),
})
export const ruleDifference = z.object({ changes: z.array(ruleChange) })
export type RuleDifference = z.infer<typeof ruleDifference>

/** POST /api/rules/simulate. */
export const simulationRequest = z.strictObject({ file: z.unknown(), days: z.number().int().min(1).max(3660) })
export const simulationView = z.object({
  since: instant,
  examined: count,
  /** Revisions of which no facts are recorded, so that nothing can be said about them. */
  withoutFacts: count,
  changed: count,
  decidedBy: z.record(z.string(), count),
  changes: z.array(
    z.object({
      study: pseudonym,
      revision: z.number().int(),
      completedAt: instant,
      members: z.array(z.string()),
      before: routeView.omit({ version: true, at: true }),
      after: routeView.omit({ version: true, at: true }),
    }),
  ),
})
export type SimulationView = z.infer<typeof simulationView>

/** POST /api/rules/activate. */
export const activationRequest = z.strictObject({ file: z.unknown(), reason: z.string().trim().min(3).max(500) })

/** GET /api/rules/held: studies that wait for a person. */
export const heldList = z.object({
  held: z.array(
    z.object({
      study: pseudonym,
      revision: z.number().int(),
      rule: z.string().nullable(),
      reason: z.string().nullable(),
      completedAt: instant,
    }),
  ),
})
export type HeldList = z.infer<typeof heldList>
