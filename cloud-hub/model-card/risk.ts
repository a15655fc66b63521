import { type DeclaredHazard, PROBABILITIES, SEVERITIES } from '@leadglass/models'

/** Class of a risk (ISO 14971:2019 clause 6): acceptable, acceptable when reduced as far as possible, not acceptable. */
export type RiskClass = 'low' | 'medium' | 'high'

/** The criteria for risk acceptability: one row a severity (least first), one column a probability (least first). */
export const RISK_TABLE: readonly (readonly RiskClass[])[] = [
  ['low', 'low', 'low', 'low', 'medium'],
  ['low', 'low', 'low', 'medium', 'medium'],
  ['low', 'low', 'medium', 'medium', 'high'],
  ['low', 'medium', 'medium', 'high', 'high'],
  ['medium', 'medium', 'high', 'high', 'high'],
]

const ORDER: readonly RiskClass[] = ['low', 'medium', 'high']

/** A hazard with its class before and after the control measure. */
export interface AssessedHazard extends DeclaredHazard {
  readonly initialRisk: RiskClass
  readonly residualRisk: RiskClass
}

/** Class of one risk by the table. */
export function riskClass(severity: DeclaredHazard['severity'], probability: DeclaredHazard['probability']): RiskClass {
  // The indices come from the very lists that the table is built on.
  return RISK_TABLE[SEVERITIES.indexOf(severity)]?.[PROBABILITIES.indexOf(probability)] ?? 'high'
}

export function assessHazards(hazards: readonly DeclaredHazard[]): AssessedHazard[] {
  return hazards.map((hazard) => ({
    ...hazard,
    initialRisk: riskClass(hazard.severity, hazard.probability),
    residualRisk: riskClass(hazard.severity, hazard.residualProbability),
  }))
}

/** Class of the whole version: the highest residual risk. Undefined without a hazard: nobody has thought about it. */
export function overallRisk(hazards: readonly AssessedHazard[]): RiskClass | undefined {
  return ORDER.findLast((one) => hazards.some((hazard) => hazard.residualRisk === one))
}
