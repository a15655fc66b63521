import type { HubLogState, HubLogStateFile } from '@leadglass/sync-agent/exchange'
import type { Logger, Service } from '@leadglass/sync-agent/foundation'
import type { AuditSink } from '../egress/index.ts'

const EVERY_MS = 10_000
const HUB_LOG = 'leadglass/hub/audit'

/** What the agent may report without anything being wrong with the hub's log. */
const IN_ORDER: ReadonlySet<HubLogState['state']> = new Set(['cosigned', 'not-taken'])

/** Takes what the agent saw of the hub's log into the record: the agent has no log of its own. */
export class HubLogWatch implements Service {
  readonly #file: Pick<HubLogStateFile, 'read'>
  readonly #audit: AuditSink
  readonly #logger: Logger
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  #known: HubLogState | undefined

  constructor(parts: {
    readonly file: Pick<HubLogStateFile, 'read'>
    readonly audit: AuditSink
    readonly logger: Logger
  }) {
    this.#file = parts.file
    this.#audit = parts.audit
    this.#logger = parts.logger
  }

  /** The last that the agent reported; `undefined` before the first. */
  get state(): HubLogState | undefined {
    return this.#known
  }

  async start(): Promise<void> {
    this.#timer = setInterval(() => {
      this.#running ??= this.look().finally(() => {
        this.#running = undefined
      })
    }, EVERY_MS)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#running
  }

  /** One look. A change for the worse is one event; a file that cannot be read is left to the next look. */
  async look(): Promise<void> {
    const read = await this.#file.read().catch(() => undefined)
    if (read?.kind !== 'value') return
    const { value } = read
    const isNew = value.state !== this.#known?.state
    this.#known = value
    if (!isNew || IN_ORDER.has(value.state)) return
    this.#logger.error('hub-log.inconsistent', { state: value.state })
    this.#audit.recordNow({
      event: 'log.inconsistent',
      actor: { kind: 'system', id: 'witness' },
      subject: { kind: 'log', id: HUB_LOG },
      outcome: 'failure',
      codes: [value.state],
    })
  }
}
