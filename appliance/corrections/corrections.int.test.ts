import type { DeviceId } from '@leadglass/sync-agent/contract'
import { ManualClock } from '@leadglass/sync-agent/foundation'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { deriveSiteKeys, pseudonymOfPatient, pseudonymOfStudy } from '../deidentify/index.ts'
import { type AuditSink, EgressDoor } from '../egress/index.ts'
import {
  concat,
  dataSetOf,
  IMPLICIT_LITTLE,
  parsePart10,
  text,
  textElement,
  writePart10,
} from '../imaging/dataset/index.ts'
import type { Arrival } from '../records/index.ts'
import { NOTE_SOP_CLASS } from '../results/index.ts'
import { temporaryRecords } from '../testing/memory-records.ts'
import { Corrections } from './corrections.ts'
import { readKeyObject } from './rejection-note.ts'
import { Superseding } from './superseding.ts'
import { keyObject } from './testing/key-objects.ts'
import type { Correction } from './vocabulary.ts'

const KEYS = deriveSiteKeys(new Uint8Array(32).fill(9))
const BY: Correction = { actor: { kind: 'system', id: 'test' }, source: 'person', reason: 'a test' }
const REPORT_CLASS = '1.2.840.10008.5.1.4.1.1.88.34'
const STUDIES = { S1: { uid: '1.2.1', patient: 'A' }, S2: { uid: '1.2.2', patient: 'B' } } as const

/** The appliance's record with everything around it that corrections touch; work is done by hand, step by step. */
class Bench {
  readonly #held = temporaryRecords()
  readonly clock = new ManualClock(1_700_000_000_000)
  readonly records = this.#held.records
  readonly objects = new Map<string, Uint8Array>()
  /** After so many audit events the next write fails, as if the power went: -1 is never. */
  failAfter = -1
  readonly events: string[] = []
  readonly audit: AuditSink = {
    record: (event) => {
      if (this.failAfter === 0) throw new Error('power cut')
      this.failAfter -= 1
      this.events.push(event.event)
    },
    recordNow: () => undefined,
  }
  readonly corrections = new Corrections({
    records: this.records,
    readObject: async (digest) => this.objects.get(digest),
    keys: KEYS,
    defaultIssuer: '',
    ownAuthorities: () => ['HOSP'],
    audit: this.audit,
    clock: this.clock,
    onCorrected: () => undefined,
  })
  readonly superseding = new Superseding({
    corrections: this.corrections,
    records: this.records,
    door: new EgressDoor({ records: this.records, device: 'test-box' as DeviceId, clock: this.clock }),
    audit: this.audit,
    device: { name: 'test-box', softwareVersion: '0.1.0' },
    clock: this.clock,
  })

  constructor() {
    // Thousands of commits; what a power cut does to the disk is not asked here.
    this.records.database.pragma('synchronous = OFF')
  }

  arrive(study: keyof typeof STUDIES, sop: string, note?: readonly string[]): void {
    const { uid, patient } = STUDIES[study]
    const sopInstanceUid = `${uid}.${sop}`
    const digest = Buffer.from(sopInstanceUid).toString('hex').padEnd(64, '0')
    if (note !== undefined) {
      const references = note.map((one) => ({ study: uid, series: `${uid}.7`, sop: `${uid}.${one}` }))
      const about = { sopInstanceUid, studyInstanceUid: uid, patientId: patient, title: '113001', references }
      this.objects.set(digest, keyObject(about))
    }
    const arrival: Arrival = {
      sopInstanceUid,
      digest,
      sopClassUid: note === undefined ? '1.2.840.10008.5.1.4.1.1.1.1' : NOTE_SOP_CLASS,
      transferSyntaxUid: IMPLICIT_LITTLE,
      bytes: 100,
      callingAeTitle: 'X',
      remoteAddress: '127.0.0.1',
      associationId: 'a',
      receivedAt: this.clock.now(),
      header: {
        kind: 'read',
        study: {
          studyInstanceUid: uid,
          studyPseudonym: pseudonymOfStudy(KEYS, uid),
          patientPseudonym: pseudonymOfPatient(KEYS, { issuer: '', id: patient }),
          patientId: patient,
          patientName: `${patient}^NAME`,
          patientBirthDate: '',
          patientSex: '',
          accessionNumber: 'ACC1',
          studyDate: '',
          studyTime: '',
          studyDescription: '',
        },
        seriesInstanceUid: `${uid}.7`,
        modality: 'DX',
        urgent: false,
      },
    }
    this.records.transaction(() => {
      const registration = this.records.intake.register(arrival)
      this.audit.record({ event: 'instance.stored', actor: BY.actor, subject: null, outcome: 'success' })
      if (registration.kind === 'quarantined') throw new Error(registration.reason)
    })
  }

