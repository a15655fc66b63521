import type { DeviceId } from '@leadglass/sync-agent/contract'
import { ManualClock } from '@leadglass/sync-agent/foundation'
import { deriveSiteKeys, pseudonymOfPatient, pseudonymOfStudy } from '../../deidentify/index.ts'
import { type AuditSink, EgressDoor } from '../../egress/index.ts'
import { concat, dataSetOf, IMPLICIT_LITTLE, textElement, writePart10 } from '../../imaging/dataset/index.ts'
import type { Arrival } from '../../records/index.ts'
import { NOTE_SOP_CLASS } from '../../results/index.ts'
import { temporaryRecords } from '../../testing/memory-records.ts'
import { Corrections } from '../corrections.ts'
import { Superseding } from '../superseding.ts'
import type { Correction } from '../vocabulary.ts'
import { keyObject } from './key-objects.ts'

export const KEYS = deriveSiteKeys(new Uint8Array(32).fill(9))
export const BY: Correction = { actor: { kind: 'system', id: 'test' }, source: 'person', reason: 'a test' }
export const REPORT_CLASS = '1.2.840.10008.5.1.4.1.1.88.34'
export const STUDIES = { S1: { uid: '1.2.1', patient: 'A' }, S2: { uid: '1.2.2', patient: 'B' } } as const

/** The appliance's record with everything around it that corrections touch; work is done by hand, step by step. */
export class Bench {
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

/** Merges one patient of the hospital into another. */
export const merge = (bench: Bench, from: string, to: string, name?: string) =>
  bench.corrections.merge([{ from: { issuer: 'HOSP', id: from }, to: { issuer: '', id: to }, name: name ?? null }], BY)
