import { unlinkSync } from 'node:fs'
import type { Clock } from '@leadglass/sync-agent/foundation'
import type { AuditSink } from '../egress/index.ts'
import type { Candidate, FileToRemove, Records } from '../records/index.ts'

const BATCH = 256

export interface PurgerDependencies {
  readonly records: Pick<Records, 'retention' | 'keys' | 'transaction'>
  /** Where a file lies. */
  readonly pathOf: (file: FileToRemove) => string
  readonly audit: AuditSink
  readonly clock: Clock
}

/**
 * Removes studies for good. The order makes a crash between any two steps harmless: one transaction destroys the key,
 * blanks the record and notes the files; then the files go, one by one; then the pages of the database are written over.
 * After the first step nothing can be read any more, and a start finishes the others.
 */
export class Purger {
  readonly #dependencies: PurgerDependencies

  constructor(dependencies: PurgerDependencies) {
    this.#dependencies = dependencies
  }

  /** Destroys the key and blanks the record, when `stillDue` says so inside the transaction. @returns whether it did. */
  purge(study: Candidate, rule: string, stillDue: () => boolean): boolean {
    const { records, audit, clock } = this.#dependencies
    return records.transaction(() => {
      if (!stillDue()) return false
      const at = clock.now()
      const bytes = records.retention.facts(study.studyId)?.bytes ?? 0
      records.keys.destroy(study.studyId, at)
      records.retention.erase(study, rule, bytes, at)
      audit.record({
        event: 'study.expired',
        actor: { kind: 'system', id: 'retention' },
        subject: { kind: 'study', id: study.studyPseudonym },
        outcome: 'success',
        codes: ['key-destroyed', rule, `instances-${study.instances}`],
      })
      return true
    })
  }

  /** Removes the files of purged studies and writes over what the database held of them. Does nothing when nothing is left. */
  finish(): void {
    const { records, clock } = this.#dependencies
    const removed = this.#removeFiles()
    if (removed === 0 && records.retention.unsettled() === 0) return
    if (records.retention.writeOver()) records.retention.settle(clock.now())
  }

  #removeFiles(): number {
    const { records } = this.#dependencies
    let removed = 0
    for (
      let some = records.retention.filesToRemove(BATCH);
      some.length > 0;
      some = records.retention.filesToRemove(BATCH)
    ) {
      for (const file of some) {
        // Asked and removed without a turn of the event loop between: an instance that came again keeps its new file.
        if (!records.retention.isInUse(file)) this.#unlink(file)
        records.retention.fileRemoved(file)
        removed += 1
      }
    }
    return removed
  }

  #unlink(file: FileToRemove): void {
    try {
      unlinkSync(this.#dependencies.pathOf(file))
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause
    }
  }
}
