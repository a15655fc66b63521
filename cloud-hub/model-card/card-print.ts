import type { PrintBlock, PrintDocument } from '../print/index.ts'
import { type CardDocument, cardDigest } from './card-document.ts'
import { chaiSoftwareId, chaiXml } from './chai-xml.ts'
import { presentLocal } from './figure-words.ts'

/** The card as a paper. Its information dictionary carries the CHAI XML whole, as CHAI asks of PDF cards. */
export function cardPrint(document: CardDocument): PrintDocument {
  const { model } = document
  return {
    title: `Model card: ${document.title}`,
    subject: `${model.name} ${model.version}, package ${model.digest}`,
    reference: cardDigest(document),
    createdAt: document.createdAt,
    metadata: { chaiMcXml: chaiXml(document), chaiMcSoftwareId: chaiSoftwareId(document) },
    sections: [
      { heading: 'Statement', blocks: [{ kind: 'text', text: document.statement }, completeness(document)] },
      { heading: 'Summary', blocks: [{ kind: 'text', text: document.summary }] },
      ...document.groups.map((group) => ({
        heading: group.title,
        blocks: [
          {
            kind: 'fields' as const,
            fields: group.attributes.map((one): [string, string] => [
              `${one.clause} ${one.title}`,
              one.text ?? 'Missing',
            ]),
          },
        ],
      })),
      { heading: 'Risk (ISO 14971)', blocks: riskBlocks(document) },
      { heading: 'Figures', blocks: [figureTable(document)] },
      {
        heading: 'Seen at sites',
        blocks: [
          {
            kind: 'text',
            text:
              [...presentLocal(document.fleet, 'validity'), ...presentLocal(document.fleet, 'fairness')].join('\n') ||
              'Nothing yet.',
          },
        ],
      },
    ],
  }
}

function completeness(document: CardDocument): PrintBlock {
  return document.complete
    ? { kind: 'finding', severity: 'ok', text: 'The card is complete: 31 source attributes, CHAI fields, hazards.' }
    : {
        kind: 'finding',
        severity: 'gap',
        text: document.gaps.map((gap) => `${gap.title}: ${gap.reason}`).join('; '),
      }
}

function riskBlocks(document: CardDocument): PrintBlock[] {
  return [
    { kind: 'fields', fields: [['Class of the version', document.riskClass ?? 'no hazard declared']] },
    {
      kind: 'table',
      columns: ['Hazard', 'Situation', 'Harm', 'Severity', 'Before', 'Control', 'After', 'Class'],
      rows: document.hazards.map((one) => [
        `${one.id} ${one.hazard}`,
        one.situation,
        one.harm,
        one.severity,
        one.probability,
        one.control,
        one.residualProbability,
        one.residualRisk,
      ]),
    },
  ]
}

function figureTable(document: CardDocument): PrintBlock {
  return {
    kind: 'table',
    columns: ['Figure', 'On', 'Value', 'Low', 'High', 'n', 'Interval'],
    rows: document.figures.map((one) =>
      [one.name, one.split, one.value, one.low ?? '', one.high ?? '', one.cases ?? '', one.interval ?? ''].map(String),
    ),
  }
}
