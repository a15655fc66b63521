import { vocabularyCode } from '@leadglass/sync-agent/contract'
import { z } from 'zod'

/**
 * Where a package says what a later version of it must meet, if it says so: an optional file, listed in the manifest like
 * any other, and so bound by the digest of the package. What a candidate is made from it inherits.
 */
export const GATES_FILE = 'gates.json'

/** Figures of all cases that have one value a model. */
const WHOLE = [
  'auc',
  'average-precision',
  'brier',
  'calibration-slope',
  'calibration-intercept',
  'observed-less-predicted',
  'expected-calibration-error',
] as const
/** Figures at an operating point. */
const AT_A_POINT = [
  'sensitivity',
  'specificity',
  'positive-predictive-value',
  'negative-predictive-value',
  'net-benefit',
] as const
export const GATE_MEASURES = [...WHOLE, ...AT_A_POINT] as const
export type GateMeasure = (typeof GATE_MEASURES)[number]

/** What is known of every subgroup: shares there are those of the operating point in use. */
const OF_SUBGROUPS: readonly GateMeasure[] = [
  'auc',
  'sensitivity',
  'specificity',
  'calibration-slope',
  'observed-less-predicted',
  'expected-calibration-error',
]
/** What has a difference to the other cases with an interval. */
const WITH_GAP: readonly GateMeasure[] = [
  'auc',
  'sensitivity',
  'specificity',
  'calibration-slope',
  'observed-less-predicted',
]
/** What has a paired difference to the running version. Of the Brier score less is better. */
const PAIRED: readonly GateMeasure[] = [
  'auc',
  'average-precision',
  'brier',
  'sensitivity',
  'specificity',
  'net-benefit',
]

const figure = z.number().min(-1000).max(1000)
const axis = z.enum(['sex', 'age-band', 'view', 'scanner', 'site'])

/** How the measured figure is held against a limit. */
const comparison = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('absolute'), atLeast: figure }),
  z.strictObject({ kind: z.literal('absolute-ceiling'), atMost: figure }),
  /** Not worse than the running version on the same cases by more than this. */
  z.strictObject({ kind: z.literal('against-running'), worseByAtMost: z.number().min(0).max(1000) }),
  /** No group of the axis further from all other cases than this, either way. */
  z.strictObject({ kind: z.literal('subgroup-gap'), by: axis, atMost: z.number().min(0).max(1000) }),
])

/** Names that the hub's own conditions have: they stand beside every declared gate and cannot be declared away. */
export const HUB_GATES = [
  'positives',
  'negatives',
  'patients',
  'not-worse-than-parent',
  'not-significantly-worse',
  'export-parity',
] as const

/** One condition that a candidate must meet. */
export const declaredGate = z
  .strictObject({
    id: vocabularyCode.refine((id) => !(HUB_GATES as readonly string[]).includes(id), {
      message: 'the hub has a gate of this name',
    }),
    /** The score it is about; every score of the package when left out. */
    finding: vocabularyCode.optional(),
    measure: z.enum(GATE_MEASURES),
    /** Named below; the one in use when left out. */
    operatingPoint: vocabularyCode.optional(),
    /** Judges each group of the axis, or one, instead of all cases. */
    subgroup: z.strictObject({ by: axis, value: z.string().min(1).max(80).optional() }).optional(),
    comparison,
    /**
     * What is held against the limit: the figure; the end of its interval that is worse for the candidate, which shows that
     * the limit is met; or the better end, which fails only what is shown to miss it.
     */
    judgedBy: z.enum(['estimate', 'unfavourable-bound', 'favourable-bound']).default('estimate'),
    /** Cases that the figure must rest on. */
    minimumCases: z.number().int().min(0).max(10_000_000).default(0),
    whenNotEvaluable: z.enum(['fail', 'pass']).default('fail'),
  })
  .superRefine((gate, context) => {
    for (const message of gateProblems(gate)) context.addIssue({ code: 'custom', message })
  })
export type DeclaredGate = z.infer<typeof declaredGate>

interface GateShape {
  readonly measure: GateMeasure
  readonly operatingPoint?: string | undefined
  readonly subgroup?: object | undefined
  readonly comparison: z.infer<typeof comparison>
  readonly judgedBy: string
}

/** Gates that could never be evaluated are refused when they are declared, not found out a year later. */
function gateProblems({ measure, operatingPoint, subgroup, comparison: { kind }, judgedBy }: GateShape): string[] {
  const problems: string[] = []
  const isAtPoint = (AT_A_POINT as readonly string[]).includes(measure)
  if (operatingPoint !== undefined && !isAtPoint) problems.push('the measure has no operating point')
  if (subgroup !== undefined && kind !== 'absolute' && kind !== 'absolute-ceiling') {
    problems.push('a subgroup is judged by an absolute limit')
  }
  if (subgroup !== undefined && !OF_SUBGROUPS.includes(measure)) problems.push('the measure is not known of subgroups')
  if (kind === 'subgroup-gap' && !WITH_GAP.includes(measure)) problems.push('the measure has no gap of subgroups')
  if ((subgroup !== undefined || kind === 'subgroup-gap') && operatingPoint !== undefined) {
    problems.push('subgroups are measured at the operating point in use')
  }
  if (kind === 'against-running' && !PAIRED.includes(measure)) problems.push('the measure has no paired difference')
  if (measure === 'expected-calibration-error' && judgedBy !== 'estimate') {
    problems.push('the calibration error has no interval')
  }
  return problems
}

/** How a further operating point is found, always on the training part. */
const pointRule = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('sensitivity-at-least'), share: z.number().gt(0).max(1) }),
  z.strictObject({ kind: z.literal('specificity-at-least'), share: z.number().gt(0).max(1) }),
  z.strictObject({ kind: z.literal('threshold'), milli: z.number().int().min(1).max(999) }),
])
export type PointRule = z.infer<typeof pointRule>

/** `gates.json`. */
export const declaredGates = z
  .strictObject({
    schema: z.literal('leadglass.model-gates/1'),
    /** Beside the one in use. */
    operatingPoints: z
      .array(z.strictObject({ name: vocabularyCode, rule: pointRule }))
      .max(7)
      .default([]),
    gates: z.array(declaredGate).min(1).max(64),
  })
  .superRefine(({ operatingPoints, gates }, context) => {
    const names = operatingPoints.map(({ name }) => name)
    const issue = (message: string): void => context.addIssue({ code: 'custom', message })
    if (new Set(names).size !== names.length || names.includes(POINT_IN_USE)) issue('an operating point stands twice')
    if (new Set(gates.map(({ id }) => id)).size !== gates.length) issue('a gate stands twice')
    for (const { operatingPoint } of gates) {
      if (operatingPoint === undefined || operatingPoint === POINT_IN_USE || names.includes(operatingPoint)) continue
      issue('a gate names an operating point that is not declared')
    }
  })
export type DeclaredGates = z.infer<typeof declaredGates>

/** The name of the operating point that the package runs at. */
export const POINT_IN_USE = 'in-use'