  studyId(study: keyof typeof STUDIES): number | undefined {
    return this.records.corrections.studyOfUid(STUDIES[study].uid)
  }

  /** Closes what receives and works on what waits, as the pipeline does, for one revision. False when nothing was to do. */
  async work(accept: boolean): Promise<boolean> {
    const { records, clock } = this
    const receiving = records.revisions.receiving()[0]
    if (receiving !== undefined) {
      records.transaction(() => records.revisions.complete(receiving.revisionId, 'quiet-timer', clock.now()))
      return true
    }
    const waiting = records.database
      .prepare(`SELECT revision_id AS id FROM revision
        WHERE assembly = 'complete' AND processing IN ('queued','running') AND superseded = 0 LIMIT 1`)
      .get() as { id: number } | undefined
    if (waiting === undefined) return false
    records.transaction(() => records.revisions.claim(waiting.id, clock.now()))
    const claimed = records.revisions.work(waiting.id)
    if (claimed === undefined) throw new Error('no such revision')
    const revision = await this.corrections.settle(claimed)
    records.transaction(() => {
      const counted = records.revisions.instances(revision.revisionId)
      const scored = counted.length > 0
      const reason = this.superseding.reasonOfEmpty(revision.revisionId) ?? null
      records.revisions.finish(revision.revisionId, scored ? 'scored' : 'not-scored', reason, clock.now())
      if (scored) this.#report(revision.revisionId, revision.patientId, revision.accessionNumber, revision.number)
      const end = { processing: scored ? 'scored' : 'not-scored', reports: scored ? 1 : 0, localOnly: false } as const
      this.superseding.written(revision, end)
    })
    if (accept) this.deliver()
    return true
  }

  deliver(): void {
    const { records, clock } = this
    records.transaction(() => {
      for (const { deliveryId } of records.results.due('pacs', clock.now(), 100))
        records.results.accept(deliveryId, clock.now())
    })
  }

