import type { Clock } from '@leadglass/sync-agent/foundation'
import type { AuditSink } from '../egress/index.ts'
import type { LeakPlace, Records } from '../records/index.ts'

export interface LeakAlarmDependencies {
  readonly records: Pick<Records, 'leaks' | 'studies' | 'transaction'>
  readonly audit: AuditSink
  readonly clock: Clock
}

/**
 * The alarms about identifiers where none may be. The first about a study at a place is in the record and in the audit
 * log at once; later ones are counted. While an alarm about a study is open, nothing more about it leaves.
 */
export class LeakAlarms {
  readonly #dependencies: LeakAlarmDependencies
  /** How many lines named each study since the last were written. */
  #waiting = new Map<number, number>()
  #timer: NodeJS.Immediate | undefined

  constructor(dependencies: LeakAlarmDependencies) {
    this.#dependencies = dependencies
  }

  /** Raises an alarm about a log line; it is written a moment later, since whoever logs may be in a transaction. */
  aboutLine(studyId: number): void {
    this.#waiting.set(studyId, (this.#waiting.get(studyId) ?? 0) + 1)
    this.#timer ??= setImmediate(() => this.flush())
  }

  /** Writes what waits. */
  flush(): void {
    clearImmediate(this.#timer)
    this.#timer = undefined
    const waiting = this.#waiting
    this.#waiting = new Map()
    for (const [studyId, lines] of waiting) this.raise('log', studyId, lines)
  }

  /** Raises an alarm, in a transaction of its own or the caller's. */
  raise(place: LeakPlace, studyId: number, hits = 1): void {
    const { records, audit, clock } = this.#dependencies
    records.transaction(() => {
      const isNew = records.leaks.raise(place, studyId, hits, clock.now())
      const study = records.studies.pseudonymOf(studyId)
      if (!isNew || study === undefined) return
      const actor = { kind: 'system', id: 'verifier' } as const
      audit.record(
        { event: 'leak.suspected', actor, subject: { kind: 'study', id: study }, outcome: 'failure', codes: [place] },
        studyId,
      )
    })
  }
}
