/**
 * Children of each branch of the CHAI applied model card 0.2, in order; `?` may be missing, `*`
 * may repeat or be missing, `+` may repeat. The published schema of that version takes what this takes.
 */
const CHILDREN: Readonly<Record<string, readonly string[]>> = {
  AppliedModelCard: [
    'BasicInfo',
    'ReleaseInfo',
    'ModelSummary',
    'UsesAndDirections',
    'Warnings',
    'TrustIngredients',
    'KeyMetrics',
    'Resources',
    'Bibliography',
  ],
  BasicInfo: ['ModelName', 'ModelDeveloper', 'DeveloperContact'],
  ReleaseInfo: [
    'ReleaseStage',
    'ReleaseDate',
    'ReleaseVersion',
    'GlobalAvailability',
    'EHRCompatibility?',
    'RegulatoryApproval?',
  ],
  EHRCompatibility: ['EHR*'],
  ModelSummary: ['Summary', 'Keywords'],
  Keywords: ['Keyword*'],
  UsesAndDirections: [
    'IntendedUseAndWorkflow',
    'PrimaryIntendedUsers',
    'HowToUse',
    'TargetedPatientPopulation',
    'CautionedOutOfScopeSettings',
  ],
  Warnings: ['KnownRisksAndLimitations', 'KnownBiasesOrEthicalConsiderations', 'ClinicalRiskLevel'],
  TrustIngredients: ['AISystemFacts', 'TransparencyInformation'],
  AISystemFacts: [
    'OutcomesAndOutputs',
    'ModelType',
    'FoundationModels?',
    'InputDataSource',
    'OutputAndInputDataTypes',
    'DevelopmentDataCharacterization',
    'BiasMitigationApproaches',
    'OngoingMaintenance',
    'Security?',
    'Transparency?',
  ],
  TransparencyInformation: ['FundingSource', 'ThirdPartyInformation?', 'StakeholdersConsulted'],
  KeyMetrics: ['UsefulnessUsabilityEfficacy', 'FairnessEquity', 'SafetyReliability'],
  ...Object.fromEntries(
    ['UsefulnessUsabilityEfficacy', 'FairnessEquity', 'SafetyReliability'].map((name) => [
      name,
      [
        'MetricGoal',
        'Results',
        'Interpretation',
        'TestType',
        'TestingDataDescription',
        'ValidationProcessAndJustification',
      ],
    ]),
  ),
  Results: ['MetricResult+'],
  MetricResult: ['Label', 'ValueJson'],
  Resources: [
    'EvaluationReferences?',
    'ClinicalTrial?',
    'PeerReviewedPublications',
    'ReimbursementStatus?',
    'PatientConsentOrDisclosure',
  ],
}

interface Branch {
  readonly name: string
  readonly children: string[]
}

/** Where a document departs from the order; empty when nowhere. Reads tags only: well-formedness is another program's. */
export function chaiOrder(xml: string): string[] {
  const faults: string[] = []
  const open: Branch[] = [{ name: '', children: [] }]
  for (const [, slash, name = ''] of xml.matchAll(/<(\/?)([A-Za-z]+)[^>]*>/g)) {
    if (slash !== '/') {
      open.at(-1)?.children.push(name)
      open.push({ name, children: [] })
      continue
    }
    const closed = open.pop()
    if (closed?.name !== name) faults.push(`${name} closes ${closed?.name}`)
    else faults.push(...faultsOf(closed))
  }
  if (open[0]?.children.join() !== 'AppliedModelCard') faults.push('the root is another')
  return faults
}

function faultsOf({ name, children }: Branch): string[] {
  const wanted = CHILDREN[name]
  if (wanted === undefined) return children.length === 0 ? [] : [`${name} is a leaf`]
  const pattern = wanted.map((one) => {
    const [, bare = '', times = ''] = /^([A-Za-z]+)([?*+]?)$/.exec(one) ?? []
    return `(?:${bare} )${times}`
  })
  const text = children.map((child) => `${child} `).join('')
  return new RegExp(`^${pattern.join('')}$`).test(text) ? [] : [`${name}: ${text}`]
}
