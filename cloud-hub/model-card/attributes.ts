import type { CardDeclaration } from '@leadglass/models'

/** Where the words of a source attribute come from. */
export type AttributeSource =
  | { readonly from: 'declaration'; readonly member: keyof CardDeclaration }
  /** A member that every card has, by the format. */
  | { readonly from: 'card'; readonly member: 'intendedUse' | 'outOfScope' | 'limits' }
  /** Figures of the card's metrics. */
  | { readonly from: 'metrics'; readonly of: 'validity' | 'fairness' }
  /** What the hub has seen at sites. */
  | { readonly from: 'fleet'; readonly of: 'validity' | 'fairness' }

/** One source attribute of 45 CFR 170.315(b)(11)(iv)(B). */
export interface SourceAttribute {
  /** Group and item of the paragraph, `(7)(iii)`. */
  readonly clause: string
  readonly title: string
  readonly source: AttributeSource
  /**
   * 45 CFR 170.315(b)(11)(v)(A)(2): of (6), (7)(iii) to (v), (8)(ii) and (iv), and (9) it must be said when they are not
   * available for review. The rule gives no such way out for any other, so none is taken for one here.
   */
  readonly mayBeUnavailable: boolean
}

/** Titles of the nine groups, in order. */
export const ATTRIBUTE_GROUPS: readonly string[] = [
  'Details and output',
  'Purpose',
  'Cautioned out-of-scope use',
  'Development details and input features',
  'Process to ensure fairness in development',
  'External validation process',
  'Quantitative measures of performance',
  'Ongoing maintenance and monitoring',
  'Update and continued validation schedule',
]

function declared(
  clause: string,
  title: string,
  member: keyof CardDeclaration,
  mayBeUnavailable = false,
): SourceAttribute {
  return { clause, title, source: { from: 'declaration', member }, mayBeUnavailable }
}

function carded(
  clause: string,
  title: string,
  member: Extract<AttributeSource, { from: 'card' }>['member'],
): SourceAttribute {
  return { clause, title, source: { from: 'card', member }, mayBeUnavailable: false }
}

function measured(
  clause: string,
  title: string,
  from: 'metrics' | 'fleet',
  of: 'validity' | 'fairness',
): SourceAttribute {
  return { clause, title, source: { from, of }, mayBeUnavailable: from === 'fleet' }
}

/** The 31 source attributes: 4 + 4 + 2 + 4 + 2 + 4 + 5 + 4 + 2. */
export const SOURCE_ATTRIBUTES: readonly SourceAttribute[] = [
  declared('(1)(i)', 'Name and contact of the developer', 'developer'),
  declared('(1)(ii)', 'Funding source', 'funding'),
  declared('(1)(iii)', 'Value that is produced as output', 'output'),
  declared('(1)(iv)', 'Kind of the output', 'output'),
  carded('(2)(i)', 'Intended use', 'intendedUse'),
  declared('(2)(ii)', 'Intended patient population', 'population'),
  declared('(2)(iii)', 'Intended users', 'users'),
  declared('(2)(iv)', 'Intended role in decisions', 'decisionRole'),
  carded('(3)(i)', 'Tasks, situations and populations of which users are cautioned', 'outOfScope'),
  carded('(3)(ii)', 'Known risks, inappropriate settings and limitations', 'limits'),
  declared('(4)(i)', 'Inclusion and exclusion criteria of the training data', 'inclusionCriteria'),
  declared('(4)(ii)', 'Use of demographic variables as inputs', 'demographicInputs'),
  declared('(4)(iii)', 'Demographic representativeness of the training data', 'representativeness'),
  declared('(4)(iv)', 'Relevance of the training data to the deployed setting', 'relevance'),
  declared('(5)(i)', 'Approach to fairness of the output', 'fairnessApproach'),
  declared('(5)(ii)', 'Approaches to manage and reduce bias', 'biasManagement'),
  declared('(6)(i)', 'Data source and setting of the external validation', 'externalSource', true),
  declared('(6)(ii)', 'Party that did the external validation', 'externalParty', true),
  declared('(6)(iii)', 'Demographic representativeness of the external data', 'externalDemographics', true),
  declared('(6)(iv)', 'Process of the external validation', 'externalProcess', true),
  measured('(7)(i)', 'Validity on test data from the source of the training data', 'metrics', 'validity'),
  measured('(7)(ii)', 'Fairness on test data from the source of the training data', 'metrics', 'fairness'),
  declared('(7)(iii)', 'Validity on external data', 'externalValidity', true),
  declared('(7)(iv)', 'Fairness on external data', 'externalFairness', true),
  declared('(7)(v)', 'References to evaluations of outcomes', 'outcomes', true),
  declared('(8)(i)', 'Process and frequency of monitoring validity', 'validityMonitoring'),
  measured('(8)(ii)', 'Validity in local data', 'fleet', 'validity'),
  declared('(8)(iii)', 'Process and frequency of monitoring fairness', 'fairnessMonitoring'),
  measured('(8)(iv)', 'Fairness in local data', 'fleet', 'fairness'),
  declared('(9)(i)', 'Process and frequency of updates', 'updateProcess', true),
  declared('(9)(ii)', 'Frequency of correction when risks are found', 'correctionFrequency', true),
]

/** What the CHAI applied model card asks for beyond those. */
export const CHAI_MEMBERS: readonly { readonly member: keyof CardDeclaration; readonly title: string }[] = [
  { member: 'howToUse', title: 'CHAI: how to use' },
  { member: 'stakeholders', title: 'CHAI: stakeholders consulted' },
  { member: 'patientDisclosure', title: 'CHAI: patient consent or disclosure' },
]
