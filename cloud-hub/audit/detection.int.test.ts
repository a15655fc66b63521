import { generateKeyPairSync } from 'node:crypto'
import {
  AuditLog,
  createNoteSigner,
  decodeEvent,
  encodeVerifierKey,
  MemoryLogStore,
  type NoteSigner,
  verifierKeyOf,
} from '@leadglass/sync-agent/audit-log'
import {
  type EnvelopeBody,
  envelope,
  type PatientPseudonym,
  type PersonPseudonym,
  type StudyPseudonym,
} from '@leadglass/sync-agent/contract'
import { ManualClock } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parsePayload } from '../ingest/payload.ts'
import { device, payloadOf, pseudonym, sealAll } from '../testing/device.ts'
import { createHubCore, type HubCore } from '../testing/hub-core.ts'
import { siteLogOrigin } from './log-names.ts'
import { RecordingWatch } from './recording-watch.ts'

const BOX = device('box-01')
const ORIGIN = siteLogOrigin(BOX)

/** Every attack is carried out by somebody who holds the device's own key: signatures alone stop none of it. */
describe('what the hub detects of a log that is tampered with at the site', () => {
  let core: HubCore
  let signer: NoteSigner
  let clock: ManualClock
  let sequence: number

  beforeEach(async () => {
    core = await createHubCore()
    clock = new ManualClock(core.clock.now())
    const { privateKey } = generateKeyPairSync('ed25519')
    signer = createNoteSigner(ORIGIN, privateKey)
    await core.enrolment.enrol(BOX)
    core.enrolment.pinAuditLogKey(BOX, encodeVerifierKey(verifierKeyOf(ORIGIN, privateKey)))
    core.mirror.reportDoubts((name, code) => core.alarms.raise(name, code, 1))
    sequence = 1
  })
  afterEach(() => core.close())

  const newLog = (): AuditLog => new AuditLog({ origin: ORIGIN, store: new MemoryLogStore(), clock })
  const record = (log: AuditLog, study: string): EnvelopeBody => {
    const { index, leaf } = log.append({
      event: 'label.recorded',
      actor: { kind: 'system', id: 'scoring' },
      subject: { kind: 'study', id: pseudonym<StudyPseudonym>(study) },
      outcome: 'success',
    })
    return { kind: 'audit-leaf', index, leaf: Buffer.from(leaf).toString('base64') }
  }
  const checkpoint = (log: AuditLog): EnvelopeBody => ({ kind: 'audit-checkpoint', note: log.checkpoint(signer) })
  const send = async (bodies: readonly EnvelopeBody[]): Promise<void> => {
    const envelopes = sealAll(BOX, bodies, sequence).map((one) => envelope.parse(one))
    const [result] = core.inbox.commit([await parsePayload(BOX, payloadOf(envelopes))])
    if (result?.outcome === 'committed') sequence += result.accepted
  }
  const alarms = (): string[] =>
    (core.database.prepare('SELECT code FROM ingest_alarm ORDER BY code').all() as { code: string }[]).map(
      (row) => row.code,
    )
  const raised = (code: string): boolean =>
    [...core.audit.log.leaves()].some((leaf) => {
      const event = decodeEvent(leaf)
      return event?.event === 'log.inconsistent' && event.codes.includes(code)
    })

  const history = async (): Promise<AuditLog> => {
    const log = newLog()
    const bodies = ['a', 'b', 'c', 'd'].map((study) => record(log, study))
    await send([...bodies, checkpoint(log)])
    expect(alarms()).toEqual([])
    const words = [...core.audit.log.leaves()].map((leaf) => decodeEvent(leaf)?.event)
    expect(words).toContain('checkpoint.cosigned')
    return log
  }

  it.each<[string, readonly string[]]>([
    ['truncation: the end is cut off and the log signed again', ['a', 'b']],
    ['fork: another entry in the place of the last', ['a', 'b', 'c', 'x']],
    ['edit: an entry is changed', ['a', 'x', 'c', 'd', 'e']],
    ['insertion: an entry is put between two', ['a', 'b', 'x', 'c', 'd']],
    ['removal: an entry is taken out', ['a', 'c', 'd', 'e', 'f']],
  ])('%s', async (_what, studies) => {
    await history()
    const forged = newLog()
    const bodies = studies.map((study) => record(forged, study))
    await send([...bodies.slice(4), checkpoint(forged)])
    expect(alarms()).toContain('audit-inconsistent')
    expect(raised('audit-inconsistent')).toBe(true)
  })

  it('back-dating: an entry of today claims to be of yesterday', async () => {
    const log = await history()
    clock.advance(-86_400_000)
    await send([record(log, 'e')])
    expect(alarms()).toEqual(['audit-time-back'])
    expect(raised('audit-time-back')).toBe(true)
  })

  it('post-dating: an entry claims a time that has not come', async () => {
    const log = await history()
    clock.advance(86_400_000)
    await send([record(log, 'e')])
    expect(alarms()).toEqual(['audit-time-ahead'])
    expect(raised('audit-time-ahead')).toBe(true)
  })

  it('recording switched off: work goes on and no entry speaks of it', async () => {
    const log = await history()
    const watch = new RecordingWatch(core.database, core.clock, (name, code, studies) =>
      core.alarms.raise(name, code, studies),
    )
    const labelOf = (study: string): EnvelopeBody => ({
      kind: 'study-label',
      label: crypto.randomUUID(),
      study: pseudonym<StudyPseudonym>(study),
      patient: pseudonym<PatientPseudonym>(study),
      revision: 1,
      finding: 'pneumonia',
      value: 'present',
      reader: pseudonym<PersonPseudonym>('reader'),
      blind: false,
    })
    const sendLabels = async (study: string, first: number): Promise<void> => {
      const envelopes = sealAll(BOX, [labelOf(study)], first).map((one) => envelope.parse(one))
      core.inbox.commit([await parsePayload(BOX, payloadOf(envelopes))])
    }
    await send([record(log, 'seen')])
    await sendLabels('seen', 1)
    core.clock.advance(3_600_000)
    watch.look()
    expect(alarms()).toEqual([])
    await sendLabels('unseen', 2)
    watch.look()
    expect(alarms()).toEqual([])
    core.clock.advance(3_600_000)
    watch.look()
    expect(alarms()).toEqual(['audit-recording-off'])
    expect(raised('audit-recording-off')).toBe(true)
    watch.look()
    const row = core.database.prepare('SELECT occurrences FROM ingest_alarm').get() as { occurrences: number }
    expect(row.occurrences).toBe(1)
  })
})
