import { decodeEvent } from '@leadglass/sync-agent/audit-log'
import {
  type EnvelopeBody,
  envelope,
  type PatientPseudonym,
  type PersonPseudonym,
  type StudyPseudonym,
} from '@leadglass/sync-agent/contract'
import { silentLogger } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ContactWatch } from '../fleet/index.ts'
import { AlarmBook } from '../ingest/alarms.ts'
import { Inbox } from '../ingest/inbox.ts'
import { parsePayload } from '../ingest/payload.ts'
import { device, payloadOf, pseudonym, sealAll } from '../testing/device.ts'
import { createHubCore, type HubCore } from '../testing/hub-core.ts'
import { recordKeyChanges } from './keys-in-use.ts'
import { HUB_ACTS, OwnRecordingWatch } from './own-recording-watch.ts'

const BOX = device('box-01')

describe('the hub’s own recording', () => {
  let core: HubCore
  beforeEach(async () => {
    core = await createHubCore()
    await core.enrolment.enrol(BOX)
  })
  afterEach(() => core.close())

  const events = () => [...core.audit.log.leaves()].flatMap((leaf) => decodeEvent(leaf) ?? [])
  const words = (): string[] => events().map(({ event }) => event)
  const label = (): EnvelopeBody => ({
    kind: 'study-label',
    label: crypto.randomUUID(),
    study: pseudonym<StudyPseudonym>('study'),
    patient: pseudonym<PatientPseudonym>('study'),
    revision: 1,
    finding: 'pneumonia',
    value: 'present',
    reader: pseudonym<PersonPseudonym>('reader'),
    blind: false,
  })
  const batch = async (first: number, count: number) =>
    parsePayload(
      BOX,
      payloadOf(sealAll(BOX, Array.from({ length: count }, label), first).map((one) => envelope.parse(one))),
    )
  const watchOf = (audit: Pick<HubCore['audit'], 'record'> = core.audit): OwnRecordingWatch =>
    new OwnRecordingWatch({ database: core.database, log: core.audit.log, audit, logger: silentLogger })

  it('has one leaf for a group of batches of a device, with its counts, in the transaction of the commit', async () => {
    const first = await batch(1, 3)
    core.inbox.commit([first, await batch(4, 2), first])
    const found = events().filter(({ event }) => event === 'ingest.committed')
    expect(found).toMatchObject([
      { actor: { kind: 'device', id: BOX }, codes: ['messages-3', 'accepted-5', 'duplicates-3'] },
    ])
    core.inbox.commit([first])
    expect(words().filter((word) => word === 'ingest.committed')).toHaveLength(1)
    const { size } = core.audit.log
    const broken = new Inbox(
      core.database,
      core.mirror,
      new AlarmBook(core.database, brokenAudit(core), core.clock),
      core.clock,
    )
    const more = await batch(6, 1)
    expect(() => broken.commit([more])).toThrow('no disk')
    expect(core.audit.log.size).toBe(size)
    expect(core.inbox.commit([more])).toMatchObject([{ accepted: 1 }])
  })

  it('recording switched off at the hub: its tables change and no entry speaks of it', async () => {
    const watch = watchOf()
    expect(watch.look()).toEqual([])
    core.inbox.commit([await batch(1, 1)])
    expect([watch.look(), watch.look()]).toEqual([[], []])
    const silent = new AlarmBook(core.database, { record: () => undefined }, core.clock)
    new Inbox(core.database, core.mirror, silent, core.clock).commit([await batch(2, 1)])
    // An act and its word may lie on two sides of a look: only the second one that finds nothing says so.
    expect([watch.look(), watch.look(), watch.look()]).toEqual([[], ['ingest'], []])
    const last = events().at(-1)
    expect(last).toMatchObject({ event: 'log.inconsistent', codes: ['audit-recording-off', 'act.ingest'] })
  })

  it('is found also when the hub ended in between', async () => {
    watchOf().look()
    await core.enrolment.enrol('box-02')
    const next = watchOf()
    expect([next.look(), next.look()]).toEqual([[], ['devices']])
  })

  it('has an entry with all its nodes or not at all, also outside of a transaction', () => {
    const event = {
      event: 'log.read',
      actor: { kind: 'system', id: 'hub' },
      subject: null,
      outcome: 'success',
    } as const
    if (core.audit.log.size % 2 === 0) core.audit.record(event)
    const { size } = core.audit.log
    // The next entry completes a node: a disk that fails between the two must leave neither.
    core.database.exec(
      `CREATE TRIGGER disk_fails BEFORE INSERT ON audit_subtree BEGIN SELECT RAISE(ABORT, 'disk fails'); END`,
    )
    expect(() => core.audit.record(event)).toThrow('disk fails')
    expect(core.audit.log.size).toBe(size)
    core.database.exec('DROP TRIGGER disk_fails')
    core.audit.record(event)
    expect(core.audit.log.size).toBe(size + 1)
    expect(core.audit.log.root()).toHaveLength(32)
  })

  it('asks for rows that exist, and reads only the end of the long table', () => {
    for (const { rows } of Object.values(HUB_ACTS)) core.database.prepare(rows).get()
    const plan = core.database.prepare(`EXPLAIN QUERY PLAN ${HUB_ACTS.ingest.rows}`).all() as { detail: string }[]
    expect(plan.map((row) => row.detail).join()).toContain('SEARCH envelope_inbox')
  })

  it('writes down when a device is heard and when it has fallen silent, once each', async () => {
    const watch = new ContactWatch({ database: core.database, audit: core.audit, clock: core.clock })
    const contacts = (): string[] => words().filter((word) => /^device\.(?:connected|silent)$/.test(word))
    watch.look()
    expect(contacts()).toEqual([])
    core.inbox.commit([await batch(1, 1)])
    for (const _ of [1, 2]) watch.look()
    expect(contacts()).toEqual(['device.connected'])
    core.clock.advance(901_000)
    for (const _ of [1, 2]) watch.look()
    expect(contacts()).toEqual(['device.connected', 'device.silent'])
    core.inbox.commit([await batch(2, 1)])
    watch.look()
    expect(contacts().at(-1)).toBe('device.connected')
  })

  it('writes down what it refuses, and what comparing an epoch came to', () => {
    core.alarms.raise(BOX, 'payload-not-a-batch', 1)
    core.alarms.compared(BOX, 3, [{ stream: 'labels', from: 4, to: 9 }])
    expect(events().slice(-2)).toMatchObject([
      { event: 'ingest.refused', outcome: 'refused', codes: ['payload-not-a-batch'] },
      { event: 'epoch.compared', outcome: 'failure', codes: ['epoch-3', 'labels-4-9'] },
    ])
  })

  it('writes down which signing keys came into use and which went', () => {
    const keys = (...prints: string[]) => prints.map((one) => ({ role: 'hub-log', fingerprint: one.repeat(64) }))
    recordKeyChanges(core, keys('a', 'b'))
    recordKeyChanges(core, keys('a', 'b'))
    recordKeyChanges(core, keys('b', 'c'))
    const changes = events().filter(({ event }) => event === 'key.changed')
    expect(changes.map(({ subject, codes }) => [subject?.id[0], ...codes])).toEqual([
      ['a', 'in-use', 'role.hub-log'],
      ['b', 'in-use', 'role.hub-log'],
      ['c', 'in-use', 'role.hub-log'],
      ['a', 'out-of-use', 'role.hub-log'],
    ])
  })
})

/** A log that cannot be written: what belongs to the act must go with it. */
function brokenAudit(core: HubCore): Pick<HubCore['audit'], 'record'> {
  return {
    record: (event) => {
      core.audit.record(event)
      throw new Error('no disk')
    },
  }
}
