import type { CardDocument } from './card-document.ts'
import { presentFigure, presentLocal } from './figure-words.ts'
import type { CardFigure } from './metrics.ts'
import { writeXml, type XmlElement } from './xml-text.ts'

/** Namespace of the CHAI applied model card, version 0.2. */
export const CHAI_NAMESPACE = 'https://mc.chai.org/v0.2/schema.xsd'

/** Identifier of the software in the PDF's `chaiMcSoftwareId`: name, version and package digest. */
export function chaiSoftwareId({ model }: CardDocument): string {
  return `${model.name}@${model.version}+sha256.${model.digest}`
}

/**
 * The applied model card as CHAI XML. Element order is that of the schema's sequences. CHAI reads text as Markdown, so
 * what could be mark-up there is escaped besides.
 */
export function chaiXml(document: CardDocument): string {
  const { model, declaration } = document
  const words = (clause: string): string =>
    markdownText(document.groups.flatMap((group) => group.attributes).find((one) => one.clause === clause)?.text)
  const said = (value: CardDocument['declaration']['howToUse']): string =>
    typeof value === 'string' ? markdownText(value) : `Not assessed. ${markdownText(value?.notAssessed)}`
  const root: XmlElement = {
    name: 'AppliedModelCard',
    content: [
      branch('BasicInfo', [
        leaf('ModelName', markdownText(document.title)),
        leaf('ModelDeveloper', markdownText(declaration.developer?.name)),
        leaf('DeveloperContact', markdownText(declaration.developer?.contact)),
      ]),
      branch('ReleaseInfo', [
        leaf('ReleaseStage', document.complete ? 'Card complete' : 'Card incomplete'),
        leaf('ReleaseDate', document.createdAt.slice(0, 10)),
        leaf('ReleaseVersion', model.version),
        leaf('GlobalAvailability', markdownText(document.statement)),
      ]),
      branch('ModelSummary', [
        leaf('Summary', markdownText(document.summary)),
        branch(
          'Keywords',
          document.keywords.map((keyword) => leaf('Keyword', keyword)),
        ),
      ]),
      branch('UsesAndDirections', [
        leaf('IntendedUseAndWorkflow', words('(2)(i)')),
        leaf('PrimaryIntendedUsers', words('(2)(iii)')),
        leaf('HowToUse', said(declaration.howToUse)),
        leaf('TargetedPatientPopulation', words('(2)(ii)')),
        leaf('CautionedOutOfScopeSettings', words('(3)(i)')),
      ]),
      branch('Warnings', [
        leaf('KnownRisksAndLimitations', words('(3)(ii)')),
        leaf('KnownBiasesOrEthicalConsiderations', words('(5)(ii)')),
        leaf('ClinicalRiskLevel', document.riskClass ?? 'not assessed'),
      ]),
      branch('TrustIngredients', [
        branch('AISystemFacts', [
          leaf('OutcomesAndOutputs', words('(1)(iii)')),
          leaf('ModelType', words('(1)(iv)')),
          leaf('InputDataSource', words('(4)(iv)')),
          leaf('OutputAndInputDataTypes', words('(4)(ii)')),
          leaf('DevelopmentDataCharacterization', `${words('(4)(i)')}\n\n${words('(4)(iii)')}`),
          leaf('BiasMitigationApproaches', `${words('(5)(i)')}\n\n${words('(5)(ii)')}`),
          leaf('OngoingMaintenance', `${words('(8)(i)')}\n\n${words('(9)(i)')}\n\n${words('(9)(ii)')}`),
        ]),
        branch('TransparencyInformation', [
          leaf('FundingSource', words('(1)(ii)')),
          leaf('StakeholdersConsulted', said(declaration.stakeholders)),
        ]),
      ]),
      keyMetrics(document, words),
      branch('Resources', [
        leaf('PeerReviewedPublications', words('(7)(v)')),
        leaf('PatientConsentOrDisclosure', said(declaration.patientDisclosure)),
      ]),
      leaf('Bibliography', ''),
    ],
  }
  return writeXml(root, CHAI_NAMESPACE)
}

function keyMetrics(document: CardDocument, words: (clause: string) => string): XmlElement {
  const whole = document.figures.filter((figure) => figure.subgroup === null)
  const groups = document.figures.filter((figure) => figure.subgroup !== null)
  const process = `${words('(6)(iv)')}\n\n${words('(8)(i)')}`
  return branch('KeyMetrics', [
    metricBranch('UsefulnessUsabilityEfficacy', 'Agreement with the reference labels', whole, words('(7)(i)'), process),
    metricBranch('FairnessEquity', 'Agreement within subgroups', groups, words('(7)(ii)'), process),
    metricBranch(
      'SafetyReliability',
      'Behaviour at sites against verified labels and reference distributions',
      [],
      presentLocal(document.fleet, 'validity').join('\n') || words('(8)(ii)'),
      process,
    ),
  ])
}

function metricBranch(
  name: string,
  goal: string,
  figures: readonly CardFigure[],
  interpretation: string,
  process: string,
): XmlElement {
  const results =
    figures.length === 0
      ? [branch('MetricResult', [leaf('Label', 'None'), leaf('ValueJson', 'null')])]
      : figures.map((figure) =>
          branch('MetricResult', [
            leaf('Label', markdownText(presentFigure(figure))),
            leaf(
              'ValueJson',
              JSON.stringify({ value: figure.value, low: figure.low, high: figure.high, n: figure.cases }),
            ),
          ]),
        )
  return branch(name, [
    leaf('MetricGoal', goal),
    branch('Results', results),
    leaf('Interpretation', interpretation),
    leaf('TestType', 'Retrospective'),
    leaf(
      'TestingDataDescription',
      [...new Set(figures.map((figure) => figure.split))].map(markdownText).join(', ') || 'None',
    ),
    leaf('ValidationProcessAndJustification', process),
  ])
}

/** Escapes what Markdown would take as mark-up: links, images, HTML, emphasis, code. */
function markdownText(text: string | null | undefined): string {
  return (text ?? 'Not stated').replaceAll(/[\\`*_[\]<>!|#]/g, String.raw`\$&`)
}

function leaf(name: string, content: string): XmlElement {
  return { name, content }
}

function branch(name: string, content: readonly XmlElement[]): XmlElement {
  return { name, content }
}
