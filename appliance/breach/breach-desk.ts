import { type AuditLog, decodeEvent } from '@leadglass/sync-agent/audit-log'
import { type Clock, toIsoInstant } from '@leadglass/sync-agent/foundation'
import type { AuditSink } from '../egress/index.ts'
import type { BreachRecords, Records } from '../records/index.ts'
import {
  type BreachCase,
  type BreachStep,
  caseOf,
  isToCome,
  judgeStep,
  type RecordedStep,
  type StepRefusal,
} from './breach-case.ts'

/** Who acts, as the audit log names them. */
export interface BreachActor {
  readonly kind: 'person' | 'system'
  readonly id: string
}

/** What became of a step. */
export type StepOutcome =
  | { readonly kind: 'recorded' }
  | { readonly kind: 'unknown-case' }
  | { readonly kind: 'unknown-entry'; readonly entry: number }
  | { readonly kind: 'refused'; readonly reason: StepRefusal }

/** A case with its number and its steps. */
export interface FiledCase extends BreachCase {
  readonly id: number
  readonly steps: readonly RecordedStep[]
}

/** One entry of the log with what proves it to somebody who has nothing else of the log. */
export interface ProvenEntry {
  readonly entry: number
  readonly event: unknown
  /** C2SP tlog-proof. */
  readonly proof: string
}

export interface BreachDeskParts {
  readonly records: Pick<Records, 'transaction'> & { readonly breaches: BreachRecords }
  readonly log: Pick<AuditLog, 'size' | 'leaf' | 'proofFile'>
  readonly checkpoints: { sign(): string }
  readonly audit: AuditSink
  readonly clock: Clock
}

/** Keeps the cases. Every step is in the record and in the audit log in one transaction. */
export class BreachDesk {
  readonly #parts: BreachDeskParts

  constructor(parts: BreachDeskParts) {
    this.#parts = parts
  }

  /** Opens a case. @param entries places in the audit log that raised the suspicion. @returns its number, or why there is no case. */
  open(
    {
      discoveredOn,
      summary,
      entries,
    }: { readonly discoveredOn: string; readonly summary: string; readonly entries: readonly number[] },
    actor: BreachActor,
  ):
    | { readonly kind: 'opened'; readonly id: number }
    | { readonly kind: 'unknown-entry'; readonly entry: number }
    | { readonly kind: 'refused'; readonly reason: 'in-the-future' } {
    if (isToCome(discoveredOn, this.#today())) return { kind: 'refused', reason: 'in-the-future' }
    const unknown = this.#unknown(entries)
    if (unknown !== undefined) return { kind: 'unknown-entry', entry: unknown }
    const { records } = this.#parts
    const id = records.transaction(() => {
      const made = records.breaches.create()
      this.#write(made, { kind: 'opened', discoveredOn, summary }, actor)
      if (entries.length > 0) this.#write(made, { kind: 'evidence', entries }, actor)
      return made
    })
    return { kind: 'opened', id }
  }

  /** Adds a step to a case. */
  add(id: number, step: Exclude<BreachStep, { kind: 'opened' }>, actor: BreachActor): StepOutcome {
    const { records } = this.#parts
    return records.transaction((): StepOutcome => {
      const found = this.find(id)
      if (found === undefined) return { kind: 'unknown-case' }
      if (step.kind === 'evidence') {
        const entry = this.#unknown(step.entries)
        if (entry !== undefined) return { kind: 'unknown-entry', entry }
      }
      const reason = judgeStep(found, step, this.#today())
      if (reason !== undefined) return { kind: 'refused', reason }
      this.#write(id, step, actor)
      return { kind: 'recorded' }
    })
  }

  find(id: number): FiledCase | undefined {
    const steps = this.#parts.records.breaches
      .steps(id)
      .map((row): RecordedStep => ({ ...row, step: JSON.parse(row.step) as BreachStep }))
    return steps.length === 0 ? undefined : { id, steps, ...caseOf(steps) }
  }

  /** All cases, the newest first. */
  list(): readonly FiledCase[] {
    return this.#parts.records.breaches.ids().flatMap((id) => this.find(id) ?? [])
  }

  /** The evidence of a case, each entry provable by itself. */
  evidence({ evidence }: BreachCase): readonly ProvenEntry[] {
    const { log, checkpoints } = this.#parts
    const note = checkpoints.sign()
    return evidence.map((entry) => {
      const leaf = log.leaf(entry)
      return {
        entry,
        event: leaf === undefined ? null : (decodeEvent(leaf) ?? null),
        proof: log.proofFile(entry, note),
      }
    })
  }

  #today(): string {
    return toIsoInstant(this.#parts.clock.now()).slice(0, 10)
  }

  #unknown(entries: readonly number[]): number | undefined {
    return entries.find((entry) => entry >= this.#parts.log.size)
  }

  #write(id: number, step: BreachStep, actor: BreachActor): void {
    const { records, audit, clock } = this.#parts
    records.breaches.append(id, { at: clock.now(), by: actor.id, step: JSON.stringify(step) })
    const event = step.kind === 'opened' ? 'breach.opened' : step.kind === 'closed' ? 'breach.closed' : 'breach.changed'
    // No word of a person goes into the log: what was written stays in the record.
    audit.record({ event, actor, subject: null, outcome: 'success', codes: [`case-${id}`, ...codesOf(step)] })
  }
}

function codesOf(step: BreachStep): readonly string[] {
  if (step.kind === 'assessed') return ['assessed', step.conclusion]
  if (step.kind === 'notified') return ['notified', step.whom]
  return step.kind === 'evidence' ? ['evidence', `entries-${step.entries.length}`] : []
}
