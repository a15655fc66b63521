import type { AuditLog, WitnessedSource } from '@leadglass/sync-agent/audit-log'
import type { AuditSink } from '../egress/index.ts'
import type { Records } from '../records/index.ts'

/** What the source reads. */
export interface OwnLogParts {
  readonly records: Pick<Records, 'egress' | 'details'>
  readonly log: AuditLog
  readonly audit: AuditSink
}

/** The appliance's log, as it is shown to witnesses that the site asks itself. */
export class OwnLogSource implements WitnessedSource {
  readonly #parts: OwnLogParts
  #told = false

  constructor(parts: OwnLogParts) {
    this.#parts = parts
  }

  /** The newest checkpoint that was signed; asking a witness signs none, so that being witnessed does not make work. */
  newest(): string | undefined {
    return this.#parts.records.egress.newestSignedCheckpoint()?.note
  }

  proofFrom(oldSize: number, size: number): readonly Uint8Array[] {
    return this.#parts.log.consistencyProof(oldSize, size)
  }

  cosignedSize(witness: string): number {
    return this.#parts.records.details.cosignedSize(witness)
  }

  keep(witness: string, size: number, lines: string, at: number): void {
    this.#parts.records.details.keepCosignature(witness, size, lines, at)
  }

  diverged(): void {
    if (this.#told) return
    this.#told = true
    const { audit, log } = this.#parts
    audit.recordNow({
      event: 'log.inconsistent',
      actor: { kind: 'system', id: 'witness' },
      subject: { kind: 'log', id: log.origin },
      outcome: 'failure',
      codes: ['witness-diverged'],
    })
  }
}
