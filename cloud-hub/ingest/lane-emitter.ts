/** A message inside the broker, as far as its way matters. */
export interface TopicMessage {
  readonly topic: string
}

/** Takes a message; calls `done` when it is handed over, which is later where the receiver reads slowly. */
export type Notify = (message: TopicMessage, done: () => void) => void

/** What the emitter is told of its lanes. */
export interface LaneEmitterOptions {
  /** True for topics whose messages wait for each other. Everything else goes at once. */
  readonly isBounded: (topic: string) => boolean
  /** Bounded messages that are handed over at once. */
  readonly concurrency: number
}

interface Waiting {
  readonly message: TopicMessage
  readonly done: () => void
}

/**
 * The switchboard inside the broker, with two lanes. What devices publish waits for room at its one receiver, the hub; what
 * the hub answers goes past that queue. In one queue the answers to a thousand boxes stand behind everything that the boxes
 * have yet to say, and one box that does not read its answers takes a place that all others need.
 *
 * It has the form that aedes asks of an emitter (`on`, `removeListener`, `emit`, `close`). Filters without a wildcard, which
 * are all those of devices, are found by name; there are few others.
 */
export class LaneEmitter {
  readonly #options: LaneEmitterOptions
  readonly #exact = new Map<string, Set<Notify>>()
  readonly #wildcards = new Map<
    string,
    { readonly matches: (topic: string) => boolean; readonly notify: Set<Notify> }
  >()
  #queue: Waiting[] = []
  #head = 0
  #current = 0
  #closed = false

  constructor(options: LaneEmitterOptions) {
    this.#options = options
  }

  /** Bounded messages that wait for room. */
  get length(): number {
    return this.#queue.length - this.#head
  }

  /** True while somebody takes messages of this topic. */
  isHeard(topic: string): boolean {
    if ((this.#exact.get(topic)?.size ?? 0) > 0) return true
    return [...this.#wildcards.values()].some(({ matches }) => matches(topic))
  }

  on(filter: string, notify: Notify, done?: () => void): this {
    this.#listeners(filter).add(notify)
    if (done !== undefined) setImmediate(done)
    return this
  }

  removeListener(filter: string, notify: Notify, done?: () => void): this {
    // After what was emitted before in this turn: aedes unsubscribes while messages are on their way.
    setImmediate(() => {
      const listeners = this.#exact.get(filter) ?? this.#wildcards.get(filter)?.notify
      listeners?.delete(notify)
      if (listeners?.size === 0) {
        this.#exact.delete(filter)
        this.#wildcards.delete(filter)
      }
      done?.()
    })
    return this
  }

  emit(message: TopicMessage, done: (error?: Error) => void = () => undefined): this {
    if (this.#closed) done(new Error('the broker is closed'))
    else if (!this.#options.isBounded(message.topic)) this.#deliver(message, done)
    else if (this.#current < this.#options.concurrency) this.#deliverBounded(message, done)
    else this.#queue.push({ message, done })
    return this
  }

  close(done: () => void): this {
    this.#closed = true
    setImmediate(done)
    return this
  }

  #deliverBounded(message: TopicMessage, done: () => void): void {
    this.#current += 1
    this.#deliver(message, () => {
      this.#current -= 1
      done()
      const next = this.#next()
      if (next !== undefined) this.#deliverBounded(next.message, next.done)
    })
  }

  /** The oldest that waits. The list is cut when half of it is past, so that taking one costs the same however many wait. */
  #next(): Waiting | undefined {
    const next = this.#queue[this.#head]
    if (next === undefined) return undefined
    this.#head += 1
    if (this.#head * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head)
      this.#head = 0
    }
    return next
  }

  #deliver(message: TopicMessage, done: () => void): void {
    const receivers = [...(this.#exact.get(message.topic) ?? [])]
    for (const { matches, notify } of this.#wildcards.values()) if (matches(message.topic)) receivers.push(...notify)
    let open = receivers.length
    if (open === 0) return void setImmediate(done)
    const handedOver = (): void => {
      open -= 1
      if (open === 0) done()
    }
    for (const receiver of receivers) receiver.call(this, message, handedOver)
  }

  #listeners(filter: string): Set<Notify> {
    const known = this.#exact.get(filter) ?? this.#wildcards.get(filter)?.notify
    if (known !== undefined) return known
    const notify = new Set<Notify>()
    if (/[+#]/.test(filter)) this.#wildcards.set(filter, { matches: matcherOf(filter), notify })
    else this.#exact.set(filter, notify)
    return notify
  }
}

/** MQTT 3.1.1 4.7.1: `+` stands for one level, `#` at the end for the parent and every level below it. */
function matcherOf(filter: string): (topic: string) => boolean {
  const levels = filter.split('/')
  return (topic) => {
    const parts = topic.split('/')
    for (const [i, level] of levels.entries()) {
      if (level === '#') return i === levels.length - 1
      if (i >= parts.length || (level !== '+' && level !== parts[i])) return false
    }
    return parts.length === levels.length
  }
}
