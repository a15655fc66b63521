import type { PatientPseudonym, StudyPseudonym } from '@leadglass/sync-agent/contract'
import type { Clock } from '@leadglass/sync-agent/foundation'
import type { AuditSink, EgressDoor } from '../egress/index.ts'
import { type DataSet, parsePart10 } from '../imaging/dataset/index.ts'
import type { DeliveredReport, ProcessingState, Records, WaitingRevision } from '../records/index.ts'
import { buildWithdrawalNote, findIdentityMismatch, NOTE_SOP_CLASS } from '../results/index.ts'
import type { Corrections } from './corrections.ts'
import { overlayHeader } from './overlay-header.ts'
import { type IdentityOverlay, WITHDRAWALS, type Withdrawal } from './vocabulary.ts'
import { reasonOfEmpty } from './withdrawal.ts'

/** Revisions that one statement to the hub lists; earlier ones than these are not compared. */
const MOST_REVISIONS = 1000

/** Stands for the model of a note, which no model made. */
const NO_MODEL = 'rejection-note'

/** How the work on a revision ended. */
export interface WrittenEnd {
  readonly processing: ProcessingState
  /** Result objects that were made. */
  readonly reports: number
  /** The site keeps what concerns the study to itself. */
  readonly localOnly: boolean
}

/** What corrections mean for the work on a revision. */
export interface RevisionCorrections {
  /** What stands in results instead of what was received. */
  overlayOf(studyId: number): IdentityOverlay | undefined
  /** Why a revision has no instance that counts; `undefined` when it has one, or never had any. */
  reasonOfEmpty(revisionId: number): string | undefined
  /** The outcome of a revision was written: what follows for the hub and for destinations. In the same transaction. */
  written(revision: WaitingRevision, end: WrittenEnd): void
}

export interface SupersedingDependencies {
  readonly corrections: Pick<Corrections, 'overlayOf'>
  readonly records: Pick<Records, 'corrections' | 'deliveries' | 'results' | 'studies'>
  readonly door: Pick<EgressDoor, 'seal'>
  readonly audit: AuditSink
  readonly device: { readonly name: string; readonly softwareVersion: string }
  readonly clock: Clock
}

/** Makes a revision's successors speak for it everywhere: at the hub, and where its results went. */
export class Superseding implements RevisionCorrections {
  readonly #dependencies: SupersedingDependencies

  constructor(dependencies: SupersedingDependencies) {
    this.#dependencies = dependencies
  }

  overlayOf(studyId: number): IdentityOverlay | undefined {
    return this.#dependencies.corrections.overlayOf(studyId)
  }

  reasonOfEmpty(revisionId: number): string | undefined {
    const members = this.#dependencies.records.corrections.members(revisionId)
    if (members.some((one) => one.withdrawn === null)) return undefined
    return reasonOfEmpty(this.#withdrawn(revisionId))
  }

  written(revision: WaitingRevision, end: WrittenEnd): void {
    if (revision.number === 1) return
    if (!end.localOnly) this.#tellHub(revision)
    // A failure of ours is no statement about the study: what was sent stays until a revision ends otherwise.
    if (end.reports === 0 && end.processing !== 'failed') this.#takeBack(revision)
  }

  #tellHub({ studyId, number, studyPseudonym, patientPseudonym }: WaitingRevision): void {
    const { records, door } = this.#dependencies
    const causes = records.corrections.corrections(studyId).filter((one) => one.revision === number)
    door.seal(
      {
        kind: 'study-revision',
        study: studyPseudonym as StudyPseudonym,
        patient: (records.corrections.inForce(studyId)?.patientPseudonym ?? patientPseudonym) as PatientPseudonym,
        revision: number,
        causes: causes.length === 0 ? ['late-instance'] : [...new Set(causes.map((one) => one.cause))],
        sameInstances: records.corrections.revisionsLike(studyId, number).slice(-MOST_REVISIONS),
      },
      studyId,
    )
  }

  /** Nothing stands in the place of results that destinations have: a note of our own rejects them (IHE IOCM). */
  #takeBack(revision: WaitingRevision): void {
    const { records, clock, device, audit } = this.#dependencies
    const { studyId, revisionId, studyInstanceUid, number } = revision
    const delivered = records.corrections.delivered(studyId, number, NOTE_SOP_CLASS)
    const results = distinct(delivered)
    const [first] = results
    if (first === undefined) return
    const overlay = this.overlayOf(studyId)
    const at = clock.now()
    const note = buildWithdrawalNote({
      source: overlayHeader(first.dataSet, overlay),
      studyInstanceUid,
      revision: number,
      title: titleOf(this.#withdrawn(revisionId)),
      results,
      device,
      ...localDateAndTime(new Date(at)),
    })
    const subject = { kind: 'study', id: revision.studyPseudonym } as const
    const actor = { kind: 'system', id: 'results' } as const
    const mismatch = findIdentityMismatch(note.bytes, revision)
    if (mismatch !== undefined) {
      records.deliveries.block(revisionId, 'note', mismatch, at)
      const codes = ['identity-mismatch', mismatch]
      audit.record({ event: 'result.refused', actor, subject, outcome: 'failure', codes }, studyId)
      return
    }
    const destinations = [...new Set(delivered.map((one) => one.destination))]
    const { sopClassUid, sopInstanceUid, bytes } = note
    const row = {
      revisionId,
      modelDigest: NO_MODEL,
      sopClassUid,
      sopInstanceUid,
      content: bytes,
      kind: 'note',
    } as const
    records.results.insertReport(row, destinations, at)
    const codes = ['rejection-note', ...destinations.slice(0, 31)]
    audit.record({ event: 'result.queued', actor, subject, outcome: 'success', codes }, studyId)
  }

  #withdrawn(revisionId: number): Withdrawal[] {
    const members = this.#dependencies.records.corrections.members(revisionId)
    return members.flatMap(({ withdrawn }) => WITHDRAWALS.filter((one) => one === withdrawn))
  }
}

function distinct(
  delivered: readonly DeliveredReport[],
): { sopClassUid: string; sopInstanceUid: string; dataSet: DataSet }[] {
  const byUid = new Map(delivered.map((one) => [one.sopInstanceUid, one]))
  return [...byUid.values()].map(({ sopClassUid, sopInstanceUid, content }) => ({
    sopClassUid,
    sopInstanceUid,
    dataSet: parsePart10(content).dataSet,
  }))
}

/** The results are rejected for what their sources were rejected for; without a note, for their quality. */
function titleOf(withdrawn: readonly Withdrawal[]): { value: string; scheme: string; meaning: string } {
  const titles: Readonly<Partial<Record<Withdrawal, readonly [string, string]>>> = {
    'patient-safety': ['113037', 'Rejected for Patient Safety Reasons'],
    'worklist-entry': ['113038', 'Incorrect Modality Worklist Entry'],
    'retention-expired': ['113039', 'Data Retention Policy Expired'],
  }
  const weightiest = WITHDRAWALS.find((one) => withdrawn.includes(one))
  const [value, meaning] = titles[weightiest ?? 'quality'] ?? ['113001', 'Rejected for Quality Reasons']
  return { value, scheme: 'DCM', meaning }
}

function localDateAndTime(now: Date): { readonly date: string; readonly time: string } {
  const two = (value: number): string => String(value).padStart(2, '0')
  return {
    date: `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`,
    time: `${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`,
  }
}
