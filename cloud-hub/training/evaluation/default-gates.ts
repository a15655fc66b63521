import type { DeclaredGates } from '@leadglass/models'

/**
 * What a candidate must meet when its package declares nothing: it tells the classes apart, and it is not shown to be worse
 * for one group of people. A group that is too small to say stops nobody; how small is in the report.
 */
export const DEFAULT_DECLARED_GATES: DeclaredGates = {
  schema: 'leadglass.model-gates/1',
  operatingPoints: [],
  gates: [
    {
      id: 'tells-apart',
      measure: 'auc',
      comparison: { kind: 'absolute', atLeast: 0.6 },
      judgedBy: 'estimate',
      minimumCases: 0,
      whenNotEvaluable: 'fail',
    },
    ...(['sex', 'age-band'] as const).map((by): DeclaredGates['gates'][number] => ({
      id: `same-for-each.${by}`,
      measure: 'auc',
      comparison: { kind: 'subgroup-gap', by, atMost: 0.1 },
      judgedBy: 'favourable-bound',
      minimumCases: 0,
      whenNotEvaluable: 'pass',
    })),
  ],
}
