import { isIPv6 } from 'node:net'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { type DesiredState, type DeviceId, deviceId, MAX_UPLOAD_BYTES } from '@leadglass/sync-agent/contract'
import { type Clock, type Logger, type Randomness, RepeatedLook, type Service } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import type { HubConfiguration } from './configuration.ts'
import { DeviceKeys } from './device-keys.ts'
import { DoorServer } from './enrolment/index.ts'
import { AzureSide, type AzureSideStatus } from './event-hubs/index.ts'
import type { DesiredBook, Fleet } from './fleet/index.ts'
import type { HubLayout, HubSettings } from './hub-folder.ts'
import {
  type AlarmBook,
  admittedPeer,
  Broker,
  type CertificateAuthority,
  type ConnectionGate,
  certificateEnd,
  type Enrolment,
  type EnrolmentDoorPort,
  INGEST_COMMON_NAME,
  type InboxStore,
  IngestClient,
  IngestPipeline,
  UploadDesk,
} from './ingest/index.ts'
import { InboxIntake, IotHubEndpoint } from './iot-hub-endpoint/index.ts'

const DAY_MS = 86_400_000
/** How often the hub looks whether a report left a gap. */
const ASKING_MS = 2000
const RENEW_BEFORE_MS = 30 * DAY_MS

/** What the links work with. */
export interface LinkParts {
  readonly authority: CertificateAuthority
  readonly enrolment: Enrolment
  readonly inbox: InboxStore
  readonly database: Database.Database
  readonly alarms: AlarmBook
  readonly fleet: Fleet
  readonly desired: Pick<DesiredBook, 'delivery' | 'resyncs'>
  readonly layout: Pick<HubLayout, 'deviceKeys' | 'iotHub' | 'secrets' | 'serviceKeys'>
  readonly logger: Logger
  readonly clock: Clock
  readonly randomness: Randomness
  readonly gate: ConnectionGate
  readonly door: { readonly take: EnrolmentDoorPort }
}

/**
 * The hub's way to its devices: the embedded broker unless an external one is configured, the client that takes in what
 * they send, and, where it is configured, the endpoint for Azure IoT SDKs, which hands batches to the same inbox. The hub's own certificates are made at each start and renewed while it runs; their keys are never
 * written down.
 */
export class Links implements Service {
  readonly #configuration: HubConfiguration
  readonly #parts: LinkParts
  readonly #names: readonly string[]
  #broker: Broker | undefined
  #doorServer: DoorServer | undefined
  #client: IngestClient | undefined
  #pipeline: IngestPipeline | undefined
  #renewal: NodeJS.Timeout | undefined
  #endpoint: IotHubEndpoint | undefined
  #azure: AzureSide | undefined
  /** One for both ways, so that batches are committed one after the other. */
  readonly #intake: InboxIntake
  /** Version of timestamp.json that was announced last; 0 before the repository has one. */
  #timestampVersion = 0
  #asking: RepeatedLook | undefined
  /** Which request for its whole state each device was told. */
  readonly #asked = new Map<string, number>()

  constructor(configuration: HubConfiguration, parts: LinkParts, settings: Pick<HubSettings, 'names'>) {
    this.#configuration = configuration
    this.#parts = parts
    this.#intake = new InboxIntake(parts.inbox, parts.alarms)
    this.#names = [...new Set(['127.0.0.1', 'localhost', configuration.host, ...settings.names])]
  }

  /** Port of the embedded broker; null with an external one. */
  get port(): number | null {
    return this.#broker?.port ?? null
  }

