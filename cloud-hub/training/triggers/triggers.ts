import type { AuditActor } from '@leadglass/sync-agent/audit-log'
import { type Clock, isCodedError, type Logger, RepeatedLook, type Service } from '@leadglass/sync-agent/foundation'
import type { HubAudit } from '../../audit/index.ts'
import { TrainingError } from '../errors.ts'
import { runEvent } from '../run-events.ts'
import type { RunStore } from '../run-store.ts'
import { TRAINING_SYSTEM, type Training } from '../training.ts'
import { decide, type TriggerFacts } from './decide.ts'
import type { LabelLedger } from './label-ledger.ts'
import type { AlertPriority, TriggerCause, TriggerPolicy } from './policy.ts'
import type { ScheduleTimes } from './schedule-times.ts'
import type { TriggerStore } from './trigger-store.ts'

/** An alert of drift that nobody has settled. */
export interface OpenDriftAlert {
  readonly alert: string
  readonly model: string
  readonly priority: AlertPriority
}

/** What triggers work with. */
export interface TriggerParts {
  readonly store: TriggerStore
  readonly runs: RunStore
  readonly training: Pick<Training, 'plan' | 'wake'>
  readonly labels: Pick<LabelLedger, 'newest' | 'unused'>
  readonly driftAlerts: () => readonly OpenDriftAlert[]
  /** Version of a model that runs start from; undefined while the registry has none. */
  readonly versionToImprove: (model: string) => string | undefined
  readonly times: ScheduleTimes
  readonly audit: HubAudit
  readonly clock: Clock
  readonly logger: Logger
  /** Policies that the configuration declares; what a person changed since stays. */
  readonly declared: readonly TriggerPolicy[]
  readonly everyMs: number
}

/** Looks at every declared trigger, and starts the runs of those that fire. */
export class Triggers implements Service {
  readonly #with: TriggerParts
  readonly #looks: RepeatedLook

  constructor(parts: TriggerParts) {
    this.#with = parts
    const { everyMs, logger } = parts
    this.#looks = new RepeatedLook({ name: 'training.triggers', everyMs, look: () => this.look(), logger })
  }

  async start(): Promise<void> {
    const { declared, store } = this.#with
    const known = new Set(store.policies().map(({ policy }) => keyOf(policy)))
    for (const policy of declared.filter((one) => !known.has(keyOf(one)))) {
      this.declare(policy, { kind: 'system', id: TRAINING_SYSTEM })
    }
    await this.#looks.start()
  }

  async stop(): Promise<void> {
    await this.#looks.stop()
  }

  /** Declares what starts runs of a finding, in place of what was declared before. */
  declare(policy: TriggerPolicy, actor: AuditActor): void {
    const { store } = this.#with
    store.atOnce(() => {
      store.declare(policy, actor.id)
      this.#changed(policy, actor, policy.enabled ? 'enabled' : 'disabled')
    })
  }

  /** Nothing starts runs of the finding any more. @throws {TrainingError} `trigger-unknown`. */
  remove(of: Pick<TriggerPolicy, 'model' | 'finding'>, actor: AuditActor): void {
    const { store } = this.#with
    store.atOnce(() => {
      if (!store.remove(of.model, of.finding)) throw new TrainingError('trigger-unknown', 'there is no such trigger')
      this.#changed(of, actor, 'removed')
    })
  }

  /** One look at every policy. One that cannot be looked at holds up no other. @throws what the last of those threw. */
  look(): void {
    const { store, training } = this.#with
    let failure: { readonly error: unknown } | undefined
    for (const { policy, lookedAt } of store.policies()) {
      try {
        store.atOnce(() => this.#lookAt(policy, Date.parse(lookedAt)))
      } catch (error) {
        failure = { error }
      }
    }
    training.wake()
    if (failure !== undefined) throw failure.error
  }

  /**
   * Decides and starts in one transaction: the run, the labels and alerts that it uses up, and the decision are there
   * together or not at all, so that no kill lets a trigger fire twice for the same labels.
   */
  #lookAt(policy: TriggerPolicy, lookedAt: number): void {
    const { store, clock, labels } = this.#with
    const now = clock.now()
    const unused = labels.unused(policy.model, policy.finding, store.labelMark(policy.model, policy.finding))
    const facts: TriggerFacts = {
      newLabels: unused.studies,
      oldestAt: unused.oldestAt === null ? null : Date.parse(unused.oldestAt),
      alerts: this.#alerts(policy),
      scheduleDue: this.#isScheduleDue(policy, lookedAt, now),
      ...store.history(policy, now),
    }
    for (const decision of decide(policy, facts, now)) {
      const about = { newLabels: facts.newLabels, reason: null, run: null }
      if (decision.outcome !== 'fired') {
        store.decided(policy, decision, about)
        continue
      }
      const begun = this.#begin(policy, decision.cause, facts)
      if ('run' in begun) store.decided(policy, decision, { ...about, run: begun.run })
      else store.decided(policy, { ...decision, outcome: 'cannot-start' }, { ...about, reason: begun.reason })
    }
    store.looked(policy)
  }

  #begin(
    policy: TriggerPolicy,
    cause: TriggerCause,
    facts: TriggerFacts,
  ): { readonly run: string } | { readonly reason: string } {
    const { training, runs, store, labels, audit, versionToImprove } = this.#with
    const { model, finding } = policy
    const version = versionToImprove(model)
    if (version === undefined) return { reason: `the registry has no model ${model}` }
    const labelMark = labels.newest(finding)
    try {
      // The seed follows from what is used up: the same labels would be split the same way.
      const { trainer } = policy
      const request = {
        ...{ model, finding, version, seed: String(labelMark), requestedBy: TRAINING_SYSTEM },
        ...(trainer === undefined ? {} : { trainer }),
      }
      const run = runs.add({ ...training.plan(request), cause, labelMark })
      store.useAlerts(
        policy,
        facts.alerts.map((one) => one.alert),
        run,
      )
      const told = { run, model, finding, cause, requestedBy: TRAINING_SYSTEM }
      audit.record(runEvent('training.triggered', told, 'success', [`labels-${facts.newLabels}`]))
      return { run }
    } catch (error) {
      if (isCodedError(error)) return { reason: error.message }
      throw error
    }
  }

  #alerts(policy: TriggerPolicy): TriggerFacts['alerts'] {
    if (policy.drift === undefined) return []
    const used = this.#with.store.usedAlerts(policy)
    return this.#with.driftAlerts().filter((one) => one.model === policy.model && !used.has(one.alert))
  }

  #isScheduleDue({ schedule }: TriggerPolicy, after: number, until: number): boolean {
    return schedule !== undefined && this.#with.times.isDue(schedule.cron, schedule.timeZone, after, until)
  }

  #changed({ model, finding }: Pick<TriggerPolicy, 'model' | 'finding'>, actor: AuditActor, code: string): void {
    this.#with.audit.record({
      event: 'setting.changed',
      actor,
      subject: { kind: 'setting', id: 'training.trigger' },
      outcome: 'success',
      codes: [code, `model.${model.slice(0, 40)}`, `finding.${finding.replaceAll('.', '-').slice(0, 40)}`],
    })
  }
}

function keyOf({ model, finding }: TriggerPolicy): string {
  return `${model}/${finding}`
}
