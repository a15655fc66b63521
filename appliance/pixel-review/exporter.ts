import { readFile } from 'node:fs/promises'
import type { Clock } from '@leadglass/sync-agent/foundation'
import { z } from 'zod'
import type { EgressVerifier, StudyIdentifiers } from '../deidentify/index.ts'
import type { AuditSink } from '../egress/index.ts'
import {
  CATALOGUE_VERSION,
  cleanObject,
  type LeavingObject,
  type MaskBox,
  maskBox,
  PIXEL_READER_LIMITS,
  type PixelReading,
  type PixelRules,
  releaseObject,
} from '../pixel-text/index.ts'
import type { PixelReviewRow, Records, RevisionInstance } from '../records/index.ts'
import { type PassedObjectPorts, withPassedObject } from './passed-object.ts'

const boxes = z.array(maskBox)

/** What came of one object that was asked for. */
export type ExportedObject =
  | { readonly kind: 'written'; readonly bytes: Uint8Array; readonly masked: number; readonly name: string }
  /** A person must look, or has refused. */
  | { readonly kind: 'held' | 'refused'; readonly review: number; readonly reason: string }
  /** The profile or the verifier stopped it. */
  | { readonly kind: 'quarantined'; readonly reason: string }

export interface ExporterDependencies extends PassedObjectPorts {
  readonly records: Pick<Records, 'pixels' | 'transaction'>
  readonly reader: PixelReading
  readonly verifier: Pick<EgressVerifier, 'verifyObject'>
  readonly rules: () => PixelRules
  readonly audit: AuditSink
  readonly clock: Clock
}

/** The study that an object belongs to. */
export interface ExportedStudy {
  readonly studyId: number
  readonly studyPseudonym: string
}

/** Makes the form of objects in which they may leave the box; every frame is read before. */
export class Exporter {
  readonly #dependencies: ExporterDependencies

  constructor(dependencies: ExporterDependencies) {
    this.#dependencies = dependencies
  }

  /** Makes one object; one that is doubted goes into the queue for a person. */
  async export(study: ExportedStudy, instance: RevisionInstance): Promise<ExportedObject> {
    const before = this.#dependencies.records.pixels.ofInstance(instance.instanceId)
    if (before?.state === 'refused') return { kind: 'refused', review: before.reviewId, reason: before.reason }
    // What no worker could read is not opened at all.
    if (instance.bytes > PIXEL_READER_LIMITS.maximumFileBytes) return { kind: 'quarantined', reason: 'too-large' }
    return withPassedObject(this.#dependencies, instance.digest, async (passed) => {
      if (passed.kind === 'quarantined') return passed
      const { object, facts } = passed
      return before?.state === 'released'
        ? this.#released(object, facts.mayNotStay, study, instance, before)
        : this.#read(object, facts.mayNotStay, study, instance)
    })
  }

  async #read(
    object: LeavingObject,
    mayNotStay: StudyIdentifiers,
    study: ExportedStudy,
    instance: RevisionInstance,
  ): Promise<ExportedObject> {
    const { reader, rules } = this.#dependencies
    const cleaned = await cleanObject(object, reader, rules())
    if (cleaned.kind === 'without-pixels') return this.#written([await readFile(object.file)], mayNotStay, 0)
    if (cleaned.kind === 'cleaned') return this.#written(cleaned.chunks, mayNotStay, cleaned.masked)
    return this.#hold(study, instance, cleaned.reason, cleaned.proposed)
  }

  async #released(
    object: LeavingObject,
    mayNotStay: StudyIdentifiers,
    study: ExportedStudy,
    instance: RevisionInstance,
    review: PixelReviewRow,
  ): Promise<ExportedObject> {
    const { reader, rules } = this.#dependencies
    const decided = boxes.parse(JSON.parse(review.boxes ?? '[]'))
    const released = await releaseObject(object, decided, reader, rules())
    if (released.kind === 'cleaned') return this.#written(released.chunks, mayNotStay, decided.length)
    // The identifiers of the study have changed since, by a correction: what was decided is not enough any more.
    const reason = released.kind === 'text-remains' ? 'text-remains' : 'undecodable'
    return { kind: 'held', review: this.#hold(study, instance, reason, decided).review, reason }
  }

  /** The very bytes that leave are those that the verifier has read. */
  #written(chunks: readonly Uint8Array[], mayNotStay: StudyIdentifiers, masked: number): ExportedObject {
    const verdict = this.#dependencies.verifier.verifyObject(chunks, mayNotStay)
    if (verdict.kind !== 'clean') {
      return { kind: 'quarantined', reason: verdict.kind === 'hit' ? verdict.rule : verdict.code }
    }
    const bytes = Buffer.concat(chunks)
    return { kind: 'written', bytes, masked, name: nameOf(bytes) }
  }

  #hold(
    { studyId, studyPseudonym }: ExportedStudy,
    { instanceId }: RevisionInstance,
    reason: string,
    proposed: readonly MaskBox[],
  ): Extract<ExportedObject, { kind: 'held' | 'refused' }> {
    const { records, audit, clock } = this.#dependencies
    const review = records.transaction(() => {
      const row = { instanceId, studyId, reason, catalogue: CATALOGUE_VERSION, proposed: JSON.stringify(proposed) }
      records.pixels.hold(row, clock.now())
      audit.record(
        {
          event: 'pixels.held',
          actor: { kind: 'system', id: 'deidentify' },
          subject: { kind: 'study', id: studyPseudonym },
          outcome: 'refused',
          codes: [reason, `catalogue-${CATALOGUE_VERSION.replaceAll('.', '-')}`],
        },
        studyId,
      )
      return records.pixels.ofInstance(instanceId)?.reviewId ?? 0
    })
    return { kind: 'held', review, reason }
  }
}

/** The new instance UID, from the file meta information: an explicit UI in little endian (PS3.10 7.1). */
function nameOf(file: Buffer): string {
  const at = file.indexOf(Buffer.from([0x02, 0, 0x03, 0, 0x55, 0x49]))
  const uid = file.toString('latin1', at + 8, at + 8 + file.readUInt16LE(at + 6)).replace(/[\0 ]+$/, '')
  return /^[0-9.]{1,64}$/.test(uid) ? uid : 'object'
}
