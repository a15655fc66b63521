import type { ApprovalRecord } from '@leadglass/ui/contract/hub-api'
import type { PrintBlock, PrintDocument } from '../../print/index.ts'

/**
 * The record on paper: printed name, date and time, and meaning of every signature stand in it as on the screen (21 CFR
 * 11.50(b)), with the digests that bind them to what was signed (11.70).
 */
export function approvalPaper(record: ApprovalRecord): PrintDocument {
  const { summary, document, signatures, steps } = record
  const missing = summary.signoffs.filter((one) => !signatures.some(({ shown }) => shown.person === one.person))
  return {
    title: `Approval of ${summary.model.name} ${summary.model.version}`,
    subject: 'Record of electronic signatures (21 CFR 11.50)',
    reference: document.digest,
    createdAt: summary.ended?.at ?? signatures.at(-1)?.shown.at ?? summary.submittedAt,
    metadata: { Approval: summary.approval },
    sections: [
      {
        heading: 'What was signed',
        blocks: [
          {
            kind: 'fields',
            fields: [
              ...document.summary.map(({ name, value }) => [name, value] as const),
              ['SHA-256 of the signed bytes', document.digest],
              ['State', summary.state],
              ['Submitted', `${summary.author}, ${summary.submittedAt}`],
              ['Deadline', summary.dueAt ?? 'none'],
            ],
          },
        ],
      },
      {
        heading: 'Signatures',
        blocks: [
          {
            kind: 'table',
            columns: ['Printed name', 'Role', 'Meaning', 'Date and time'],
            rows: signatures.map(({ shown }) => [shown.printedName, shown.role, shown.meaning, shown.at]),
          },
          ...missing.map(
            (one): PrintBlock => ({ kind: 'finding', severity: 'gap', text: `Not signed: ${one.person}, ${one.role}` }),
          ),
          ...signatures.map(
            ({ shown, log, signature }): PrintBlock => ({
              kind: 'fields',
              fields: [
                ['Signer', `${shown.printedName} (${shown.person})`],
                ['Key', shown.keyid],
                ['Signature', signature],
                [
                  'Entry of the log',
                  log === null ? 'before the log kept this' : `${log.index}, commitment ${log.commitment}`,
                ],
              ],
            }),
          ),
        ],
      },
      {
        heading: 'What happened',
        blocks: [
          {
            kind: 'table',
            columns: ['When', 'Who', 'What'],
            rows: steps.map((one) => [one.at, one.person, one.words]),
          },
        ],
      },
    ],
  }
}
