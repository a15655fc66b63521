import { type Acknowledgement, STREAMS, type StreamName, type Watermark } from '../contract/index.ts'
import {
  type AcknowledgedState,
  type BatchRange,
  chooseStream,
  committedSequence,
  mergeAcknowledgement,
  type OutboxEntry,
  type PassedOver,
  type Refusal,
} from '../exchange/index.ts'
import type { Randomness } from '../foundation/index.ts'
import { type BackoffBounds, backoffDelay } from '../transport/index.ts'

/** How much may be on its way at once. */
export interface WindowLimits {
  readonly batches: number
  readonly batchesOfOneStream: number
  /** Without an answer for so long, in milliseconds, a batch counts as lost. */
  readonly acknowledgementTimeoutMs: number
  /** Delays of a stream that makes no progress although the hub answers or should answer. */
  readonly fruitless: BackoffBounds
}

export const WINDOW_DEFAULTS = {
  batches: 8,
  batchesOfOneStream: 4,
  fruitless: { firstMs: 1000, largestMs: 300_000 },
} as const

interface InFlight {
  readonly range: BatchRange
  readonly sentAt: number
  /** The hub had everything before this batch when it was sent: a gap then means that the hub lost something. */
  readonly continuesCommitted: boolean
}

interface StreamProgress {
  /** Everything up to here was sent and may still be answered. */
  sentThrough: number
  /** Times in a row that sending led to nothing. */
  fruitless: number
  /** Nothing is sent before this instant. */
  holdUntil: number
  /** The hub takes nothing more of this epoch. */
  closed: boolean
}

/**
 * What to send next, and what an answer means: the rules of the agent without files, sockets or timers. Times are
 * milliseconds of a monotonic clock.
 */
export class SendWindow {
  readonly #limits: WindowLimits
  readonly #randomness: Randomness
  readonly #inFlight = new Map<string, InFlight>()
  readonly #progress = new Map<string, StreamProgress>()
  #acknowledged: AcknowledgedState
  #passedOver: PassedOver = {}

  constructor(acknowledged: AcknowledgedState, limits: WindowLimits, randomness: Randomness) {
    this.#acknowledged = acknowledged
    this.#limits = limits
    this.#randomness = randomness
  }

  get acknowledged(): AcknowledgedState {
    return this.#acknowledged
  }

  /** Batches that were sent and not answered. */
  get inFlight(): number {
    return this.#inFlight.size
  }

