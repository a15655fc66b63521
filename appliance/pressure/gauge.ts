import { statfs } from 'node:fs/promises'
import type { Clock, Logger, Service } from '@leadglass/sync-agent/foundation'
import type { AuditSink } from '../egress/index.ts'
import type { FreeSpace } from '../intake/index.ts'
import type { Records } from '../records/index.ts'
import type { CurrentSettings } from '../settings.ts'
import { type Marks, type Measurement, NO_PRESSURE, nextPressure, type Pressure } from './rules.ts'

const CHECK_MS = 1000

export interface PressureGaugeParts {
  /** A folder of the disk that holds the spool and the records. */
  readonly folder: string
  readonly settings: CurrentSettings
  readonly records: Pick<Records, 'revisions'>
  readonly audit: AuditSink
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * Measures once a second how much room is left and how far the work is behind, and tells how far intake may go. Each
 * change of level is an event of the audit log.
 */
export class PressureGauge implements Service, FreeSpace {
  readonly #parts: PressureGaugeParts
  #measured: Measurement = { freeBytes: Number.POSITIVE_INFINITY, freeInodesPercent: null, waitingSeconds: 0 }
  #totalBytes = 0
  #pressure: Pressure = NO_PRESSURE
  #since = 0
  #recorded: Pressure = NO_PRESSURE
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> | undefined

  constructor(parts: PressureGaugeParts) {
    this.#parts = parts
  }

  async start(): Promise<void> {
    this.#since = this.#parts.clock.now()
    await this.look()
    this.#timer = setInterval(() => void this.look(), CHECK_MS)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#looking
  }

  /** True at the hard mark: nothing new may be taken. */
  isLow(): boolean {
    return this.#pressure.level === 'hard'
  }

  /** True while work that nobody waits for may be done. */
  mayDoOptionalWork(): boolean {
    return this.#pressure.level === 'none'
  }

  /** The level in force, why, and since when (milliseconds since 1970). */
  state(): Pressure & { readonly since: number; readonly measured: Measurement } {
    return { ...this.#pressure, since: this.#since, measured: this.#measured }
  }

  /** Bytes free and in total, as last seen. */
  figures(): { readonly freeBytes: number; readonly totalBytes: number } {
    const { freeBytes } = this.#measured
    return { freeBytes: Number.isFinite(freeBytes) ? freeBytes : 0, totalBytes: this.#totalBytes }
  }

  /** Looks now. Never rejects. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined
    })
    return this.#looking
  }

  async #look(): Promise<void> {
    this.#measured = await this.#measure()
    const before = this.#pressure
    this.#pressure = nextPressure(before, this.#measured, marksOf(this.#parts.settings()))
    if (this.#pressure.level !== before.level) {
      this.#since = this.#parts.clock.now()
      const { level, causes } = this.#pressure
      this.#parts.logger.warn('pressure.changed', { level, causes: causes.join(',') })
    }
    if (this.#pressure.level !== this.#recorded.level) this.#record()
  }

  async #measure(): Promise<Measurement> {
    const { folder, records, clock } = this.#parts
    try {
      const disk = await statfs(folder)
      this.#totalBytes = disk.blocks * disk.bsize
      const { oldestQueuedAt } = records.revisions.openWork()
      return {
        freeBytes: disk.bavail * disk.bsize,
        freeInodesPercent: disk.files > 0 ? (disk.ffree / disk.files) * 100 : null,
        waitingSeconds: oldestQueuedAt === null ? 0 : Math.max(0, (clock.now() - oldestQueuedAt) / 1000),
      }
    } catch {
      // A disk that cannot be asked is taken for full: refusing is safe, accepting is not.
      return { freeBytes: 0, freeInodesPercent: null, waitingSeconds: 0 }
    }
  }

  /** A log that has no room either hears of it at the next look. */
  #record(): void {
    const { audit, logger } = this.#parts
    const { level, causes } = this.#pressure
    const event =
      level === 'hard' ? 'intake.paused' : this.#recorded.level === 'hard' ? 'intake.resumed' : 'pressure.changed'
    try {
      const actor = { kind: 'system', id: 'intake' } as const
      audit.recordNow({ event, actor, subject: null, outcome: 'success', codes: [`level-${level}`, ...causes] })
      this.#recorded = this.#pressure
    } catch (cause) {
      const code = (cause as { code?: unknown } | null)?.code
      logger.error('pressure.not-recorded', { code: typeof code === 'string' ? code : 'unknown' })
    }
  }
}

function marksOf({ limits, pressure }: ReturnType<CurrentSettings>): Marks {
  return {
    soft: {
      freeBytes: pressure.softFreeBytes,
      freeInodesPercent: pressure.softFreeInodesPercent,
      waitingSeconds: pressure.softWaitingSeconds,
    },
    hard: {
      freeBytes: limits.minimumFreeBytes,
      freeInodesPercent: pressure.hardFreeInodesPercent,
      waitingSeconds: pressure.hardWaitingSeconds ?? Number.POSITIVE_INFINITY,
    },
    recoverPercent: pressure.recoverPercent,
  }
}
