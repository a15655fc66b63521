import type { Clock } from '@leadglass/sync-agent/foundation'
import type { AuditSink } from '../egress/index.ts'
import type { Records } from '../records/index.ts'
import type { Decision } from './decide.ts'
import { decideMeasured } from './decide.ts'
import { routingFacts } from './facts.ts'
import { HELD } from './lanes.ts'
import type { ActiveRules } from './rule-book.ts'

/** Figures of one instance by code: `quality.noise`. */
export type MeasuredFigures = Readonly<Record<string, number>>

export interface AfterScoringDependencies {
  readonly records: Pick<Records, 'rules' | 'revisions' | 'transaction'>
  readonly active: () => ActiveRules | null
  readonly audit: AuditSink
  readonly clock: Clock
}

/** A revision whose figures are known and whose results are not written yet. */
export interface MeasuredRevision {
  readonly revisionId: number
  readonly studyId: number
  readonly studyPseudonym: string
}

/** What the rules say once the figures are known: go on with this decision, or wait for a person. */
export type MeasuredVerdict =
  | { readonly kind: 'go-on'; readonly decision: Decision }
  | { readonly kind: 'held'; readonly decision: Decision }

/**
 * The second stage of the rules: those of `afterScoring` judge the figures that were measured. A study that one of them
 * holds goes back to the queue without a result; when a person lets it go on it is measured again and not held again.
 */
export class AfterScoring {
  readonly #dependencies: AfterScoringDependencies

  constructor(dependencies: AfterScoringDependencies) {
    this.#dependencies = dependencies
  }

  /** Decides, records what was decided, and puts a held revision back. */
  judge(revision: MeasuredRevision, before: Decision, quality: readonly MeasuredFigures[]): MeasuredVerdict {
    const { records, active, clock } = this.#dependencies
    const rules = active()
    const kept = records.rules.facts(revision.revisionId)
    if (rules === null || kept === undefined) return { kind: 'go-on', decision: before }
    const facts = { ...routingFacts.parse(JSON.parse(kept)), quality }
    const measured = decideMeasured(rules.file, facts, before)
    if (measured === before) return { kind: 'go-on', decision: before }
    const released = (records.rules.routeOf(revision.revisionId)?.releasedAt ?? null) !== null
    const holding = measured.processing === 'hold' && !released
    // Whom a person let go on is scored, whatever held it.
    const decision: Decision = measured.processing === 'hold' ? { ...measured, processing: 'score' } : measured
    records.transaction(() => {
      if (holding) records.revisions.putBack(revision.revisionId, false)
      const row = { ruleVersion: rules.version, rule: decision.rule, decision: JSON.stringify(decision) }
      records.rules.judgedAgain(revision.revisionId, { ...row, decidedAt: clock.now() }, holding ? HELD : null)
      this.#record(revision, decision, rules.version, holding)
    })
    return { kind: holding ? 'held' : 'go-on', decision }
  }

  #record(revision: MeasuredRevision, decision: Decision, version: number, holding: boolean): void {
    this.#dependencies.audit.record(
      {
        event: holding ? 'study.held' : 'study.routed',
        actor: { kind: 'system', id: 'rules' },
        subject: { kind: 'study', id: revision.studyPseudonym },
        outcome: 'success',
        codes: [`version-${version}`, decision.rule ?? 'otherwise', 'after-scoring'],
      },
      revision.studyId,
    )
  }
}
