import {
  type DesiredDocument,
  type ReportedDocument,
  type ReportedPart,
  unpackDesired,
} from '@leadglass/sync-agent/contract'
import type { DesiredStateFile } from '@leadglass/sync-agent/exchange'
import { type Clock, type Logger, type Service, sha256Hex } from '@leadglass/sync-agent/foundation'
import type { AuditSink } from '../egress/index.ts'
import type { DesiredStateRow, Records } from '../records/index.ts'
import type { CurrentSettings } from '../settings.ts'
import { type DesiredApplier, HUB } from './applier.ts'
import { isExpired, openingParts, stateOf } from './judge.ts'
import type { StateReporter } from './reporter.ts'

const POLL_MS = 1000

export interface DesiredStateDependencies {
  readonly file: Pick<DesiredStateFile, 'read'>
  readonly applier: Pick<DesiredApplier, 'apply'>
  readonly reporter: Pick<StateReporter, 'report'>
  readonly records: Pick<Records, 'desired' | 'settings' | 'models' | 'transaction'>
  readonly settings: CurrentSettings
  readonly softwareVersion: string
  readonly audit: Pick<AuditSink, 'record'>
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * Takes what the hub wishes and says what became of it. A document is noted and reported as delivered before anything of
 * it is applied, and its end is noted after: killed in between, the next start applies it again, which changes nothing
 * that is already so.
 */
export class DesiredStateService implements Service {
  readonly #dependencies: DesiredStateDependencies
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  #refused = ''

  constructor(dependencies: DesiredStateDependencies) {
    this.#dependencies = dependencies
  }

  async start(): Promise<void> {
    this.#timer = setInterval(() => {
      this.#running ??= this.look()
        .catch((cause: unknown) => {
          const code = (cause as { code?: unknown } | null)?.code
          this.#dependencies.logger.error('desired-state.look-failed', {
            code: typeof code === 'string' ? code : 'unknown',
          })
        })
        .finally(() => {
          this.#running = undefined
        })
    }, POLL_MS)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#running
  }

  /** One look: takes a newer document, applies what waits, reports what changed. */
  async look(): Promise<void> {
    const { file, records, reporter } = this.#dependencies
    const read = await file.read()
    const message = read.kind === 'value' ? read.value : undefined
    if (message?.document !== undefined) this.#take(message.document)
    const row = records.desired.desired()
    if (row?.state === 'delivered') {
      // Said before it is done: the hub sees that the document arrived, whatever becomes of it.
      reporter.report(this.#state(), 0)
      await this.#apply(row)
    }
    reporter.report(this.#state(), message?.resync ?? 0)
  }

  #take(delivery: Parameters<typeof unpackDesired>[0]): void {
    const { records, settings, clock, logger } = this.#dependencies
    const known = records.desired.desired()
    // An older document is never applied after a newer one, and a number says one thing only.
    if (known !== undefined && delivery.version <= known.document.version) return
    const document = unpackDesired(delivery)
    if (document === undefined) {
      if (this.#refused !== delivery.digest) logger.warn('desired-state.refused', { version: delivery.version })
      this.#refused = delivery.digest
      return
    }
    const parts = openingParts(document, settings().hubMayDecide)
    this.#note({ digest: delivery.digest, document, state: 'delivered', parts, changedAt: clock.now() })
  }

  async #apply({ digest, document, parts: before }: DesiredStateRow): Promise<void> {
    const { clock, applier } = this.#dependencies
    if (isExpired(document, clock.now())) {
      this.#end(digest, document, 'expired', before)
      return
    }
    const parts: ReportedPart[] = []
    for (const part of before) {
      const isDue = part.state === 'waiting'
      const outcome = isDue ? await applier.apply(part.section, document.sections, document.version) : part
      parts.push({ section: part.section, state: outcome.state, reason: outcome.reason })
    }
    const state = stateOf(parts)
    if (state !== 'delivered') this.#end(digest, document, state, parts)
    else if (JSON.stringify(parts) !== JSON.stringify(before)) {
      this.#note({ digest, document, state, parts, changedAt: clock.now() })
    }
  }

  #note(row: DesiredStateRow): void {
    const { records } = this.#dependencies
    records.transaction(() => {
      records.desired.setDesired(row)
    })
  }

  #end(
    digest: string,
    document: DesiredDocument,
    state: 'applied' | 'rejected' | 'expired',
    parts: readonly ReportedPart[],
  ): void {
    const { records, audit, clock } = this.#dependencies
    records.transaction(() => {
      records.desired.setDesired({ digest, document, state, parts, changedAt: clock.now() })
      audit.record({
        event: 'setting.changed',
        actor: HUB,
        subject: { kind: 'setting', id: 'desired-state' },
        outcome: state === 'applied' ? 'success' : 'refused',
        codes: [`desired-${document.version}`, state, ...parts.map((part) => `${part.section}.${part.state}`)],
      })
    })
  }

  #state(): ReportedDocument {
    const { records, settings, softwareVersion } = this.#dependencies
    const row = records.desired.desired()
    const [inForce] = records.settings.newest(1)
    const desired =
      row === undefined
        ? null
        : {
            version: row.document.version,
            digest: sha256Hex.parse(row.digest),
            state: row.state,
            parts: [...row.parts],
          }
    return {
      software: { version: softwareVersion },
      desired,
      settings: {
        version: inForce?.version ?? 0,
        digest: inForce === undefined ? null : sha256Hex.parse(inForce.digest),
      },
      models: records.models.active().map(({ name, version, digest }) => ({ model: { name, version, digest } })),
      hubMayDecide: [...settings().hubMayDecide],
    }
  }
}
