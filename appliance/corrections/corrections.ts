import type { Clock } from '@leadglass/sync-agent/foundation'
import { isPlaceholderId, type SurvivingPatient } from '../deidentify/index.ts'
import type { AuditSink } from '../egress/index.ts'
import type { Records, WaitingRevision } from '../records/index.ts'
import { CorrectionError } from './errors.ts'
import { judgeMerge } from './identity.ts'
import { KEY_OBJECT_SELECTION, type KeyObject, readKeyObject } from './rejection-note.ts'
import { StudyIdentities, type StudyIdentitiesDependencies } from './study-identities.ts'
import {
  type Correction,
  type CorrectionCause,
  type IdentityOverlay,
  type PatientKey,
  REJECTION_TITLES,
  type RejectionTitle,
} from './vocabulary.ts'
import { type NoteFacts, withdrawals } from './withdrawal.ts'

/** A larger document is no note that this device reads. */
const LARGEST_NOTE_BYTES = 33_554_432

export interface CorrectionsDependencies extends StudyIdentitiesDependencies {
  readonly records: Pick<Records, 'corrections' | 'intake' | 'revisions' | 'transaction'>
  /** Reads a received object; `undefined` when it is there no more or damaged. */
  readonly readObject: (digest: string) => Promise<Uint8Array | undefined>
  readonly audit: AuditSink
  readonly clock: Clock
  /** Told after a commit which studies changed; work may wait. */
  readonly onCorrected: (studies: readonly number[]) => void
}

/** One merge that is asked for. */
export interface MergeRequest {
  readonly from: PatientKey
  readonly to: PatientKey
  readonly name?: string | null
  readonly birthDate?: string | null
  readonly sex?: string | null
}

/** What a merge did. `known` says that it was in force already. */
export interface MergeAnswer {
  readonly mergeId: number
  readonly known: boolean
  readonly studies: number
}

/**
 * Keeps what is in force in step with what was received and what was corrected since. Every change is one transaction:
 * the fact, the identity of each study it touches, the revision that supersedes, and the audit events.
 */
export class Corrections {
  readonly #dependencies: CorrectionsDependencies
  readonly #identities: StudyIdentities

  constructor(dependencies: CorrectionsDependencies) {
    this.#dependencies = dependencies
    this.#identities = new StudyIdentities(dependencies)
  }

