import type { PrintBlock, PrintDocument } from '../print/index.ts'
import type { Evidence } from './evidence.ts'
import { FACTS } from './facts.ts'
import type { ComplianceReport, ReportedControl } from './report.ts'

/** Where evidence is from, as a reader understands it. */
const ZONES = {
  hub: 'hub',
  site: 'site, as its box signed and sent it',
  document: 'file laid down by a person, held and not judged',
} as const

/** The report on paper: each control with its evidence, gaps in red and in words, and how to verify it. */
export function reportPaper(report: ComplianceReport, digest: string): PrintDocument {
  const { title, period, met, gaps, controls, evidence } = report
  const numbers = new Map(evidence.map(({ id }, place) => [id, place + 1]))
  return {
    title: `Compliance report: ${title}`,
    subject: `${period.from} to ${period.until}`,
    reference: digest,
    createdAt: report.madeAt,
    metadata: { ReportDigest: digest },
    sections: [
      {
        heading: 'What this says',
        blocks: [
          { kind: 'text', text: HEAD },
          {
            kind: 'fields',
            fields: [
              ['Controls with evidence', String(met)],
              ['Gaps', String(gaps)],
              ['Digest of the report', digest],
              ['Verify without a network', 'leadglass report verify FILE --keys trusted-keys.txt'],
            ],
          },
          ...(gaps === 0
            ? []
            : [
                { kind: 'finding', severity: 'gap', text: `${gaps} of ${controls.length} controls have gaps` } as const,
              ]),
        ],
      },
      ...controls.map((control) => ({
        heading: `${control.clause}  ${control.asks}`,
        blocks: blocksOf(control, evidence, numbers),
      })),
      {
        heading: 'Evidence',
        blocks: evidence.length === 0 ? [{ kind: 'text', text: 'None.' }] : [evidenceTable(evidence)],
      },
    ],
  }
}

const HEAD =
  'A control counts as met only where each fact that it needs has evidence here and nothing found speaks against it. What ' +
  'cannot be seen from the hub is a gap, not a pass; that something was not seen is never taken to mean that it did not ' +
  'happen. Whether the controls suffice for the organisation is for its own assessors to say. The JSON form of this report ' +
  'carries every record and every inclusion proof.'

function blocksOf(
  { status, missing, evidence: ids }: ReportedControl,
  evidence: readonly Evidence[],
  numbers: ReadonlyMap<string, number>,
): PrintBlock[] {
  const shown = evidence.filter(({ id }) => ids.includes(id))
  return [
    ...(status === 'met'
      ? [{ kind: 'finding', severity: 'ok', text: `met, with ${shown.length} pieces of evidence` } as const]
      : []),
    ...missing.map((text): PrintBlock => ({ kind: 'finding', severity: 'gap', text })),
    ...(shown.length === 0
      ? []
      : [
          {
            kind: 'table',
            columns: ['No.', 'From', 'Shows'],
            rows: shown.map(({ id, zone, states }) => [String(numbers.get(id) ?? 0), ZONES[zone], states]),
          } as const,
        ]),
  ]
}

function evidenceTable(evidence: readonly Evidence[]): PrintBlock {
  return {
    kind: 'table',
    columns: ['No.', 'Fact', 'Source', 'Bound by'],
    rows: evidence.map(({ fact, source, binding }, place) => [
      String(place + 1),
      FACTS[fact].states,
      source,
      binding.kind === 'record' ? `SHA-256 ${binding.sha256}` : 'inclusion proof and signed checkpoint',
    ]),
  }
}
