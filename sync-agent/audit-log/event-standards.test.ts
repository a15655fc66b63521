import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { standardsOf } from './event-standards.ts'
import { AUDIT_EVENT_CODES, AUDIT_EVENTS } from './events.ts'
import { assertedWords } from './testing/asserted-words.ts'
import { EVENT_TESTS } from './testing/event-tests.ts'

const REPOSITORY = join(import.meta.dirname, '..', '..')
const DOCUMENT = join(REPOSITORY, 'docs', 'audit-events.md')
const ACTIONS = { C: 'create', R: 'read', U: 'update', D: 'delete', E: 'execute' } as const

it('the list in docs is the one of the code (written anew by: vitest run -u)', async () => {
  await expect(document()).toMatchFileSnapshot(DOCUMENT)
})

it('every word has clauses of its own, in the form in which they are cited', () => {
  for (const event of AUDIT_EVENT_CODES)
    for (const clause of standardsOf(event).clauses) expect(clause, event).toMatch(/^(?:45 CFR 164|21 CFR 11)\.\d+/)
})

it('every word is asserted in the test that is named for it', () => {
  const asserted = new Map<string, ReadonlySet<string>>()
  const wordsOf = (path: string): ReadonlySet<string> => {
    const known = asserted.get(path)
    if (known !== undefined) return known
    const file = join(REPOSITORY, path)
    const found = assertedWords(existsSync(file) ? readFileSync(file, 'utf8') : '', AUDIT_EVENT_CODES)
    asserted.set(path, found)
    return found
  }
  expect(AUDIT_EVENT_CODES.filter((word) => !wordsOf(EVENT_TESTS[word]).has(word))).toEqual([])
})

function document(): string {
  const rows = AUDIT_EVENT_CODES.map((event) => {
    const { id, type, action, clauses } = standardsOf(event)
    const { emitters, states } = AUDIT_EVENTS[event]
    const dicom =
      type === undefined ? `${id.code} ${id.meaning}` : `${id.code} ${id.meaning}, ${type.code} ${type.meaning}`
    return `| `.concat(
      [
        `\`${event}\``,
        states,
        emitters.join(', '),
        dicom,
        `${action} ${ACTIONS[action]}`,
        clauses.join('; '),
        EVENT_TESTS[event],
      ].join(' | '),
      ' |',
    )
  })
  return `${[...HEAD, ...rows].join('\n')}\n`
}

const HEAD = [
  '# Every event of the audit logs',
  '',
  'Written by a test from `sync-agent/audit-log`; the program that lacks a row for a word does not compile.',
  '',
  '`DICOM`: EventID and EventTypeCode of the audit message (PS3.15 A.5, codes of PS3.16); a FHIR AuditEvent has the same codes as',
  '`type` and `subtype`. `Action`: EventActionCode, and `action` of the AuditEvent. `Evidence for`: the clauses of HIPAA and of',
  '21 CFR 11 that ask for the record of such an act. `Seen by`: a test in which the act happens and its entry is seen.',
  'Outcome: success 0, refused 4, failure 8.',
  '',
  '| event | states | written by | DICOM | action | evidence for | seen by |',
  '|---|---|---|---|---|---|---|',
]
