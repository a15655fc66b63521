import type { Clock, Logger } from '@leadglass/sync-agent/foundation'
import type { AuditSink } from '../egress/index.ts'
import type { Arrival, CompletionReason, Records, Registration } from '../records/index.ts'
import type { CurrentSettings } from '../settings.ts'
import { judgeCompleteness } from './completeness.ts'

const LOOK_MS = 100

interface OpenRevision {
  readonly revisionId: number
  readonly studyId: number
  readonly openedAt: number
  lastInstanceAt: number
  found: boolean
  readonly associations: Set<string>
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
    open.associations.add(arrival.associationId)
    this.#open.set(revisionId, open)
    this.#dependencies.onGrown(studyId)
  }

  /** An association that may have sent instances has ended. */
  associationEnded(associationId: string): void {
    for (const open of this.#open.values()) open.associations.delete(associationId)
  }

  #look(): void {
    const { settings, clock, logger } = this.#dependencies
    const now = clock.now()
    for (const open of this.#open.values()) {
      const reason = judgeCompleteness({ ...open, openAssociations: open.associations.size }, settings().assembly, now)
      if (reason === undefined) continue
      try {
        this.#close(open, reason, now)
      } catch {
        // The next look tries again; the revision stays open in the record.
        logger.error('intake.close-failed')
      }
    }
  }

  #close(open: OpenRevision, reason: CompletionReason, now: number): void {
    const { records, audit, onComplete } = this.#dependencies
    records.transaction(() => {
      if (!records.revisions.complete(open.revisionId, reason, now)) return
      const id = records.studies.pseudonymOf(open.studyId)
      if (id === undefined) return
      audit.record(
        {
          event: 'study.completed',
          actor: { kind: 'system', id: 'intake' },
          subject: { kind: 'study', id },
          outcome: 'success',
          codes: [reason],
        },
        open.studyId,
      )
    })
    this.#open.delete(open.revisionId)
    onComplete(open.studyId, open.revisionId)
  }
}
