import type { Clock } from '@leadglass/sync-agent/foundation'
import type { AuditSink } from '../egress/index.ts'
import type { Records } from '../records/index.ts'
import { ActivationError } from './errors.ts'

/** Who acts. */
interface Actor {
  readonly kind: 'person' | 'system'
  readonly id: string
}

export interface StopDeskDependencies {
  readonly records: Pick<Records, 'models' | 'halts' | 'transaction'>
  readonly audit: Pick<AuditSink, 'record'>
  readonly clock: Clock
  readonly onChange: () => void
}

/** Where people at the site stop a model and start it again: at once, without the hub, and with a reason. */
export class StopDesk {
  readonly #dependencies: StopDeskDependencies

  constructor(dependencies: StopDeskDependencies) {
    this.#dependencies = dependencies
  }

  /**
   * Stops a model, whichever version is in use and whichever comes: from the next study on it is not scored.
   * @throws {ActivationError} `model-unknown`, `model-stopped`
   */
  stop(name: string, reason: string, actor: Actor): void {
    const { records, clock } = this.#dependencies
    this.#act(name, 'model.disabled', reason, actor, () => {
      if (!records.halts.stop({ name, reason, stoppedBy: actor.id, stoppedAt: clock.now() })) {
        throw new ActivationError('model-stopped')
      }
    })
  }

  /** Lets a model run again that was stopped here. @throws {ActivationError} `model-unknown`, `model-not-stopped` */
  start(name: string, reason: string, actor: Actor): void {
    const { records } = this.#dependencies
    this.#act(name, 'model.enabled', reason, actor, () => {
      if (!records.halts.start(name)) throw new ActivationError('model-not-stopped')
    })
  }

  #act(
    name: string,
    event: 'model.disabled' | 'model.enabled',
    reason: string,
    actor: Actor,
    change: () => void,
  ): void {
    const { records, audit, onChange } = this.#dependencies
    records.transaction(() => {
      const versions = records.models.all().filter((row) => row.name === name)
      const row = versions.find(({ state }) => state === 'active') ?? versions[0]
      if (row === undefined) throw new ActivationError('model-unknown')
      change()
      // The words stay here, since people write what they like; the leaf that leaves commits to them.
      const subject = { kind: 'model', id: `${name}@${row.version}` } as const
      audit.record({ event, actor, subject, outcome: 'success', codes: ['at-site'] }, undefined, { reason })
    })
    onChange()
  }
}
