import type { HubLogState, HubLogStateFile } from '@leadglass/sync-agent/exchange'
import type { Clock, Logger } from '@leadglass/sync-agent/foundation'
import type { AuditSink } from '../egress/index.ts'

/** How often to look, in milliseconds. */
export const HUB_LOG_EVERY_MS = 10_000
/** A commit of the hub is in its log before the answer goes out; the agent looks once a minute. */
const GRACE_MS = 300_000
const HUB_LOG = 'leadglass/hub/audit'

/** What the agent may report without anything being wrong with the hub's log. */
const IN_ORDER: ReadonlySet<HubLogState['state']> = new Set(['cosigned', 'not-taken'])

/** Takes what the agent saw of the hub's log into the record: the agent has no log of its own. */
export class HubLogWatch {
  readonly #file: Pick<HubLogStateFile, 'read'>
  readonly #audit: AuditSink
  readonly #logger: Logger
  readonly #acknowledged: () => number
  readonly #clock: Clock
  #known: HubLogState | undefined
  /** How much the hub had acknowledged when its log last grew, and since when it is more. */
  #standing:
    | { readonly size: number; readonly acknowledged: number; readonly moreSince: number | undefined }
    | undefined
  #isSilent = false

  constructor(parts: {
    readonly file: Pick<HubLogStateFile, 'read'>
    readonly audit: AuditSink
    /** Envelopes that the hub has acknowledged, of all streams and epochs: each in a commit that leaves an entry. */
    readonly acknowledged: () => number
    readonly clock: Clock
    readonly logger: Logger
  }) {
    this.#file = parts.file
    this.#audit = parts.audit
    this.#logger = parts.logger
    this.#acknowledged = parts.acknowledged
    this.#clock = parts.clock
  }

  /** The last that the agent reported; `undefined` before the first. */
  get state(): HubLogState | undefined {
    return this.#known
  }

  /** One look. A change for the worse is one event; a file that cannot be read is left to the next look. */
  async look(): Promise<void> {
    const read = await this.#file.read().catch(() => undefined)
    if (read?.kind !== 'value') return
    const { value } = read
    const isNew = value.state !== this.#known?.state
    if (isNew && !IN_ORDER.has(value.state)) this.#record(value.state)
    // Known once it is recorded: what could not be written down is new to the next look.
    this.#known = value
    const isSilent = this.#isRecordingOff(value)
    if (isSilent && !this.#isSilent) this.#record('hub-recording-off')
    this.#isSilent = isSilent
  }

  /** The hub goes on committing what this box sends, and its log stands still. */
  #isRecordingOff({ size, at }: HubLogState): boolean {
    const acknowledged = this.#acknowledged()
    if (this.#standing?.size !== size) this.#standing = { size, acknowledged, moreSince: undefined }
    const { moreSince } = this.#standing
    if (moreSince === undefined) {
      if (acknowledged > this.#standing.acknowledged) {
        this.#standing = { ...this.#standing, moreSince: this.#clock.now() }
      }
      return false
    }
    return Date.parse(at) > moreSince + GRACE_MS
  }

  #record(code: string): void {
    this.#logger.error('hub-log.inconsistent', { state: code })
    this.#audit.recordNow({
      event: 'log.inconsistent',
      actor: { kind: 'system', id: 'witness' },
      subject: { kind: 'log', id: HUB_LOG },
      outcome: 'failure',
      codes: [code],
    })
  }
}
