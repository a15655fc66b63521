import type { DeviceId } from '../contract/index.ts'
import type { AgentStatus, AgentStatusFile } from '../exchange/index.ts'
import { type Clock, toIsoInstant } from '../foundation/index.ts'

/** Shortest time between two writes, in milliseconds, however much changes. */
const MINIMUM_MS = 1000

/** Gathers what the agent says about itself and writes it when it changed, and now and then when it did not. */
export class StatusReporter {
  readonly #file: AgentStatusFile
  readonly #clock: Clock
  readonly #heartbeatMs: number
  #status: AgentStatus
  #changed = true
  #writtenAt = Number.NEGATIVE_INFINITY

  /** @param clock the time of day, for the stamps. */
  constructor(file: AgentStatusFile, device: DeviceId, clock: Clock, heartbeatMs: number) {
    this.#file = file
    this.#clock = clock
    this.#heartbeatMs = heartbeatMs
    const at = toIsoInstant(clock.now())
    this.#status = {
      schema: 'leadglass.agent-status/1',
      device,
      link: 'down',
      since: at,
      lastAcknowledgementAt: null,
      lastError: null,
      waiting: {},
      refusedFiles: 0,
      updates: null,
      settings: null,
      at,
    }
  }

  /** Changes members. */
  set(change: Partial<Omit<AgentStatus, 'schema' | 'device' | 'at' | 'since'>>): void {
    const before = this.#status
    const since = change.link === undefined || change.link === before.link ? before.since : this.#now()
    const after = { ...before, ...change, since }
    this.#changed ||= JSON.stringify(after) !== JSON.stringify(before)
    this.#status = after
  }

  /** Notes an error by its code. */
  fail(code: string): void {
    this.set({ lastError: { code, at: this.#now() } })
  }

  /** One more batch file was not carried. */
  countRefusedFile(code: string): void {
    this.set({ refusedFiles: this.#status.refusedFiles + 1 })
    this.fail(code)
  }

  /** Writes the file when it is due. @param nowMs monotonic time. @param force true to write whatever changed at once. */
  async flush(nowMs: number, force = false): Promise<void> {
    const age = nowMs - this.#writtenAt
    if (!force && age < (this.#changed ? MINIMUM_MS : this.#heartbeatMs)) return
    this.#changed = false
    this.#writtenAt = nowMs
    await this.#file.write({ ...this.#status, at: this.#now() })
  }

  #now(): string {
    return toIsoInstant(this.#clock.now())
  }
}
