import {
  type EventHubConsumerClient,
  earliestEventPosition,
  type ReceivedEventData,
  type Subscription,
} from '@azure/event-hubs'
import type { Logger, Randomness, Service } from '@leadglass/sync-agent/foundation'
import { backoffDelay } from '@leadglass/sync-agent/transport'
import type { Checkpoint, EventHubReading } from './checkpoints.ts'
import { type EventSink, takeEvents } from './take-events.ts'

/** Events handed over at once; they are committed together. */
const MAX_EVENTS = 64
/** How long the SDK waits for the first event of such a lot. */
const MAX_WAIT_SECONDS = 5
const CLOSE_MS = 5000

/** Why a reader is not reading; `null` while it is, and before the first attempt. */
export type EventHubTrouble = 'unreachable' | 'credentials-refused' | 'not-found' | 'throttled' | 'taken-over' | 'inbox'

/** How a reader is doing. */
export interface EventHubStatus extends EventHubReading {
  readonly reading: boolean
  readonly trouble: EventHubTrouble | null
  readonly partitions: number
  readonly committed: number
}

export interface EventHubReaderOptions {
  readonly reading: EventHubReading
  /** A new client of the SDK; each connection has its own. */
  readonly createClient: () => EventHubConsumerClient
  readonly checkpoints: {
    of(reading: EventHubReading): ReadonlyMap<string, Checkpoint>
    write(reading: EventHubReading, checkpoint: Checkpoint): void
  }
  readonly sink: EventSink
  /** Hears of the first failure of each kind. */
  readonly onTrouble: (trouble: EventHubTrouble) => void
  readonly randomness: Randomness
  readonly logger: Logger
  readonly backoff: { readonly firstMs: number; readonly largestMs: number }
}

/**
 * Reads every partition of an Event Hub in the name of one consumer group: commit, then checkpoint. The SDK's own retry ends
 * the pump of a partition for good after some failures; so whatever fails ends this client, and a new one begins at the
 * checkpoints, for ever.
 */
export class EventHubReader implements Service {
  readonly #options: EventHubReaderOptions
  #running: Promise<void> | undefined
  #end: (() => void) | undefined
  #stopping = false
  #isReading = false
  #trouble: EventHubTrouble | null = null
  #partitions = 0
  #committed = 0

  constructor(options: EventHubReaderOptions) {
    this.#options = options
  }

  get status(): EventHubStatus {
    const { reading } = this.#options
    const [trouble, partitions, committed] = [this.#trouble, this.#partitions, this.#committed]
    return { ...reading, reading: this.#isReading, trouble, partitions, committed }
  }

  /** Begins to read and returns at once: a hub starts while Azure is away. */
  async start(): Promise<void> {
    this.#stopping = false
    this.#running ??= this.#run()
  }

  async stop(): Promise<void> {
    this.#stopping = true
    this.#end?.()
    await this.#running
    this.#running = undefined
  }

  async #run(): Promise<void> {
    const { randomness, logger, backoff, onTrouble } = this.#options
    let failures = 0
    while (!this.#isStopping()) {
      const before = this.#committed
      const error = await this.#connection()
      this.#isReading = false
      if (this.#isStopping()) break
      failures = this.#committed > before ? 1 : failures + 1
      const trouble = troubleOf(error)
      if (this.#trouble !== trouble) onTrouble(trouble)
      this.#trouble = trouble
      const delay = backoffDelay(failures, backoff, randomness)
      logger.warn('event-hubs.connection-over', { trouble, failures, retryInMs: delay })
      await this.#sleep(delay)
    }
  }

  /** One client from its first call to its first failure. @returns the failure; `undefined` when it was stopped. */
  async #connection(): Promise<unknown> {
    const { createClient, checkpoints, reading } = this.#options
    const over = Promise.withResolvers<unknown>()
    this.#end = () => over.resolve(undefined)
    const subscriptions: Subscription[] = []
    let client: EventHubConsumerClient | undefined
    let isOver = false
    const work = new Set<Promise<void>>()
    try {
      client = createClient()
      const properties = client.getEventHubProperties()
      properties.catch((error: unknown) => over.resolve(error))
      const known = await Promise.race([properties, over.promise.then(() => undefined)])
      if (known === undefined) return await over.promise
      this.#partitions = known.partitionIds.length
      const places = checkpoints.of(reading)
      for (const partition of known.partitionIds) {
        const place = places.get(partition)?.place
        const take = async (events: readonly ReceivedEventData[]): Promise<void> => {
          if (isOver) return
          this.#reads()
          const done = this.#take(partition, events, () => isOver)
          work.add(done)
          try {
            await done
          } catch (error) {
            // Nothing after it may move the checkpoint past what was not committed.
            isOver = true
            over.resolve(new InboxFailure('the inbox did not take events', { cause: error }))
          } finally {
            work.delete(done)
          }
        }
        subscriptions.push(
          client.subscribe(
            partition,
            { processEvents: take, processError: async (error) => over.resolve(error) },
            {
              startPosition: place === undefined ? earliestEventPosition : { offset: place },
              maxBatchSize: MAX_EVENTS,
              maxWaitTimeInSeconds: MAX_WAIT_SECONDS,
              // The body is gzip, and what is hostile is parsed in one place.
              skipParsingBodyAsJson: true,
            },
          ),
        )
      }
      return await over.promise
    } catch (error) {
      return error
    } finally {
      isOver = true
      this.#end = undefined
      await Promise.allSettled([...work])
      await inTime(Promise.allSettled(subscriptions.map((one) => one.close())))
      if (client !== undefined) await inTime(client.close())
    }
  }

  async #take(partition: string, events: readonly ReceivedEventData[], isOver: () => boolean): Promise<void> {
    const last = events.at(-1)
    if (last === undefined) return
    const { sink, checkpoints, reading } = this.#options
    const committed = await takeEvents(events, sink)
    // Not in one expression: partitions take side by side, and the sum is read before the wait.
    this.#committed += committed
    if (isOver()) return
    checkpoints.write(reading, { partition, place: last.offset, sequence: last.sequenceNumber })
  }

  #reads(): void {
    if (!this.#isReading) this.#options.logger.info('event-hubs.reading', { partitions: this.#partitions })
    this.#isReading = true
    this.#trouble = null
  }

  /** A call, because the answer changes between two awaits. */
  #isStopping(): boolean {
    return this.#stopping
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        this.#end = undefined
        resolve()
      }
      const timer = setTimeout(done, ms)
      this.#end = done
    })
  }
}

/** Not Azure's fault: the hub's own database did not commit. */
class InboxFailure extends Error {}

/** Waits for a farewell, but not for ever: on a dead connection there is none. */
async function inTime(farewell: Promise<unknown>): Promise<void> {
  const timer = Promise.withResolvers<void>()
  const timeout = setTimeout(timer.resolve, CLOSE_MS)
  await Promise.race([farewell.catch(() => undefined), timer.promise])
  clearTimeout(timeout)
}

/** What the SDK's errors mean; by their codes, which are conditions of AMQP 1.0 (2.8.15) under other names. */
export function troubleOf(error: unknown): EventHubTrouble {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  switch (code) {
    case 'UnauthorizedError':
      return 'credentials-refused'
    case 'MessagingEntityNotFoundError':
    case 'MessagingEntityDisabledError':
      return 'not-found'
    case 'ServerBusyError':
    case 'QuotaExceededError':
      return 'throttled'
    case 'ReceiverDisconnectedError':
      return 'taken-over'
    default:
      return error instanceof InboxFailure ? 'inbox' : 'unreachable'
  }
}
