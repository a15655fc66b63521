import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { peer } from '../../../installer/testing/peers.ts'
import { standardsOf } from '../event-standards.ts'
import { AUDIT_EVENT_CODES } from '../events.ts'
import { auditMessage } from './audit-message.ts'
import { fhirAuditEvent } from './fhir-audit-event.ts'
import { syslogFrame } from './syslog-frame.ts'
import { entriesOfAllEvents, SOURCE } from './testing/example-entries.ts'

const ENTRIES = entriesOfAllEvents()
const xmllint = peer('xmllint')

it.skipIf(xmllint === undefined)('every word becomes a valid audit message (needs xmllint)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'leadglass-atna-'))
  try {
    const files = ENTRIES.map((entry, index) => {
      const file = join(folder, `${index}.xml`)
      writeFileSync(file, auditMessage(entry, SOURCE))
      return file
    })
    const broken = join(folder, 'broken.xml')
    writeFileSync(
      broken,
      auditMessage(ENTRIES[0] as (typeof ENTRIES)[0], SOURCE).replace('EventOutcomeIndicator="0"', ''),
    )
    const schema = join(import.meta.dirname, 'testing', 'audit-message.rng')
    const run = spawnSync(xmllint ?? '', ['--noout', '--relaxng', schema, ...files, broken], { encoding: 'utf8' })
    const judged = run.stderr
      .trim()
      .split('\n')
      .filter((line) => / (?:validates|fails to validate)$/.test(line))
    expect(judged.filter((line) => line.endsWith(' validates'))).toHaveLength(ENTRIES.length)
    expect(judged.filter((line) => line.endsWith(' fails to validate'))).toEqual([`${broken} fails to validate`])
  } finally {
    rmSync(folder, { recursive: true })
  }
})

it('what XML has a meaning for stays text', () => {
  const [entry] = ENTRIES
  if (entry === undefined) throw new Error('no entry')
  const hostile = { ...entry, event: { ...entry.event, codes: ['<b x="1">&amp;\u0000\u202e'] } }
  expect(auditMessage(hostile, SOURCE)).toContain(
    '<EventOutcomeDescription>&lt;b x=&quot;1&quot;&gt;&amp;amp;</EventOutcomeDescription>',
  )
})

it('a frame counts its own bytes and numbers itself', () => {
  for (const entry of ENTRIES) {
    const frame = syslogFrame(entry, SOURCE)
    const space = frame.indexOf(0x20)
    const message = frame.subarray(space + 1)
    expect(Number(frame.subarray(0, space).toString())).toBe(message.length)
    const header =
      /^<(\d+)>1 (\S+) site-a-box-1 leadglass - DICOM\+RFC3881 \[meta sequenceId="(\d+)"\] \ufeff<AuditMessage>/
    const found = header.exec(message.toString('utf8'))
    expect(Number(found?.[3])).toBe(entry.index + 1)
    expect(Number(found?.[1]) >> 3).toBe(10)
  }
})

const coding = z.strictObject({
  system: z.url().or(z.string().startsWith('urn:')),
  code: z.string().regex(/^\S+$/),
  display: z.string(),
})
const reference = z.strictObject({
  identifier: z.strictObject({ system: z.string().startsWith('urn:'), value: z.string().min(1) }),
  display: z.string().optional(),
})
/** AuditEvent of FHIR R4 as far as we write it: cardinalities, types and required bindings of 6.4.1. */
const auditEventResource = z.strictObject({
  resourceType: z.literal('AuditEvent'),
  type: coding,
  subtype: z.array(coding),
  action: z.enum(['C', 'R', 'U', 'D', 'E']),
  recorded: z.iso.datetime(),
  outcome: z.enum(['0', '4', '8', '12']),
  outcomeDesc: z.string().optional(),
  agent: z
    .array(
      z.strictObject({
        type: z.strictObject({ coding: z.array(coding) }).optional(),
        who: reference,
        requestor: z.boolean(),
      }),
    )
    .min(1),
  source: z.strictObject({ observer: reference, type: z.array(coding) }),
  entity: z.array(z.strictObject({ what: reference, type: coding, role: coding.optional() })),
})

it('every word becomes an AuditEvent with one agent that asked', () => {
  for (const entry of ENTRIES) {
    const resource = auditEventResource.parse(fhirAuditEvent(entry, SOURCE))
    expect(resource.agent.filter(({ requestor }) => requestor)).toHaveLength(1)
    expect(resource.subtype.at(-1)?.code).toBe(entry.event.event)
  }
})

it('no word is left to a default, and a word of a newer program is an activity', () => {
  for (const event of AUDIT_EVENT_CODES) expect(standardsOf(event).clauses.length, event).toBeGreaterThan(0)
  expect(standardsOf('study.teleported')).toMatchObject({ id: { code: '110100' }, action: 'E' })
})