  /** The file to send now, by priority and in order within its stream; `undefined` when the window is full or nothing waits. */
  next(waiting: ReadonlyMap<StreamName, readonly OutboxEntry[]>, now: number): OutboxEntry | undefined {
    if (this.#inFlight.size >= this.#limits.batches) return undefined
    const candidates = new Map<StreamName, OutboxEntry>()
    for (const stream of STREAMS) {
      const entries = waiting.get(stream) ?? []
      // Leaves of a log continue across epochs: an epoch's turn comes when the one before it is committed as a whole.
      const oldest = entries.find(({ range }) => !this.isCommitted(range) && !this.#progressOf(range).closed)?.range
      const entry = entries.find(({ range }) => range.epoch === oldest?.epoch && this.#mayGo(range, now))
      if (entry !== undefined) candidates.set(stream, entry)
    }
    const choice = chooseStream(new Set(candidates.keys()), this.#passedOver)
    if (choice === undefined) return undefined
    this.#passedOver = choice.passedOver
    return candidates.get(choice.stream)
  }

  /** True when the hub has said that it committed all of a file. */
  isCommitted(range: BatchRange): boolean {
    return range.last <= committedSequence(this.#acknowledged, range)
  }

  /** A file is being published. */
  sent(batch: string, range: BatchRange, now: number): void {
    const continuesCommitted = committedSequence(this.#acknowledged, range) >= range.first - 1
    this.#inFlight.set(batch, { range, sentAt: now, continuesCommitted })
    const progress = this.#progressOf(range)
    progress.sentThrough = Math.max(progress.sentThrough, range.last)
  }

  /** Publishing failed: the rest of the stream must not arrive before it. */
  failed(batch: string): void {
    const flight = this.#inFlight.get(batch)
    if (flight !== undefined) this.#rewind(flight.range)
  }

  /** An upload failed for a reason that trying at once again will not change: the stream waits, longer each time. */
  notTaken(batch: string, now: number): void {
    const flight = this.#inFlight.get(batch)
    if (flight !== undefined) this.#setBack(flight.range, now)
  }

  /** The link is gone: nothing on its way can be counted on, and the next link starts afresh. */
  linkLost(): void {
    this.#inFlight.clear()
    for (const progress of this.#progress.values()) {
      progress.sentThrough = 0
      progress.holdUntil = 0
    }
  }

  /** Gives up waiting for answers that are overdue. @returns how many batches are to be sent again. */
  expire(now: number): number {
    const overdue = [...this.#inFlight.values()].filter(
      (flight) => now - flight.sentAt >= this.#limits.acknowledgementTimeoutMs,
    )
    for (const range of firstOfEachStream(overdue.map((flight) => flight.range))) this.#setBack(range, now)
    return overdue.length
  }

  /**
   * Takes an answer of the hub.
   * @param waiting the outbox as it was last seen.
   * @returns true when it said something new, which then must be written down.
   */
  acknowledge(
    answer: Acknowledgement,
    waiting: ReadonlyMap<StreamName, readonly OutboxEntry[]>,
    now: number,
    at: string,
  ): boolean {
    const flight = this.#inFlight.get(answer.batch)
    this.#inFlight.delete(answer.batch)
    const before = this.#acknowledged
    const gap = answer.refused.some(({ code }) => code === 'gap')
    const lost = gap && flight?.continuesCommitted === true ? flight.range : undefined
    // A gap is news for the appliance only if it is real now and this side cannot fill it from the outbox.
    const isNews = (refusal: Refusal): boolean =>
      refusal.code !== 'gap' || (flight !== undefined && !isInOutbox(firstMissing(answer, refusal), waiting))
    const merged = mergeAcknowledgement(before, { ...answer, refused: answer.refused.filter(isNews) }, at, lost)
    this.#acknowledged = merged
    // A watermark answers for every batch below it, also for one whose own answer was lost.
    for (const [batch, { range }] of this.#inFlight) if (this.isCommitted(range)) this.#inFlight.delete(batch)
    for (const refusal of answer.refused) {
      if (refusal.code === 'closed-epoch') this.#progressOf(refusal).closed = true
    }
    // An answer to a batch that was given up tells how far the hub is, but says nothing about what is on its way now.
    if (flight !== undefined) {
      const progress = this.#progressOf(flight.range)
      const advanced = committedSequence(merged, flight.range) > committedSequence(before, flight.range)
      if (advanced || this.isCommitted(flight.range)) progress.fruitless = 0
      if (!this.isCommitted(flight.range)) this.#setBack(flight.range, now)
    }
    return JSON.stringify({ ...merged, at: '' }) !== JSON.stringify({ ...before, at: '' })
  }

  #mayGo(range: BatchRange, now: number): boolean {
    const progress = this.#progressOf(range)
    if (progress.closed || now < progress.holdUntil) return false
    const through = Math.max(progress.sentThrough, committedSequence(this.#acknowledged, range))
    if (range.last <= through) return false
    // A stream in trouble sends one batch at a time, to learn where the hub stands.
    const allowed = progress.fruitless > 0 ? 1 : this.#limits.batchesOfOneStream
    const onTheWay = [...this.#inFlight.values()].filter((flight) => sameStream(flight.range, range)).length
    return onTheWay < allowed
  }

  /** Sends the stream again from the watermark: at once the first time, then after growing delays. */
  #setBack(range: BatchRange, now: number): void {
    this.#rewind(range)
    const progress = this.#progressOf(range)
    progress.fruitless += 1
    if (progress.fruitless > 1) {
      progress.holdUntil = now + backoffDelay(progress.fruitless - 1, this.#limits.fruitless, this.#randomness)
    }
  }

  #rewind(range: BatchRange): void {
    for (const [batch, flight] of this.#inFlight) if (sameStream(flight.range, range)) this.#inFlight.delete(batch)
    this.#progressOf(range).sentThrough = 0
  }

  #progressOf(position: { readonly epoch: number; readonly stream: StreamName }): StreamProgress {
    const key = `${position.epoch}/${position.stream}`
    const progress = this.#progress.get(key) ?? { sentThrough: 0, fruitless: 0, holdUntil: 0, closed: false }
    this.#progress.set(key, progress)
    return progress
  }
}

/** The first sequence that the hub does not have, by its own word, in the stream of a refusal. */
function firstMissing(answer: Acknowledgement, refusal: Refusal): Watermark {
  const { epoch, stream } = refusal
  const mark = answer.watermarks.find((candidate) => candidate.epoch === epoch && candidate.stream === stream)
  return { epoch, stream, sequence: (mark?.sequence ?? 0) + 1 }
}

function isInOutbox(
  { epoch, stream, sequence }: Watermark,
  waiting: ReadonlyMap<StreamName, readonly OutboxEntry[]>,
): boolean {
  const entries = waiting.get(stream) ?? []
  return entries.some(({ range }) => range.epoch === epoch && range.first <= sequence && range.last >= sequence)
}

function sameStream(a: BatchRange, b: BatchRange): boolean {
  return a.epoch === b.epoch && a.stream === b.stream
}

function firstOfEachStream(ranges: readonly BatchRange[]): BatchRange[] {
  return ranges.filter((range, i) => ranges.findIndex((other) => sameStream(range, other)) === i)
}
