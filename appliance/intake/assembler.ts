import type { Clock, Logger } from '@leadglass/sync-agent/foundation'
import type { AuditSink } from '../egress/index.ts'
import type { Arrival, CompletionReason, Records, Registration } from '../records/index.ts'
import type { CurrentSettings } from '../settings.ts'
import { judgeCompleteness } from './completeness.ts'
import type { CompletenessEvidence } from './evidence.ts'

const LOOK_MS = 100
/** Evidence is read again at least so often, and always before a revision is closed. */
const EVIDENCE_MS = 500

interface OpenRevision {
  readonly revisionId: number
  readonly studyId: number
  readonly openedAt: number
  lastInstanceAt: number
  found: boolean
  readonly associations: Set<string>
  evidence?: ReturnType<CompletenessEvidence['of']>
  /** When the evidence was read; undefined when it has to be read again. */
  evidenceAt?: number | undefined
}

export interface AssemblerDependencies {
  readonly records: Pick<Records, 'revisions' | 'studies' | 'transaction'>
  readonly settings: CurrentSettings
  readonly audit: AuditSink
  readonly clock: Clock
  readonly logger: Logger
  /** Told after a revision was closed. */
  readonly onComplete: (studyId: number, revisionId: number) => void
  /** Told when an instance was added to a study. */
  readonly onGrown: (studyId: number) => void
  /** What peers say about how much belongs to a study; without it the timers decide. */
  readonly evidence?: CompletenessEvidence
}

/** Puts instances together to revisions of studies and decides when one is complete. */
export class Assembler {
  readonly #dependencies: AssemblerDependencies
  readonly #open = new Map<number, OpenRevision>()
  #timer: NodeJS.Timeout | undefined

  constructor(dependencies: AssemblerDependencies) {
    this.#dependencies = dependencies
  }

  /** Takes up the revisions that were open when the process last ended. */
  async start(): Promise<void> {
    for (const revision of this.#dependencies.records.revisions.receiving()) {
      this.#open.set(revision.revisionId, { ...revision, found: true, associations: new Set() })
      // Whatever sent to it has ended with the process.
      this.#dependencies.evidence?.associationsEnded(revision.revisionId)
    }
    this.#timer = setInterval(() => {
      this.#look()
    }, LOOK_MS)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
  }

  /** An instance was registered. */
  arrived(
    arrival: Pick<Arrival, 'receivedAt' | 'associationId'>,
    registration: Extract<Registration, { kind: 'added' }>,
  ): void {
    const { revisionId, studyId } = registration
    const at = arrival.receivedAt
    const open = this.#open.get(revisionId) ?? {
      revisionId,
      studyId,
      openedAt: at,
      lastInstanceAt: at,
      found: false,
      associations: new Set<string>(),
    }
    open.lastInstanceAt = at
    open.found = false
    open.evidenceAt = undefined
    open.associations.add(arrival.associationId)
    this.#open.set(revisionId, open)
    this.#dependencies.onGrown(studyId)
  }

  /** An association that may have sent instances has ended. */
  associationEnded(associationId: string): void {
    for (const open of this.#open.values()) {
      if (!open.associations.delete(associationId) || open.associations.size > 0) continue
      open.evidenceAt = undefined
      try {
        this.#dependencies.evidence?.associationsEnded(open.revisionId)
      } catch {
        // Without its source's word the timers decide.
        this.#dependencies.logger.error('intake.evidence-failed')
      }
    }
  }

  #look(): void {
    const { settings, clock, logger } = this.#dependencies
    const now = clock.now()
    for (const open of this.#open.values()) {
      try {
        const reason = this.#judge(open, settings().assembly, now)
        if (reason === undefined) continue
        this.#close(open, reason, now)
      } catch {
        // The next look tries again; the revision stays open in the record.
        logger.error('intake.close-failed')
      }
    }
  }

  #judge(
    open: OpenRevision,
    timers: ReturnType<CurrentSettings>['assembly'],
    now: number,
  ): CompletionReason | undefined {
    const judge = (): CompletionReason | undefined =>
      judgeCompleteness({ ...open, openAssociations: open.associations.size }, timers, now)
    const { evidence } = this.#dependencies
    if (evidence === undefined) return judge()
    if (open.evidenceAt !== undefined && now - open.evidenceAt < EVIDENCE_MS && judge() === undefined) return undefined
    open.evidence = evidence.of(open.revisionId)
    open.evidenceAt = now
    return judge()
  }

  #close(open: OpenRevision, reason: CompletionReason, now: number): void {
    const { records, audit, onComplete } = this.#dependencies
    records.transaction(() => {
      if (!records.revisions.complete(open.revisionId, reason, now)) return
      const expected = this.#dependencies.evidence?.closed(open.revisionId)
      const id = records.studies.pseudonymOf(open.studyId)
      if (id === undefined) return
      audit.record(
        {
          event: 'study.completed',
          actor: { kind: 'system', id: 'intake' },
          subject: { kind: 'study', id },
          outcome: 'success',
          codes: expected === undefined ? [reason] : [reason, `expected-${expected}`],
        },
        open.studyId,
      )
    })
    this.#open.delete(open.revisionId)
    onComplete(open.studyId, open.revisionId)
  }
}
