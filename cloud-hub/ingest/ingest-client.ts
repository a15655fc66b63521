import { type DesiredState, type DeviceId, topics } from '@leadglass/sync-agent/contract'
import type { Logger, Service } from '@leadglass/sync-agent/foundation'
import { sendAtOnce } from '@leadglass/sync-agent/transport'
import mqtt, { type MqttClient } from 'mqtt'
import { BrokerError } from './errors.ts'
import { INGEST_COMMON_NAME } from './names.ts'
import { deviceOfTopic } from './topic-rules.ts'

const RECONNECT_MS = 1000
const CONNECT_TIMEOUT_MS = 10_000

/** Where the broker is and how the hub shows itself there. Certificates are PEM. */
export interface IngestClientOptions {
  /** `mqtts://host:port`. */
  readonly url: string
  readonly caPem: string
  readonly certificatePem: string
  readonly keyPem: string
  /** True when `start` waits for the broker; false when a broker that is away is only tried again. */
  readonly waitForBroker: boolean
}

/** Takes one payload. Resolves when the next one may come: this is the backpressure towards the broker. */
export type PayloadHandler = (device: DeviceId, payload: Uint8Array) => Promise<void>

/** The hub as a client of a broker, embedded or external: one code path for both. */
export class IngestClient implements Service {
  readonly #options: IngestClientOptions
  readonly #handler: PayloadHandler
  readonly #logger: Logger
  #client: MqttClient | undefined

  constructor(options: IngestClientOptions, handler: PayloadHandler, logger: Logger) {
    this.#options = options
    this.#handler = handler
    this.#logger = logger
  }

  /**
   * Connects and subscribes; after a lost connection both are done again.
   * @throws {BrokerError} when the broker is waited for and is not there within ten seconds.
   */
  async start(): Promise<void> {
    const { url, caPem, certificatePem, keyPem } = this.#options
    const client = mqtt.connect(url, {
      clientId: INGEST_COMMON_NAME,
      ca: caPem,
      cert: certificatePem,
      key: keyPem,
      clean: true,
      resubscribe: false,
      reconnectPeriod: RECONNECT_MS,
      connectTimeout: CONNECT_TIMEOUT_MS,
      manualConnect: true,
    })
    this.#client = client
    client.handleMessage = (packet, done) => {
      const device = deviceOfTopic(packet.topic)
      if (device === undefined) return done()
      const payload = typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload
      this.#handler(device, payload).then(
        () => done(),
        (error: unknown) => {
          this.#logger.error('ingest.handler-failed', { reason: String(error) })
          done()
        },
      )
    }
    client.on('error', (error) => this.#logger.warn('ingest.broker-error', { reason: error.message }))
    const subscribed = this.#whenSubscribed(client)
    client.connect()
    try {
      await subscribed
    } catch (error) {
      if (!this.#options.waitForBroker) return this.#logger.warn('ingest.broker-away', { url })
      await this.stop()
      throw error
    }
  }

  async stop(): Promise<void> {
    const client = this.#client
    this.#client = undefined
    if (client !== undefined) await client.endAsync(true)
  }

  /** Takes another client certificate into use for the next connection. */
  renew(credential: { readonly certificatePem: string; readonly keyPem: string }): void {
    if (this.#client === undefined) return
    this.#client.options.cert = credential.certificatePem
    this.#client.options.key = credential.keyPem
  }

  /** Sends a message to a device. Failure is logged only: the device sends again until it is acknowledged. */
  send(topic: string, message: unknown, retain = false): void {
    const client = this.#client
    if (client === undefined || !client.connected) return
    client.publish(topic, JSON.stringify(message), { qos: 1, retain }, (error) => {
      if (error != null) this.#logger.warn('ingest.send-failed', { reason: error.message })
    })
  }

  /** Retained hint to a device of what should be so. */
  sendDesired(device: DeviceId, desired: DesiredState): void {
    this.send(topics.desired(device), desired, true)
  }

  #whenSubscribed(client: MqttClient): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(unreachable('broker-unreachable', `no connection to ${this.#options.url} within ten seconds`)),
        CONNECT_TIMEOUT_MS,
      )
      client.on('connect', () => {
        sendAtOnce(client)
        client.subscribe(topics.allEnvelopes, { qos: 1 }, (error, granted) => {
          const refused = error != null || granted?.[0] === undefined || granted[0].qos === 128
          clearTimeout(timer)
          if (!refused) return resolve()
          this.#logger.error('ingest.subscription-refused')
          reject(unreachable('broker-subscription-refused', 'the broker refuses the hub the envelopes topic'))
        })
      })
    })
  }
}

function unreachable(code: BrokerError['code'], message: string): BrokerError {
  return new BrokerError(code, 'transient', {
    message,
    effect: 'the hub takes nothing from its devices; they keep everything and send again',
    nextStep: 'check the broker’s address, its certificate and its access rules for the CN leadglass-hub-ingest',
  })
}
