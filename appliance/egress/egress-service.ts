import type { AcknowledgedFile, OutboxWriter } from '@leadglass/sync-agent/exchange'
import type { Clock, Logger } from '@leadglass/sync-agent/foundation'
import { type AcknowledgementDependencies, takeAcknowledgement } from './acknowledgements.ts'
import type { Checkpoints } from './checkpoints.ts'
import type { DriftRelease } from './drift-release.ts'
import type { Relay } from './relay.ts'
import type { SyncErrands } from './sync-errands.ts'

const PASS_MS = 500
const HEALTH_MS = 60_000
const KEEP_HEALTH_MS = 7 * 86_400_000

export interface EgressServiceDependencies extends AcknowledgementDependencies {
  readonly relay: Relay
  readonly checkpoints: Checkpoints
  /** Absent where nothing counts. */
  readonly drift?: Pick<DriftRelease, 'pass'>
  /** Absent where nothing but envelopes goes to a hub. */
  readonly errands?: SyncErrands
  readonly outbox: Pick<OutboxWriter, 'start'>
  readonly acknowledged: Pick<AcknowledgedFile, 'read'>
  /** Seals one health envelope in a transaction of its own. */
  readonly sealHealth: () => void
  readonly clock: Clock
  readonly logger: Logger
}

/** Runs the door's errands: checkpoints, relay, acknowledgements and health, one pass at a time. */
export class EgressService {
  readonly #dependencies: EgressServiceDependencies
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  #takenAt: string | undefined
  #healthAt = Number.NEGATIVE_INFINITY
  #failed = false

  constructor(dependencies: EgressServiceDependencies) {
    this.#dependencies = dependencies
  }

  async start(): Promise<void> {
    await this.#dependencies.outbox.start()
    this.#timer = setInterval(() => {
      this.#running ??= this.#guarded().finally(() => {
        this.#running = undefined
      })
    }, PASS_MS)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#running
  }

  /** Sends a health envelope with the next pass, because the models have changed. */
  announce(): void {
    this.#healthAt = Number.NEGATIVE_INFINITY
  }

  /** One pass. */
  async pass(): Promise<void> {
    const { relay, checkpoints, drift, errands, acknowledged, records, sealHealth, clock } = this.#dependencies
    const now = clock.now()
    if (now - this.#healthAt >= HEALTH_MS || now < this.#healthAt) {
      sealHealth()
      records.transaction(() => {
        records.egress.pruneHealth(now - KEEP_HEALTH_MS)
      })
      this.#healthAt = now
    }
    drift?.pass()
    checkpoints.pass()
    const read = await acknowledged.read()
    if (read.kind === 'value' && read.value.at !== this.#takenAt) {
      errands?.taken(read.value)
      takeAcknowledgement(read.value, this.#dependencies)
      this.#takenAt = read.value.at
      await relay.clear()
    }
    await relay.pass(await errands?.pass())
  }

  async #guarded(): Promise<void> {
    try {
      await this.pass()
      this.#failed = false
    } catch (cause) {
      // Said once a streak; everything is kept in the record and the next pass tries again.
      if (!this.#failed) {
        const code = (cause as { code?: unknown } | null)?.code
        this.#dependencies.logger.error('egress.pass-failed', { code: typeof code === 'string' ? code : 'unknown' })
      }
      this.#failed = true
    }
  }
}
