import {
  type DesiredDelivery,
  type DesiredDocument,
  type DesiredRefusal,
  type ReportedDocument,
  type ReportedPart,
  unpackDesired,
} from '@leadglass/sync-agent/contract'
import type { DesiredStateFile } from '@leadglass/sync-agent/exchange'
import { type Clock, type Logger, type Service, sha256Hex } from '@leadglass/sync-agent/foundation'
import type { AuditSink } from '../egress/index.ts'
import type { DesiredStateRow, Records } from '../records/index.ts'
import type { CurrentSettings } from '../settings.ts'
import type { DesiredApplier } from './applier.ts'
import { isExpired, openingParts, stateOf } from './judge.ts'
import { activationsOf, updatesOf } from './model-facts.ts'
import { HUB } from './outcome.ts'
import type { StateReporter } from './reporter.ts'
import type { DesiredTrust } from './trust.ts'

const POLL_MS = 1000

export interface DesiredStateDependencies {
  readonly file: Pick<DesiredStateFile, 'read'>
  readonly trust: Pick<DesiredTrust, 'judge' | 'key'>
  readonly applier: Pick<DesiredApplier, 'apply'>
  readonly reporter: Pick<StateReporter, 'report'>
  readonly records: Pick<Records, 'desired' | 'settings' | 'models' | 'activations' | 'halts' | 'transaction'>
  readonly settings: CurrentSettings
  readonly softwareVersion: string
  readonly audit: Pick<AuditSink, 'record'>
  readonly clock: Clock
  readonly logger: Logger
}

/** A document of which nothing was applied, and why. */
export interface RefusedDocument {
  readonly version: number
  readonly code: DesiredRefusal | 'desired-not-pinned' | 'desired-damaged' | 'desired-older' | 'desired-conflict'
  readonly at: number
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
  #refused: RefusedDocument | null = null
  #isUnsigned = false
  /** What was looked at last: the same file is judged once. */
  #judged = ''

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
    if (message?.document !== undefined) await this.#take(message.document)
    const row = records.desired.desired()
    if (row?.state === 'delivered') {
      // Said before it is done: the hub sees that the document arrived, whatever becomes of it.
      reporter.report(this.#state(), 0)
      await this.#apply(row)
    }
    reporter.report(this.#state(), message?.resync ?? 0)
  }

  /** The last document that was refused since the start; null when the newest one is the hub's. */
  get refused(): RefusedDocument | null {
    return this.#refused
  }

  /** Whether the newest document was taken though nobody can tell that it is the hub's: no key is pinned. */
  get isUnsigned(): boolean {
    return this.#isUnsigned
  }

  async #take(delivery: DesiredDelivery): Promise<void> {
    const { records, settings, clock, trust } = this.#dependencies
    const key = await trust.key()
    // Judged again when another key is pinned: what waited for a person to confirm it counts from then on.
    const mark = `${delivery.version}/${delivery.digest}/${delivery.signed?.signature ?? ''}/${key?.publicKey ?? ''}`
    if (mark === this.#judged) return
    const speaker = await trust.judge(delivery)
    this.#judged = mark
    this.#isUnsigned = speaker.kind === 'unpinned'
    if (speaker.kind === 'refused') {
      this.#refuse(delivery, speaker.code)
      return
    }
    if (speaker.kind === 'hub' && speaker.rotatedTo !== null) this.#noteRotation(speaker.rotatedTo)
    const known = records.desired.desired()
    if (known !== undefined && delivery.version <= known.document.version) {
      // An older document is never applied after a newer one, and a number says one thing only.
      if (delivery.version < known.document.version) this.#refuse(delivery, 'desired-older')
      else if (delivery.digest !== known.digest) this.#refuse(delivery, 'desired-conflict')
      else this.#refused = null
      return
    }
    const document = unpackDesired(delivery)
    if (document === undefined) {
      this.#refuse(delivery, 'desired-damaged')
      return
    }
    this.#refused = null
    const parts = openingParts(document, settings().hubMayDecide, known)
    this.#note({ digest: delivery.digest, document, state: 'delivered', parts, changedAt: clock.now() })
  }

  #refuse({ version }: DesiredDelivery, code: RefusedDocument['code']): void {
    const { audit, records, clock, logger } = this.#dependencies
    logger.error('desired-state.refused', { version, code })
    this.#refused = { version, code, at: clock.now() }
    records.transaction(() => {
      audit.record({
        event: 'desired.refused',
        actor: { kind: 'system', id: 'appliance' },
        subject: { kind: 'setting', id: 'desired-state' },
        outcome: 'refused',
        codes: [`desired-${version}`, code],
      })
    })
  }

  #noteRotation(number: number): void {
    const { audit, records } = this.#dependencies
    records.transaction(() => {
      audit.record({
        event: 'trust.pinned',
        actor: HUB,
        subject: { kind: 'setting', id: 'desired-state' },
        outcome: 'success',
        codes: ['rotated', `desired-key-${number}`],
      })
    })
  }

  async #apply({ digest, document, parts: before, changedAt }: DesiredStateRow): Promise<void> {
    const { clock, applier } = this.#dependencies
    if (isExpired(document, clock.now())) {
      this.#end(digest, document, 'expired', before)
      return
    }
    const parts: ReportedPart[] = []
    for (const part of before) {
      const isDue = part.state === 'waiting'
      const outcome = isDue ? await applier.apply(part.section, document.sections, document.version, changedAt) : part
      parts.push({ section: part.section, state: outcome.state, reason: outcome.reason })
    }
    const state = stateOf(parts)
    if (state !== 'delivered') this.#end(digest, document, state, parts)
    else if (JSON.stringify(parts) !== JSON.stringify(before)) {
      // The instant stays that of the arrival: an act that was begun is found again by it.
      this.#note({ digest, document, state, parts, changedAt })
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
      models: records.models
        .active()
        .filter((row) => records.halts.haltOf(row) === undefined)
        .map(({ name, version, digest }) => ({ model: { name, version, digest } })),
      activations: activationsOf(records),
      updates: updatesOf(records),
      hubMayDecide: [...settings().hubMayDecide],
    }
  }
}
