import { z } from 'zod'

const paragraph = z.string().min(1).max(4000)

/** What is said of one attribute: its words, or openly that it was not assessed, and why. */
export const cardStatement = z.union([paragraph, z.strictObject({ notAssessed: paragraph })])
export type CardStatement = z.infer<typeof cardStatement>

/** Severity of harm, from ISO 14971:2019 5.5 in five steps, the least first. */
export const SEVERITIES = ['negligible', 'minor', 'serious', 'critical', 'catastrophic'] as const
/** Probability of occurrence of harm, in five steps, the least first. */
export const PROBABILITIES = ['improbable', 'remote', 'occasional', 'probable', 'frequent'] as const

/** A declared hazard. The risk class follows from it by a fixed table and is never declared. */
export const declaredHazard = z.strictObject({
  id: z.string().regex(/^[A-Z][A-Z0-9-]{0,19}$/),
  hazard: paragraph,
  situation: paragraph,
  harm: paragraph,
  severity: z.enum(SEVERITIES),
  /** Before and after the control measure. */
  probability: z.enum(PROBABILITIES),
  control: paragraph,
  residualProbability: z.enum(PROBABILITIES),
})
export type DeclaredHazard = z.infer<typeof declaredHazard>

/**
 * What people declare about a model beyond what its trainer measured: the source attributes of 45 CFR 170.315(b)(11)
 * that no program can know, hazards, licence of the weights. Every member may be missing here, so that the gate before
 * submission can name each one that is.
 */
export const cardDeclaration = z.strictObject({
  developer: z.strictObject({ name: paragraph, contact: paragraph }).optional(),
  funding: cardStatement.optional(),
  output: z
    .strictObject({
      value: paragraph,
      kind: z.enum(['prediction', 'classification', 'recommendation', 'evaluation', 'analysis', 'other']),
    })
    .optional(),
  population: cardStatement.optional(),
  users: cardStatement.optional(),
  decisionRole: cardStatement.optional(),
  howToUse: cardStatement.optional(),
  inclusionCriteria: cardStatement.optional(),
  demographicInputs: cardStatement.optional(),
  representativeness: cardStatement.optional(),
  relevance: cardStatement.optional(),
  fairnessApproach: cardStatement.optional(),
  biasManagement: cardStatement.optional(),
  /** Needed where no figure of a subgroup was measured: why not. */
  subgroups: cardStatement.optional(),
  externalSource: cardStatement.optional(),
  externalParty: cardStatement.optional(),
  externalDemographics: cardStatement.optional(),
  externalProcess: cardStatement.optional(),
  externalValidity: cardStatement.optional(),
  externalFairness: cardStatement.optional(),
  outcomes: cardStatement.optional(),
  validityMonitoring: cardStatement.optional(),
  fairnessMonitoring: cardStatement.optional(),
  updateProcess: cardStatement.optional(),
  correctionFrequency: cardStatement.optional(),
  stakeholders: cardStatement.optional(),
  patientDisclosure: cardStatement.optional(),
  /** SPDX expression of the licence of the weights. */
  weightsLicence: z
    .string()
    .regex(/^[A-Za-z0-9.+() -]{1,120}$/)
    .optional(),
  hazards: z.array(declaredHazard).max(200).optional(),
})
export type CardDeclaration = z.infer<typeof cardDeclaration>
