import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { EventHubConsumerClient } from '@azure/event-hubs'
import type { DesiredState, DeviceId, UploadAnnouncement } from '@leadglass/sync-agent/contract'
import { type Clock, type Logger, type Randomness, type Service, startInOrder } from '@leadglass/sync-agent/foundation'
import { desiredStatePatch } from '@leadglass/sync-agent/transport'
import type Database from 'better-sqlite3'
import { INGEST_COMMON_NAME, UNKNOWN_DEVICE } from '../ingest/index.ts'
import type { InboxIntake } from '../iot-hub-endpoint/index.ts'
import { AnswerPost } from './answer-post.ts'
import { BlobReader } from './blob-reader.ts'
import { Checkpoints } from './checkpoints.ts'
import { parseEventHubConnection, parseServiceConnection } from './connection-strings.ts'
import { AzureServiceError } from './errors.ts'
import { EventHubReader, type EventHubStatus } from './event-hub-reader.ts'
import { IotServiceClient } from './iot-service-client.ts'

/** Files in the hub's secrets folder; they hold keys. */
export const EVENT_HUB_FILE = 'event-hubs.connection'
export const SERVICE_FILE = 'iot-service.connection'
/** Address of the container for uploads with its signature; without it large batches cannot come this way. */
export const CONTAINER_FILE = 'iot-uploads.container'

const SERVICE_TIMEOUT_MS = 30_000
const GATHER_MS = 100
const BACKOFF = { firstMs: 1000, largestMs: 60_000 }
/** The outer loop makes new clients for ever; within one, nothing is tried twice. */
const NO_RETRY = { maxRetries: 0, timeoutInMs: 30_000 }

export interface AzureSideOptions {
  /** Each one is read in full, with checkpoints of its own. */
  readonly consumerGroups: readonly string[]
  readonly secretsFolder: string
  /** PEM file with the authority of the service's certificate; Node's own list when absent. */
  readonly serviceCaFile?: string | undefined
}

export interface AzureSideParts {
  readonly database: Database.Database
  readonly intake: InboxIntake
  /** Counts what is refused or in trouble, by device or for the hub itself. */
  readonly raise: (device: string, code: string) => void
  /** Every device that is enrolled now. */
  readonly devices: () => readonly DeviceId[]
  readonly clock: Clock
  readonly randomness: Randomness
  readonly logger: Logger
}

/** What the hub says of its side of Azure. */
export interface AzureSideStatus {
  readonly readers: readonly EventHubStatus[]
  readonly answersWaiting: number
  /** Why twins are not written; `null` while they are. */
  readonly serviceTrouble: string | null
}

/**
 * The hub behind an Azure IoT Hub: reads what its devices sent from the Event Hubs endpoint, and answers through the service's
 * REST interface.
 */
export class AzureSide implements Service {
  readonly #options: AzureSideOptions
  readonly #parts: AzureSideParts
  #readers: readonly EventHubReader[] = []
  #post: AnswerPost | undefined
  #stopAll: (() => Promise<void>) | undefined

  constructor(options: AzureSideOptions, parts: AzureSideParts) {
    this.#options = options
    this.#parts = parts
  }

  get status(): AzureSideStatus {
    return {
      readers: this.#readers.map((reader) => reader.status),
      answersWaiting: this.#post?.waiting ?? 0,
      serviceTrouble: this.#post?.lastCode ?? null,
    }
  }

  /** @throws {AzureServiceError} when a connection string is missing or malformed. Azure itself may be away. */
  async start(): Promise<void> {
    const { secretsFolder, consumerGroups, serviceCaFile } = this.#options
    const { database, intake, raise, clock, randomness, logger } = this.#parts
    const eventHub = parseEventHubConnection(await secret(secretsFolder, EVENT_HUB_FILE))
    const connection = parseServiceConnection(await secret(secretsFolder, SERVICE_FILE))
    const ca: { readonly caPem?: string } =
      serviceCaFile === undefined ? {} : { caPem: await readFile(serviceCaFile, 'utf8') }
    // The vendor's SDK is loaded by those who use it only.
    const { EventHubConsumerClient: Client } = await import('@azure/event-hubs')
    const service = new IotServiceClient({ connection, ...ca, timeoutMs: SERVICE_TIMEOUT_MS }, clock)
    const post = new AnswerPost({
      twins: service,
      clock,
      randomness,
      logger,
      onTrouble: (device, code) => raise(code === 'device-not-found' ? device : INGEST_COMMON_NAME, code),
      gatherMs: GATHER_MS,
    })
    const checkpoints = new Checkpoints(database, clock)
    const container = await secret(secretsFolder, CONTAINER_FILE).catch(() => undefined)
    const blobs = container === undefined ? undefined : new BlobReader(container, ca.caPem, SERVICE_TIMEOUT_MS)
    const sink = {
      intake,
      readUpload: async (device: DeviceId, announcement: UploadAnnouncement) => blobs?.read(device, announcement),
      answer: (device: DeviceId, answer: Parameters<AnswerPost['answer']>[1]) => post.answer(device, answer),
      passOver: (device: string, code: string) => {
        // Twin changes are routed here by choice of whoever set the routes; they are no attack.
        if (code !== 'event-not-telemetry') raise(device === '' ? UNKNOWN_DEVICE : device, code)
      },
    }
    const { namespace } = eventHub
    this.#readers = consumerGroups.map(
      (consumerGroup) =>
        new EventHubReader({
          reading: { namespace, eventHub: eventHub.eventHub, consumerGroup },
          createClient: (): EventHubConsumerClient =>
            new Client(consumerGroup, eventHub.text, { retryOptions: NO_RETRY }),
          checkpoints,
          sink,
          onTrouble: (trouble) => raise(INGEST_COMMON_NAME, `event-hubs-${trouble}`),
          randomness,
          logger,
          backoff: BACKOFF,
        }),
    )
    this.#post = post
    const closing: Service = { start: async () => undefined, stop: async () => service.close() }
    this.#stopAll = await startInOrder([closing, post, ...this.#readers])
    for (const device of this.#parts.devices()) post.clear(device)
  }

  async stop(): Promise<void> {
    const stopAll = this.#stopAll
    this.#stopAll = undefined
    await stopAll?.()
  }

  /** Tells a device what should be so, now or when it next connects. */
  setDesired(device: DeviceId, state: DesiredState): void {
    this.#post?.patch(device, desiredStatePatch(state))
  }
}

async function secret(folder: string, name: string): Promise<string> {
  try {
    return await readFile(join(folder, name), 'utf8')
  } catch {
    throw new AzureServiceError('connection-string-missing', `there is no readable file ${name}`)
  }
}
