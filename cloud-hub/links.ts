import { isIPv6 } from 'node:net'
import { deviceId } from '@leadglass/sync-agent/contract'
import type { Clock, Logger, Service } from '@leadglass/sync-agent/foundation'
import type { HubConfiguration } from './configuration.ts'
import type { Fleet } from './fleet/index.ts'
import type { HubSettings } from './hub-folder.ts'
import {
  type AlarmBook,
  Broker,
  type CertificateAuthority,
  certificateEnd,
  type Enrolment,
  INGEST_COMMON_NAME,
  type Inbox,
  IngestClient,
  IngestPipeline,
} from './ingest/index.ts'

const DAY_MS = 86_400_000
const RENEW_BEFORE_MS = 30 * DAY_MS

/** What the links work with. */
export interface LinkParts {
  readonly authority: CertificateAuthority
  readonly enrolment: Enrolment
  readonly inbox: Inbox
  readonly alarms: AlarmBook
  readonly fleet: Fleet
  readonly logger: Logger
  readonly clock: Clock
}

/**
 * The hub's way to its devices: the embedded broker unless an external one is configured, and the client that takes in
 * what they send. The hub's own certificates are made at each start and renewed while it runs; their keys are never
 * written down.
 */
export class Links implements Service {
  readonly #configuration: HubConfiguration
  readonly #parts: LinkParts
  readonly #names: readonly string[]
  #broker: Broker | undefined
  #client: IngestClient | undefined
  #pipeline: IngestPipeline | undefined
  #renewal: NodeJS.Timeout | undefined

  constructor(configuration: HubConfiguration, parts: LinkParts, settings: Pick<HubSettings, 'names'>) {
    this.#configuration = configuration
    this.#parts = parts
    this.#names = [...new Set(['127.0.0.1', 'localhost', configuration.host, ...settings.names])]
  }

  /** Port of the embedded broker; null with an external one. */
  get port(): number | null {
    return this.#broker?.port ?? null
  }

  async start(): Promise<void> {
    const { authority, enrolment, inbox, alarms, logger } = this.#parts
    const { broker, host, mqttPort } = this.#configuration
    const caPem = await authority.certificatePem()
    if (broker === 'embedded') {
      const server = await authority.issueServer('leadglass-hub', this.#names)
      const isAdmitted = (name: string): boolean => enrolment.isAdmitted(name)
      this.#broker = new Broker({ host, port: mqttPort, caPem, ...server, isAdmitted }, logger)
      await this.#broker.start()
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
    await this.#client?.stop()
    await this.#pipeline?.settle()
    await this.#broker?.stop()
    this.#client = undefined
    this.#broker = undefined
  }

  /** Ends the connections of a device. With an external broker that is the broker's own affair. */
  disconnect(device: string): void {
    this.#broker?.disconnect(device)
  }

  /** Tells every enrolled device which state of the repository is published. */
  announce(timestampVersion: number): void {
    for (const { device, revokedAt } of this.#parts.fleet.devices()) {
      if (revokedAt !== null) continue
      this.#client?.sendDesired(deviceId.parse(device), {
        schema: 'leadglass.desired-state/1',
        version: Math.max(1, timestampVersion),
        timestampVersion,
        repositoryPath: '/delivery',
      })
    }
  }

  /** Where the hub itself finds its broker: a broker on all interfaces is found on loopback. */
  #ownUrl(host: string): string {
    const address = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
    return `mqtts://${isIPv6(address) ? `[${address}]` : address}:${this.#broker?.port ?? 0}`
  }

  async #renew(): Promise<number> {
    const { authority } = this.#parts
    if (this.#broker !== undefined) this.#broker.renew(await authority.issueServer('leadglass-hub', this.#names))
    const own = await authority.issueClient(INGEST_COMMON_NAME)
    this.#client?.renew(own)
    return certificateEnd(own.certificatePem)
  }
}