  #report(revisionId: number, patientId: string, accession: string, number: number): void {
    const sopInstanceUid = `9.${revisionId}.${number}`
    const studyInstanceUid = this.records.revisions.work(revisionId)?.studyInstanceUid ?? ''
    const dataSet = dataSetOf([
      textElement(0x00080050, 'SH', accession),
      textElement(0x00100020, 'LO', patientId),
      textElement(0x0020000d, 'UI', studyInstanceUid),
      textElement(0x0020000e, 'UI', '9.9'),
    ])
    const meta = {
      mediaStorageSopClassUid: REPORT_CLASS,
      mediaStorageSopInstanceUid: sopInstanceUid,
      transferSyntaxUid: IMPLICIT_LITTLE,
    }
    const content = concat(writePart10({ meta, dataSet }))
    const row = { revisionId, modelDigest: 'm', sopClassUid: REPORT_CLASS, sopInstanceUid, content }
    this.records.results.insertReport(row, ['pacs'], this.clock.now())
  }

  /** Deliveries that would still send what a later revision supersedes. */
  waitingForSuperseded(): unknown[] {
    return this.records.database
      .prepare(`SELECT d.delivery_id FROM delivery d JOIN report r ON r.report_id = d.report_id
        JOIN revision v ON v.revision_id = r.revision_id WHERE d.state = 'pending' AND v.superseded = 1`)
      .all()
  }

  /** Everything that a power cut must not leave half written. */
  dump(): string {
    const tables = ['study', 'revision', 'revision_instance', 'instance', 'rejection_note', 'rejected_reference']
    const more = ['patient_merge', 'accession_correction', 'study_correction', 'report', 'delivery', 'envelope']
    return JSON.stringify(
      [...tables, ...more].map((name) => this.records.database.prepare(`SELECT * FROM ${name}`).all()),
    )
  }

  /** What is in force of a study, whatever way led there. */
  inForce(study: keyof typeof STUDIES) {
    const studyId = this.studyId(study) ?? 0
    const { patientId, patientName, accessionNumber, patientPseudonym } =
      this.records.corrections.inForce(studyId) ?? {}
    const [current, ...earlier] = this.records.studies.revisions(studyId)
    const members = current === undefined ? [] : this.records.corrections.members(current.revisionId)
    return {
      patientId,
      patientName,
      accessionNumber,
      patientPseudonym,
      processing: current?.processing,
      reason: current?.reason,
      superseded: [current?.superseded, ...new Set(earlier.map((one) => one.superseded))],
      counted: members
        .filter((one) => one.withdrawn === null)
        .map((one) => one.sopInstanceUid)
        .sort(),
      withdrawn: Object.fromEntries(
        members.flatMap(({ sopInstanceUid, withdrawn }): [string, string][] =>
          withdrawn === null ? [] : [[sopInstanceUid, withdrawn]],
        ),
      ) as Record<string, string>,
    }
  }

  bodies(kind: string): Record<string, unknown>[] {
    const rows = this.records.database.prepare('SELECT content FROM envelope WHERE kind = ?').all(kind)
    return (rows as { content: string }[]).map(
      (row) => (JSON.parse(row.content) as { body: Record<string, unknown> }).body,
    )
  }

  dispose(): void {
    this.#held.dispose()
  }
}

const merge = (bench: Bench, from: string, to: string, name?: string) =>
  bench.corrections.merge([{ from: { issuer: 'HOSP', id: from }, to: { issuer: '', id: to }, name: name ?? null }], BY)

const STEPS: Readonly<Record<string, (bench: Bench) => unknown>> = {
  first: (bench) => {
    bench.arrive('S1', '1')
  },
  second: (bench) => {
    bench.arrive('S1', '2')
  },
  late: (bench) => {
    bench.arrive('S1', '3')
  },
  other: (bench) => {
    bench.arrive('S2', '1')
  },
  note: (bench) => {
    bench.arrive('S1', '50', ['2'])
  },
  'note on everything of S2': (bench) => {
    bench.arrive('S2', '50', ['1'])
  },
  'merge A into B': (bench) => merge(bench, 'A', 'B', 'B^SURVIVES'),
  'merge B into C': (bench) => merge(bench, 'B', 'C', 'C^SURVIVES'),
  // A person can correct only what is there: until then the step waits.
  accession: (bench) => {
    const studyId = bench.studyId('S1')
    if (studyId === undefined) return 'later'
    bench.corrections.correctAccession(studyId, 'ACC9', BY)
    return undefined
  },
}