  /**
   * Records merges, all or none.
   * @throws {CorrectionError} when one contradicts those in force.
   */
  merge(requests: readonly MergeRequest[], by: Correction): readonly MergeAnswer[] {
    const touched: number[] = []
    const { records, audit } = this.#dependencies
    const answers = ((): MergeAnswer[] => {
      try {
        return records.transaction(() => requests.map((one) => this.#merge(one, by, touched)))
      } catch (cause) {
        if (cause instanceof CorrectionError) {
          const codes = [by.source, cause.code]
          audit.recordNow({ event: 'patient.merged', actor: by.actor, subject: null, outcome: 'refused', codes })
        }
        throw cause
      }
    })()
    this.#dependencies.onCorrected(touched)
    return answers
  }

  /** Takes a merge back. @throws {CorrectionError} */
  undoMerge(mergeId: number, by: Correction): MergeAnswer {
    const { records, clock, audit } = this.#dependencies
    const touched: number[] = []
    const answer = records.transaction(() => {
      const merge = records.corrections.merge(mergeId)
      if (merge === undefined) throw new CorrectionError('unknown-merge')
      if (!records.corrections.undoMerge(mergeId, by.actor.id, by.reason, clock.now())) {
        throw new CorrectionError('undone-before')
      }
      const subject = this.#identities.subjectOf({ issuer: merge.toIssuer, id: merge.toId })
      audit.record({ event: 'patient.merge-undone', actor: by.actor, subject, outcome: 'success', codes: [by.source] })
      const studies = this.#alignAll(merge.fromId, 'patient-merge-undone', by)
      touched.push(...studies)
      return { mergeId, known: false, studies: studies.length }
    })
    this.#dependencies.onCorrected(touched)
    return answer
  }

  /**
   * Corrects the accession number of a study.
   * @returns the revision that stands under it. @throws {CorrectionError} `unchanged`.
   */
  correctAccession(studyId: number, accession: string, by: Correction): number {
    const { records, clock } = this.#dependencies
    const revision = records.transaction(() => {
      if (records.corrections.inForce(studyId)?.accessionNumber === accession) throw new CorrectionError('unchanged')
      records.corrections.insertAccession(studyId, accession, by.actor.id, by.reason, clock.now())
      this.#align(studyId, 'accession', by)
      return records.corrections.newestRevision(studyId)?.number ?? 1
    })
    this.#dependencies.onCorrected([studyId])
    return revision
  }

  /** The patient under whom a study goes since a merge. */
  survivorOf(studyInstanceUid: string): SurvivingPatient | undefined {
    const studyId = this.#dependencies.records.corrections.studyOfUid(studyInstanceUid)
    return studyId === undefined ? undefined : this.overlayOf(studyId)?.patient
  }

  /** What stands in the results of a study instead of what was received. */
  overlayOf(studyId: number): IdentityOverlay | undefined {
    return this.#identities.overlayOf(studyId)
  }

  /**
   * Brings a claimed revision in step before the work on it: reads notes that came with it, withdraws what they reject,
   * and puts the study under the identity in force. Nothing was made of this revision yet, so it changes in place.
   */
  async settle(revision: WaitingRevision): Promise<WaitingRevision> {
    const { records, clock } = this.#dependencies
    const { revisionId, studyId } = revision
    const read: { instanceId: number; object: KeyObject }[] = []
    for (const { instanceId, digest, bytes } of records.corrections.unread(revisionId, KEY_OBJECT_SELECTION)) {
      read.push({ instanceId, object: await this.#read(digest, bytes) })
    }
    return records.transaction(() => {
      if (records.revisions.isSuperseded(revisionId)) return revision
      const at = clock.now()
      for (const { instanceId, object } of read) {
        if (object.kind === 'other') records.corrections.insertNote(instanceId, studyId, 'none', [], at)
        else records.corrections.insertNote(instanceId, studyId, object.title, object.rejects, at)
      }
      this.#identities.bringInForce(studyId)
      this.#withdraw(revision)
      return records.revisions.work(revisionId) ?? revision
    })
  }

  async #read(digest: string, bytes: number): Promise<KeyObject> {
    if (bytes > LARGEST_NOTE_BYTES) return { kind: 'other' }
    const file = await this.#dependencies.readObject(digest)
    return file === undefined ? { kind: 'other' } : readKeyObject(file)
  }

  #merge(request: MergeRequest, by: Correction, touched: number[]): MergeAnswer {
    const { records, clock, audit } = this.#dependencies
    const [from, to] = [this.#identities.ownRange(request.from), this.#identities.ownRange(request.to)]
    const verdict = judgeMerge(from, to, this.#identities.mergeOf, isPlaceholderId)
    if (verdict.kind === 'refused') throw new CorrectionError(verdict.code)
    if (verdict.kind === 'known') {
      return { mergeId: records.corrections.mergeOf(from.issuer, from.id)?.mergeId ?? 0, known: true, studies: 0 }
    }
    const mergeId = records.corrections.insertMerge({
      fromIssuer: from.issuer,
      fromId: from.id,
      toIssuer: to.issuer,
      toId: to.id,
      toName: request.name ?? null,
      toBirthDate: request.birthDate ?? null,
      toSex: request.sex ?? null,
      source: by.source,
      actor: by.actor.id,
      reason: by.reason,
      recordedAt: clock.now(),
    })
    const subject = this.#identities.subjectOf(to)
    audit.record({ event: 'patient.merged', actor: by.actor, subject, outcome: 'success', codes: [by.source] })
    const studies = this.#alignAll(from.id, 'patient-merge', by)
    touched.push(...studies)
    return { mergeId, known: false, studies: studies.length }
  }

  /** @returns the studies that changed. */
  #alignAll(patientId: string, cause: CorrectionCause, by: Correction): number[] {
    const studies = this.#dependencies.records.corrections.studiesUnder(patientId)
    return studies.filter(({ studyId }) => this.#align(studyId, cause, by)).map(({ studyId }) => studyId)
  }

  /**
   * Puts a study under the identity in force. Where results may have been made under another, the next revision opens
   * complete; one that still receives goes on as it is.
   */
  #align(studyId: number, cause: CorrectionCause, by: Correction): boolean {
    const { records, clock } = this.#dependencies
    if (!this.#identities.bringInForce(studyId)) return false
    const at = clock.now()
    const newest = records.corrections.newestRevision(studyId)
    let revision = newest?.number ?? 1
    if (newest?.assembly === 'complete') {
      const opened = records.intake.openCorrected(studyId, at)
      records.revisions.complete(opened.revisionId, 'correction', at)
      revision = opened.revision
    }
    this.#note(studyId, revision, cause, [cause], by)
    return true
  }

  #note(studyId: number, revision: number, cause: string, codes: readonly string[], by: Correction): void {
    const { records, audit, clock } = this.#dependencies
    const row = { revision, cause, actor: by.actor.id, reason: by.reason, correctedAt: clock.now() }
    records.corrections.insertCorrection(studyId, row)
    const id = records.corrections.received(studyId)?.studyPseudonym
    if (id === undefined) return
    const subject = { kind: 'study', id } as const
    const all = [...codes, `revision-${revision}`]
    audit.record({ event: 'study.corrected', actor: by.actor, subject, outcome: 'success', codes: all }, studyId)
  }

  #withdraw({ revisionId, studyId, number }: WaitingRevision): void {
    const { corrections } = this.#dependencies.records
    const members = corrections.members(revisionId)
    const notes = corrections
      .notes(studyId)
      .map((note): NoteFacts => ({ ...note, title: note.title as RejectionTitle }))
    const wanted = withdrawals(members, notes)
    const causes = new Set<string>()
    for (const { instanceId, withdrawn } of members) {
      const why = wanted.get(instanceId) ?? null
      if (why === withdrawn) continue
      corrections.setWithdrawn(revisionId, instanceId, why)
      if (why !== null && why !== 'rejection-note') causes.add(why)
    }
    if (causes.size === 0) return
    const by: Correction = {
      actor: { kind: 'system', id: 'rejection-note' },
      source: 'person',
      reason: titleNames(causes),
    }
    this.#note(studyId, number, 'rejection', ['rejection', ...causes], by)
  }
}

function titleNames(causes: ReadonlySet<string>): string {
  const codes = Object.entries(REJECTION_TITLES).flatMap(([code, title]) => (causes.has(title) ? [`DCM ${code}`] : []))
  return `rejection note (IHE IOCM): ${codes.join(', ')}`
}
