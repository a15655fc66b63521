import type { Acknowledgement, DeviceId } from '@leadglass/sync-agent/contract'
import { type Clock, isCodedError, type Logger, type Randomness, type Service } from '@leadglass/sync-agent/foundation'
import {
  AnswerBoard,
  backoffDelay,
  clearedAnswers,
  type JsonObject,
  mergePatch,
  withoutAnswers,
} from '@leadglass/sync-agent/transport'
import { AzureServiceError } from './errors.ts'

const BACKOFF = { firstMs: 500, largestMs: 60_000 }
/** A twin's section holds 32 KB; a patch that is nearly that goes before more is added to it. */
const MAX_PATCH_BYTES = 24 * 1024

/** What the post office needs of the service. */
export interface TwinPort {
  patchDesired(device: DeviceId, desired: JsonObject): Promise<number>
}

export interface AnswerPostOptions {
  readonly twins: TwinPort
  readonly clock: Clock
  readonly randomness: Randomness
  readonly logger: Logger
  /** Hears why the service does not take patches, and of each device that it does not know. */
  readonly onTrouble: (device: DeviceId, code: string) => void
  /** Between two patches of one device, so that several answers share one. */
  readonly gatherMs: number
}

interface Mailbox {
  readonly board: AnswerBoard
  waiting: JsonObject
  cleared: boolean
  busy: boolean
  failures: number
}

/**
 * Brings the hub's answers, and what it wishes, into device twins that live in a service: one patch of a device at a time,
 * with everything in it that came meanwhile, because twin updates are metered. What is lost here costs a resend: a device
 * without an answer sends again and is answered again. Answers of an earlier process are removed before the first patch:
 * a stored answer could claim more than a hub that was restored from a backup still has.
 */
export class AnswerPost implements Service {
  readonly #options: AnswerPostOptions
  readonly #boxes = new Map<DeviceId, Mailbox>()
  readonly #timers = new Set<NodeJS.Timeout>()
  #stopping = false
  #lastCode: string | null = null

  constructor(options: AnswerPostOptions) {
    this.#options = options
  }

  /** Why the last patch was not taken; `null` when it was. */
  get lastCode(): string | null {
    return this.#lastCode
  }

  /** Devices for which something waits. */
  get waiting(): number {
    return [...this.#boxes.values()].filter((box) => box.busy).length
  }

  async start(): Promise<void> {
    this.#stopping = false
  }

  async stop(): Promise<void> {
    this.#stopping = true
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
  }

  /** Removes what an earlier process answered. */
  clear(device: DeviceId): void {
    this.#add(device, {})
  }

  answer(device: DeviceId, answer: Acknowledgement): void {
    this.#add(device, this.#box(device).board.post(answer))
  }

  /** Any other change of desired properties. */
  patch(device: DeviceId, patch: JsonObject): void {
    this.#add(device, patch)
  }

  #box(device: DeviceId): Mailbox {
    const known = this.#boxes.get(device)
    if (known !== undefined) return known
    const board = new AnswerBoard(this.#options.clock)
    const box: Mailbox = { board, waiting: {}, cleared: false, busy: false, failures: 0 }
    this.#boxes.set(device, box)
    return box
  }

  #add(device: DeviceId, patch: JsonObject): void {
    const box = this.#box(device)
    const joined = mergePatch(box.waiting, patch)
    // Too much at once: the older answers go, and their batches come again.
    const tooMuch = Buffer.byteLength(JSON.stringify(joined)) > MAX_PATCH_BYTES
    box.waiting = tooMuch ? mergePatch(withoutAnswers(box.waiting), patch) : joined
    if (!box.busy) {
      box.busy = true
      this.#later(device, box, this.#options.gatherMs)
    }
  }

  #later(device: DeviceId, box: Mailbox, ms: number): void {
    if (this.#stopping) return
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      void this.#send(device, box)
    }, ms)
    this.#timers.add(timer)
  }

  async #send(device: DeviceId, box: Mailbox): Promise<void> {
    const { twins, gatherMs } = this.#options
    const patch = box.cleared ? box.waiting : clearedAnswers()
    const wasCleared = box.cleared
    if (wasCleared) box.waiting = {}
    try {
      if (Object.keys(patch).length > 0) await twins.patchDesired(device, patch)
      box.cleared = true
      box.failures = 0
      this.#lastCode = null
    } catch (error) {
      // What came meanwhile is newer.
      if (wasCleared) box.waiting = mergePatch(patch, box.waiting)
      return this.#failed(device, box, error)
    }
    if (Object.keys(box.waiting).length > 0) this.#later(device, box, gatherMs)
    else box.busy = false
  }

  #failed(device: DeviceId, box: Mailbox, error: unknown): void {
    const { randomness, logger, onTrouble } = this.#options
    const code = isCodedError(error) ? error.code : 'unexpected'
    box.failures += 1
    if (box.failures === 1) onTrouble(device, code)
    this.#lastCode = code
    logger.warn('iot-service.twin-not-written', { device, code, failures: box.failures })
    const asked = error instanceof AzureServiceError ? error.retryAfterMs : undefined
    this.#later(device, box, Math.max(asked ?? 0, backoffDelay(box.failures, BACKOFF, randomness)))
  }
}