describe('corrections over the real record', () => {
  let bench: Bench
  beforeEach(() => {
    bench = new Bench()
  })
  afterEach(() => {
    bench.dispose()
  })

  it('end in the same state in any order, with work in between and the power cut anywhere', async () => {
    const order = fc.shuffledSubarray(Object.keys(STEPS), { minLength: Object.keys(STEPS).length })
    const work = fc.array(fc.constantFrom('none', 'one', 'all', 'all-delivered'), { minLength: 9, maxLength: 9 })
    const cuts = fc.array(fc.integer({ min: -1, max: 4 }), { minLength: 9, maxLength: 9 })
    await fc.assert(
      fc.asyncProperty(order, work, cuts, async (names, working, cut) => {
        const one = new Bench()
        try {
          const queue = [...names]
          // The power goes once in each step at most: a step that always fails never ends.
          const failed = new Set<string>()
          for (let at = 0; queue.length > 0; at += 1) {
            const name = queue.shift() ?? ''
            const step = STEPS[name]
            one.clock.advance(1000)
            const before = one.dump()
            one.failAfter = failed.has(name) ? -1 : (cut[at % 9] ?? -1)
            try {
              if (step?.(one) === 'later') queue.push(name)
            } catch (cause) {
              expect((cause as Error).message).toBe('power cut')
              // All of the step is there or nothing of it; then it comes again.
              expect(one.dump()).toBe(before)
              failed.add(name)
              queue.push(name)
            }
            one.failAfter = -1
            const how = working[at % 9]
            for (let more = how !== 'none'; more; more = (await one.work(how === 'all-delivered')) && how !== 'one');
          }
          while (await one.work(false));
          expect(one.waitingForSuperseded()).toEqual([])
          one.deliver()
          const patientPseudonym = pseudonymOfPatient(KEYS, { issuer: '', id: 'C' })
          const merged = { patientId: 'C', patientName: 'C^SURVIVES', patientPseudonym }
          expect(one.inForce('S1')).toMatchObject({
            ...merged,
            accessionNumber: 'ACC9',
            processing: 'scored',
            counted: ['1.2.1.1', '1.2.1.3'],
            withdrawn: { '1.2.1.2': 'quality', '1.2.1.50': 'rejection-note' },
          })
          expect(one.inForce('S2')).toMatchObject({
            ...merged,
            accessionNumber: 'ACC1',
            processing: 'not-scored',
            reason: 'rejected.quality',
            counted: [],
          })
          expect(one.inForce('S1').superseded.slice(1)).not.toContain(0)
          expect(one.inForce('S1').superseded[0]).toBe(0)
          // What the hub was told last is what is in force.
          const told = one.bodies('study-revision').filter((body) => body.study === pseudonymOfStudy(KEYS, '1.2.1'))
          if (one.records.studies.revisions(one.studyId('S1') ?? 0).length > 1) {
            expect(told.at(-1)).toMatchObject({ patient: patientPseudonym })
          }
          // Whoever has a result of the rejected study has the note that takes it back.
          const held = one.records.corrections.delivered(one.studyId('S2') ?? 0, 1000, NOTE_SOP_CLASS)
          expect(held).toEqual([])
        } finally {
          one.dispose()
        }
      }),
      { numRuns: 60 },
    )
  }, 120_000)

  it('takes a delivered result back with a rejection note of our own, and a withdrawn delivery without one', async () => {
    bench.arrive('S2', '1')
    while (await bench.work(true));
    bench.clock.advance(1000)
    bench.arrive('S2', '50', ['1'])
    while (await bench.work(false));
    const [due, ...more] = bench.records.results.due('pacs', bench.clock.now(), 10)
    expect(more).toEqual([])
    expect(due?.sopClassUid).toBe(NOTE_SOP_CLASS)
    const { dataSet } = parsePart10(due?.content ?? new Uint8Array())
    expect([0x00100020, 0x00080050, 0x0020000d].map((tag) => text(dataSet, tag))).toEqual(['B', 'ACC1', '1.2.2'])
    expect(readKeyObject(due?.content ?? new Uint8Array())).toMatchObject({ title: 'quality', rejects: ['9.1.1'] })

    const other = new Bench()
    other.arrive('S2', '1')
    while (await other.work(false));
    other.clock.advance(1000)
    other.arrive('S2', '50', ['1'])
    while (await other.work(false));
    // The result never left: it is cancelled, and nobody needs to be told.
    expect(other.records.results.due('pacs', other.clock.now(), 10)).toEqual([])
    other.dispose()
  })

  it('puts a study back under its own patient when a merge is undone, and says which labels still count', async () => {
    bench.arrive('S1', '1')
    while (await bench.work(true));
    const [answer] = merge(bench, 'A', 'B')
    while (await bench.work(true));
    const studyId = bench.studyId('S1') ?? 0
    expect(bench.inForce('S1')).toMatchObject({ patientId: 'B', processing: 'scored' })
    expect(bench.records.corrections.revisionsLike(studyId, 2)).toEqual([1])
    bench.corrections.undoMerge(answer?.mergeId ?? 0, BY)
    expect(bench.events).toEqual(expect.arrayContaining(['patient.merged', 'study.corrected']))
    expect(bench.events.slice(-2)).toContain('patient.merge-undone')
    while (await bench.work(true));
    expect(bench.inForce('S1')).toMatchObject({ patientId: 'A', patientName: 'A^NAME', processing: 'scored' })
    bench.arrive('S1', '2')
    while (await bench.work(true));
    expect(bench.records.corrections.revisionsLike(studyId, 4)).toEqual([])
    const told = bench.bodies('study-revision').map((body) => [body.revision, body.causes, body.sameInstances])
    expect(told).toEqual([
      [2, ['patient-merge'], [1]],
      [3, ['patient-merge-undone'], [1, 2]],
      [4, ['late-instance'], []],
    ])
    expect(bench.records.corrections.corrections(studyId).map((one) => one.cause)).toEqual([
      'patient-merge-undone',
      'patient-merge',
    ])
    expect(() => bench.corrections.undoMerge(answer?.mergeId ?? 0, BY)).toThrowError(
      expect.objectContaining({ code: 'undone-before' }),
    )
  })

  it('records several merges of one message together or none of them', () => {
    const request = (from: string, to: string) => ({ from: { issuer: '', id: from }, to: { issuer: '', id: to } })
    expect(() => bench.corrections.merge([request('A', 'B'), request('B', 'A')], BY)).toThrowError(
      expect.objectContaining({ code: 'circle' }),
    )
    expect(bench.records.corrections.merges(10)).toEqual([])
    expect(bench.corrections.merge([request('A', 'B')], BY)[0]).toMatchObject({ known: false })
    expect(bench.corrections.merge([request('A', 'B')], BY)[0]).toMatchObject({ known: true, studies: 0 })
  })

  it('takes late objects of a merged study under either number, and of nobody else', () => {
    bench.arrive('S1', '1')
    merge(bench, 'A', 'B')
    bench.arrive('S1', '2')
    expect(bench.inForce('S1').patientId).toBe('B')
    const quarantined = bench.records.studies.totals().quarantined
    expect(quarantined).toBe(0)
  })

  it('finds what it needs by index', async () => {
    const statements = await import('../records/correction-records.ts')
    const hot = [
      statements.SELECT_MERGE_OF,
      statements.SELECT_STUDIES_UNDER,
      statements.SELECT_RECEIVED,
      statements.SELECT_UNREAD,
      statements.SELECT_NOTES,
      statements.SELECT_MEMBERS,
      statements.SELECT_COUNTED,
      statements.SELECT_DELIVERED,
      statements.SELECT_DESTINATIONS,
      statements.SELECT_CORRECTIONS,
    ]
    for (const sql of hot) {
      const values = Array.from({ length: sql.split('?').length - 1 }, () => 1)
      const plan = bench.records.database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values) as { detail: string }[]
      const scans = plan.map((step) => step.detail).filter((detail) => /^SCAN (?!merged|m$)/.test(detail))
      expect(
        scans.filter((detail) => !/CONSTANT ROW|USING/.test(detail)),
        sql,
      ).toEqual([])
    }
  })
})
