import type { WitnessedSource } from '@leadglass/sync-agent/audit-log'
import type { HubAudit } from './hub-audit.ts'

/** The hub's own log, as it is shown to witnesses that the hub asks itself. */
export class HubWitnessSource implements WitnessedSource {
  readonly #audit: HubAudit
  #divergedAt = -1

  constructor(audit: HubAudit) {
    this.#audit = audit
  }

  newest(): string | undefined {
    const { log } = this.#audit
    return log.size === 0 ? undefined : this.#audit.checkpoint()
  }

  proofFrom(oldSize: number, size: number): readonly Uint8Array[] {
    return this.#audit.log.consistencyProof(oldSize, size)
  }

  cosignedSize(witness: string): number {
    return this.#audit.cosignatures.cosignedSize(witness)
  }

  keep(witness: string, size: number, lines: string, at: number): void {
    this.#audit.cosignatures.keep(witness, size, lines, at)
  }

  /** Recorded once in the life of the process: the entry itself makes the log longer. */
  diverged(): void {
    if (this.#divergedAt >= 0) return
    this.#divergedAt = this.#audit.log.size
    this.#audit.record({
      event: 'log.inconsistent',
      actor: { kind: 'system', id: 'hub.witness' },
      subject: { kind: 'log', id: this.#audit.log.origin },
      outcome: 'failure',
      codes: ['witness-diverged'],
    })
  }
}
