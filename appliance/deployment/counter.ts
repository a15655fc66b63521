import type { DeploymentStatistics, ModelReference } from '@leadglass/sync-agent/contract'
import { type Clock, type Logger, toIsoInstant } from '@leadglass/sync-agent/foundation'
import { type AuditSink, type EgressDoor, SMALLEST_CELL } from '../egress/index.ts'
import type { CandidateRow, CandidateState, Records, TallyRow } from '../records/index.ts'
import { type Figures, figuresOf, type Measure, type Tally } from './figures.ts'
import { type Guardrails, guardrails, judge, type Verdict } from './guardrails.ts'
import { type SlotRange, shareOf } from './slots.ts'

/** Who changed something. */
export interface Actor {
  readonly kind: 'person' | 'system'
  readonly id: string
}

const ITSELF: Actor = { kind: 'system', id: 'scoring' }
/** Cells of one envelope, as the contract bounds them. */
const MOST_CELLS = 1000

export interface CounterDependencies {
  readonly records: Pick<Records, 'deployments' | 'models'>
  readonly door: Pick<EgressDoor, 'seal' | 'isFull'>
  readonly audit: Pick<AuditSink, 'record'>
  readonly clock: Clock
  readonly logger: Logger
}

/** Counts what becomes of versions on trial, holds them against their guardrails and stops one that breaks them. */
export class DeploymentCounter {
  readonly #dependencies: CounterDependencies

  constructor(dependencies: CounterDependencies) {
    this.#dependencies = dependencies
  }

  /**
   * Adds counts of a version that runs, and stops it when a guardrail breaks: in the same transaction, so that no restart
   * brings it back. @param leaves false: these counts never leave the site.
   */
  add(candidateId: number, tallies: readonly Tally[], leaves: boolean): void {
    const { records } = this.#dependencies
    const candidate = records.deployments.candidate(candidateId)
    if (candidate?.state !== 'running') return
    for (const tally of tallies) records.deployments.addTally(candidateId, tally, leaves)
    this.#release(candidate)
    const verdict = judge(railsOf(candidate), this.figures(candidateId))
    if (verdict.kind !== 'broken') return
    const codes = verdict.breaks.map(({ rail, output }) => (output === null ? rail : `${rail}.${output}`))
    const words = verdict.breaks.map(
      ({ rail, output, milli, limitMilli }) =>
        `${rail}${output === null ? '' : ` of ${output}`} ${milli / 1000} (limit ${limitMilli / 1000})`,
    )
    this.stop(candidate, 'stopped', words.join(', '), codes, ITSELF)
  }

  /** Everything that was counted of a version. */
  figures(candidateId: number): Figures {
    const rows = this.#dependencies.records.deployments.tallies(candidateId)
    return figuresOf(rows.map((row) => ({ ...row, measure: row.measure as Measure })))
  }

  /** What the guardrails of a version say now. */
  verdict(candidate: CandidateRow): Verdict {
    return judge(railsOf(candidate), this.figures(candidate.candidateId))
  }

  /** Stops or ends a version: its share goes back at once. In the caller's transaction. */
  stop(
    candidate: CandidateRow,
    state: Exclude<CandidateState, 'running'>,
    reason: string,
    codes: readonly string[],
    actor: Actor,
  ): void {
    const { records, audit, clock, logger } = this.#dependencies
    const { candidateId, name, version, role } = candidate
    if (!records.deployments.end(candidateId, state, reason, clock.now())) return
    this.note(name, state === 'stopped' ? 'stopped' : state, actor)
    audit.record({
      event: 'deployment.stopped',
      actor,
      subject: { kind: 'model', id: `${name}@${version}` },
      outcome: state === 'stopped' ? 'failure' : 'success',
      codes: [role, ...codes].slice(0, 32),
    })
    if (state === 'stopped') logger.error('deployment.stopped', { model: name, version, role, reason: codes.join(' ') })
  }

  /** Writes down what is in force for a model from now on. In the caller's transaction. */
  note(name: string, cause: string, actor: Actor): void {
    const { records, clock } = this.#dependencies
    const champion = records.models.active().find((row) => row.name === name)
    const running = records.deployments.running(name).map(({ version, digest, role, slots }) => ({
      version,
      digest,
      role,
      permille: shareOf(JSON.parse(slots) as SlotRange[]),
    }))
    const content = JSON.stringify({ champion: champion?.version ?? null, beside: running })
    const row = { name, championDigest: champion?.digest ?? '', content, cause, changedBy: actor.id }
    records.deployments.insertDeployment({ ...row, changedAt: clock.now() })
  }

  /** Lets out what is large enough, each count once. */
  #release(candidate: CandidateRow): void {
    const { records, door, clock } = this.#dependencies
    const ripe = records.deployments.ripeTallies(candidate.candidateId, SMALLEST_CELL).slice(0, MOST_CELLS)
    const champion = records.models.find(candidate.championDigest)
    if (ripe.length === 0 || champion === undefined || door.isFull('drift')) return
    door.seal({
      kind: 'deployment-statistics',
      model: referenceOf(candidate),
      champion: { model: referenceOf(champion) },
      role: candidate.role,
      month: toIsoInstant(clock.now()).slice(0, 7),
      cells: ripe.map(cellOf),
    })
    for (const cell of ripe) records.deployments.releaseTally(candidate.candidateId, cell)
  }
}

/** The guardrails that a version was started with. */
export function railsOf(candidate: Pick<CandidateRow, 'guardrails'>): Guardrails {
  return guardrails.parse(JSON.parse(candidate.guardrails))
}

function referenceOf({ name, version, digest }: ModelReference): ModelReference {
  return { name, version, digest }
}

function cellOf({ measure, code, bin, count }: TallyRow): DeploymentStatistics['cells'][number] {
  return { measure: measure as Measure, code: code === '' ? null : code, bin, count }
}
