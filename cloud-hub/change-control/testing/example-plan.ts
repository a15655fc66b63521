import { type ChangePlan, changePlan } from '../plan.ts'

/** A plan with one modification: the head is fitted anew, and its operating point with it. */
export function examplePlan(change: Partial<ChangePlan> = {}): ChangePlan {
  return changePlan.parse({
    schema: 'leadglass.change-plan/1',
    model: 'example-model',
    version: 1,
    author: 'change-author',
    title: 'Refit of the head on verified labels',
    authorisation: 'Rehearsal of change control; no marketing submission stands behind it.',
    modifications: [
      {
        id: 'M1',
        title: 'Refit of the head',
        description: 'The head is fitted anew on labels that readers verified; the backbone stays.',
        rationale: 'Populations shift.',
        changes: ['weights', 'operating-points', 'training-data', 'training-recipe'],
        criteria: ['AUC', 'AUC-LOSS'],
        steps: ['P1', 'P2'],
      },
      {
        id: 'M2',
        title: 'Another resolution',
        description: 'The same recipe at another size of the input.',
        rationale: 'Newer detectors.',
        changes: ['input', 'preprocessing'],
        criteria: ['AUC-LOW'],
        steps: ['P3'],
      },
    ],
    protocol: [
      { id: 'P1', part: 'data-management', description: 'Patients of training and test are not the same.' },
      { id: 'P2', part: 're-training', description: 'The run is reproducible from its record.' },
      { id: 'P3', part: 'performance-evaluation', description: 'Evaluation on patients of another site.' },
      { id: 'P4', part: 'update-procedures', description: 'The first ring is one site.' },
    ],
    criteria: [
      criterion('AUC', 'value', 'at-least', 0.8),
      criterion('AUC-LOW', 'interval', 'at-least', 0.75),
      criterion('AUC-LOSS', 'against-predecessor', 'at-least', -0.02),
    ],
    impactAssessment: {
      benefits: 'Fits the population.',
      risks: 'Labels of poor quality.',
      mitigations: 'Gates, two readers.',
      cumulative: 'Both modifications together are evaluated as one version.',
    },
    ...change,
  })
}

function criterion(id: string, compare: string, relation: string, bound: number): object {
  const figure = { name: 'finding auc', split: 'test' }
  return { id, description: 'Area under the curve.', figure, compare, relation, bound, minimumCases: 50 }
}