  async start(): Promise<void> {
    const { authority, enrolment, inbox, alarms, logger, gate, door } = this.#parts
    const take = (socket: TLSSocket): void => door.take(socket)
    const { broker, host, mqttPort, enrolmentPort } = this.#configuration
    const caPem = await authority.certificatePem()
    const isAdmitted = (name: string): boolean => enrolment.isAdmitted(name)
    const uploads = await this.#uploadDesk()
    if (broker === 'embedded') {
      const server = await authority.issueServer('leadglass-hub', this.#names)
      const upload = (socket: TLSSocket, device: DeviceId): void => uploads.serve(socket, device)
      this.#broker = new Broker(
        { host, port: mqttPort, caPem, ...server, isAdmitted, gate, door: take, uploads: upload },
        logger,
      )
      await this.#broker.start()
    } else if (enrolmentPort !== undefined) {
      const server = await authority.issueServer('leadglass-hub', this.#names)
      const upload = (socket: TLSSocket): void => {
        const peer = admittedPeer(socket, { isAdmitted, gate })
        if (peer?.kind === 'device') uploads.serve(socket, peer.device)
        else socket.destroy()
      }
      this.#doorServer = new DoorServer({ host, port: enrolmentPort, caPem, ...server, take, upload })
      await this.#doorServer.start()
    }
    const url = broker === 'embedded' ? this.#ownUrl(host) : broker.url
    const own = await authority.issueClient(INGEST_COMMON_NAME)
    const pipeline = new IngestPipeline(inbox, alarms, (topic, message) => this.#client?.send(topic, message), logger)
    this.#pipeline = pipeline
    this.#client = new IngestClient(
      { url, caPem, ...own, waitForBroker: broker === 'embedded' },
      (device, payload) => pipeline.take(device, payload),
      logger,
    )
    await this.#client.start()
    await this.#startEndpoint(caPem)
    await this.#startAzure()
    this.#asking = new RepeatedLook({ name: 'links.resync', everyMs: ASKING_MS, look: () => this.#askAgain(), logger })
    await this.#asking.start()
    let end = certificateEnd(own.certificatePem)
    this.#renewal = setInterval(() => {
      if (end - this.#parts.clock.now() > RENEW_BEFORE_MS) return
      this.#renew().then(
        (next) => {
          end = next
        },
        (error: unknown) => logger.error('links.renewal-failed', { reason: String(error) }),
      )
    }, DAY_MS)
    this.#renewal.unref()
  }

  async stop(): Promise<void> {
    clearInterval(this.#renewal)
    await this.#asking?.stop()
    await this.#azure?.stop()
    this.#azure = undefined
    await this.#endpoint?.stop()
    this.#endpoint = undefined
    await this.#client?.stop()
    await this.#pipeline?.settle()
    await this.#broker?.stop()
    await this.#doorServer?.stop()
    this.#doorServer = undefined
    this.#client = undefined
    this.#broker = undefined
  }

  /** Ends the connections of a device. With an external broker that is the broker's own affair. */
  disconnect(device: string): void {
    this.#broker?.disconnect(device)
    const parsed = deviceId.safeParse(device)
    if (parsed.success) this.#endpoint?.disconnect(parsed.data)
  }

  /** Ports of the endpoint for Azure IoT SDKs; null where there is none. */
  get iotHubPorts(): { readonly mqtt: number; readonly https: number } | null {
    return this.#endpoint?.ports ?? null
  }

  /** Tells every enrolled device which state of the repository is published, and what the hub wishes of it. */
  announce(timestampVersion: number): void {
    this.#timestampVersion = timestampVersion
    for (const { device, revokedAt } of this.#parts.fleet.devices()) {
      if (revokedAt === null) this.tell(deviceId.parse(device))
    }
  }

  /** Tells one device what should be so. Over both ways: a device listens on one, and both keep it until it comes. */
  tell(device: DeviceId): void {
    const version = this.#timestampVersion
    const wish = this.#parts.desired.delivery(device)
    if (wish.resync !== undefined) this.#asked.set(device, wish.resync)
    const state: DesiredState = {
      schema: 'leadglass.desired-state/1',
      version: Math.max(1, version),
      timestampVersion: version,
      repositoryPath: '/delivery',
      ...wish,
    }
    this.#client?.sendDesired(device, state)
    this.#azure?.setDesired(device, state)
    this.#endpoint?.setDesired(device, state).catch((error: unknown) => {
      this.#parts.logger.error('links.twin-not-written', { device, reason: String(error) })
    })
  }

  /** Tells devices of which a report left a gap to state everything anew. */
  #askAgain(): void {
    for (const { device, resync } of this.#parts.desired.resyncs()) {
      if (this.#asked.get(device) !== resync) this.tell(deviceId.parse(device))
    }
  }

  async #uploadDesk(): Promise<UploadDesk> {
    const uploads = new UploadDesk({
      folder: join(this.#configuration.dataFolder, 'uploads'),
      take: async (device, payload) => this.#pipeline?.take(device, payload, MAX_UPLOAD_BYTES),
      logger: this.#parts.logger,
    })
    await uploads.prepare()
    return uploads
  }

  async #startEndpoint(caPem: string): Promise<void> {
    const { iotHub, host } = this.#configuration
    if (iotHub === undefined) return
    const { authority, enrolment, logger, clock, layout } = this.#parts
    const keys = new DeviceKeys(layout.deviceKeys, logger)
    const policies = new DeviceKeys(layout.serviceKeys, logger)
    const server = await authority.issueServer('leadglass-hub', [...this.#names, iotHub.hostName.replace(/:\d+$/, '')])
    const endpoint = new IotHubEndpoint(
      {
        host,
        ...iotHub,
        // A device can reach no hub under the address of all interfaces.
        ...(isWildcard(host) ? { blobHost: `${iotHub.hostName.replace(/:\d+$/, '')}:${iotHub.httpsPort}` } : {}),
        folder: layout.iotHub,
        caPem,
        ...server,
      },
      {
        devices: { isAdmitted: (device) => enrolment.isAdmitted(device), keysOf: (device) => keys.of(device) },
        intake: this.#intake,
        uploadIntake: this.#intake,
        policies: { keysOf: (policy) => policies.of(policy) },
        clock,
        logger,
      },
    )
    await endpoint.start()
    this.#endpoint = endpoint
  }

  /** What devices sent through an IoT Hub of Azure's. */
  async #startAzure(): Promise<void> {
    const { azure } = this.#configuration
    if (azure === undefined) return
    const { database, alarms, fleet, layout, clock, randomness, logger } = this.#parts
    const side = new AzureSide(
      { ...azure, secretsFolder: layout.secrets },
      {
        database,
        intake: this.#intake,
        raise: (device, code) => alarms.raise(device, code, 1),
        devices: () =>
          fleet.devices().flatMap(({ device, revokedAt }) => (revokedAt === null ? [deviceId.parse(device)] : [])),
        clock,
        randomness,
        logger,
      },
    )
    await side.start()
    this.#azure = side
  }

  /** How the way through Azure is doing; null where there is none. */
  get azureStatus(): AzureSideStatus | null {
    return this.#azure?.status ?? null
  }

  /** Where the hub itself finds its broker: a broker on all interfaces is found on loopback. */
  #ownUrl(host: string): string {
    const address = isWildcard(host) ? '127.0.0.1' : host
    return `mqtts://${isIPv6(address) ? `[${address}]` : address}:${this.#broker?.port ?? 0}`
  }

  async #renew(): Promise<number> {
    const { authority } = this.#parts
    const listener = this.#broker ?? this.#doorServer
    if (listener !== undefined) listener.renew(await authority.issueServer('leadglass-hub', this.#names))
    const name = this.#configuration.iotHub?.hostName.replace(/:\d+$/, '')
    if (name !== undefined) this.#endpoint?.renew(await authority.issueServer('leadglass-hub', [...this.#names, name]))
    const own = await authority.issueClient(INGEST_COMMON_NAME)
    this.#client?.renew(own)
    return certificateEnd(own.certificatePem)
  }
}

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}
