import type { AuditLog, NoteSigner } from '@leadglass/sync-agent/audit-log'
import type { Clock } from '@leadglass/sync-agent/foundation'
import type { Records } from '../records/index.ts'
import type { EgressDoor } from './door.ts'

/** A checkpoint is signed after this many leaves, or this long after the first leaf that none covers. */
const EVERY_LEAVES = 256
const EVERY_MS = 15_000

export interface CheckpointDependencies {
  readonly records: Pick<Records, 'egress' | 'transaction'>
  readonly log: AuditLog
  readonly signer: NoteSigner
  readonly door: EgressDoor
  readonly clock: Clock
}

/** Signs the log from time to time and sends the signed checkpoint after the leaves that it covers. */
export class Checkpoints {
  readonly #dependencies: CheckpointDependencies

  constructor(dependencies: CheckpointDependencies) {
    this.#dependencies = dependencies
  }

  /** Signs when enough has come together. @returns true when a checkpoint was signed. */
  pass(): boolean {
    const { records, log, clock } = this.#dependencies
    const newest = records.egress.newestSignedCheckpoint()
    const uncovered = log.size - (newest?.treeSize ?? 0)
    if (uncovered === 0) return false
    const due = uncovered >= EVERY_LEAVES || clock.now() - (newest?.signedAt ?? 0) >= EVERY_MS
    if (due) this.sign()
    return due
  }

  /** Signs the log as it is. @returns the note; the kept one when the log has not grown since. */
  sign(): string {
    const { records, log, signer, door, clock } = this.#dependencies
    return records.transaction(() => {
      const size = log.size
      const kept = records.egress.signedCheckpoint(size)
      if (kept !== undefined) return kept
      const note = log.checkpoint(signer)
      records.egress.insertSignedCheckpoint(size, note, clock.now())
      door.seal({ kind: 'audit-checkpoint', note })
      return note
    })
  }
}
