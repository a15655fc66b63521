import mqtt, { type MqttClient } from 'mqtt'
import { type DeviceId, topics } from '../contract/index.ts'
import { classifyLinkError, type LinkErrorCode, TransportError } from './link-error.ts'
import { sendAtOnce } from './send-at-once.ts'

/** PEM texts of a device: who it is, and whom it believes. */
export interface Credentials {
  readonly caPem: string
  readonly certificatePem: string
  readonly keyPem: string
}

/** What one connection needs. Times in milliseconds, the keepalive in seconds. */
export interface MqttLinkOptions {
  readonly url: string
  readonly device: DeviceId
  readonly userName?: string | undefined
  readonly credentials: Credentials
  readonly keepaliveSeconds: number
  readonly connectTimeoutMs: number
  readonly publishTimeoutMs: number
  readonly onUp: () => void
  /** Called once, as soon as the connection is over, before any `publish` on it fails. */
  readonly onOver: (code: LinkErrorCode) => void
  readonly onMessage: (topic: string, payload: Uint8Array) => void
}

/** SUBACK failure (MQTT 3.1.1 3.9.3). */
const SUBSCRIPTION_REFUSED = 0x80

/**
 * One connection from dial to end; a new attempt is a new link. The MQTT client's own reconnection, session and store stay
 * unused: its store forgets on restart and is known to drop messages when a link breaks during replay.
 */
export class MqttLink {
  readonly #options: MqttLinkOptions
  readonly #pending = new Set<(error: TransportError) => void>()
  #client: MqttClient | undefined
  #up = false
  #fault: LinkErrorCode = 'closed'
  #finish: (() => void) | undefined
  /** Batches that the broker took on this connection. */
  #published = 0

  constructor(options: MqttLinkOptions) {
    this.#options = options
  }

  /** True when the broker answered and both subscriptions stand. */
  get up(): boolean {
    return this.#up
  }

  /** True when this connection carried something. */
  get useful(): boolean {
    return this.#published > 0
  }

  /** Connects and stays until the connection is over. @returns why it ended. Never rejects. */
  run(): Promise<LinkErrorCode> {
    const { url, device, userName, credentials, keepaliveSeconds, connectTimeoutMs } = this.#options
    return new Promise((resolve) => {
      const client = mqtt.connect(url, {
        protocolVersion: 4,
        clientId: device,
        ...(userName === undefined ? {} : { username: userName }),
        clean: true,
        reconnectPeriod: 0,
        resubscribe: false,
        keepalive: keepaliveSeconds,
        connectTimeout: connectTimeoutMs,
        ca: credentials.caPem,
        cert: credentials.certificatePem,
        key: credentials.keyPem,
        rejectUnauthorized: true,
      })
      this.#client = client
      const watchdog = setTimeout(() => this.drop('timed-out'), 2 * connectTimeoutMs)
      this.#finish = () => {
        clearTimeout(watchdog)
        this.#finish = undefined
        this.#up = false
        this.#options.onOver(this.#fault)
        for (const reject of this.#pending) reject(new TransportError('link-lost'))
        this.#pending.clear()
        // Listeners stay: a socket error that comes after the end must not become an uncaught one.
        client.end(true, () => resolve(this.#fault))
      }
      client.on('connect', () => {
        sendAtOnce(client)
        this.#subscribe(client, watchdog)
      })
      client.on('message', (topic, payload) => this.#options.onMessage(topic, payload))
      client.on('error', (error) => {
        this.#fault = classifyLinkError(error)
      })
      client.on('close', () => this.#finish?.())
    })
  }

  /** Publishes with QoS 1; resolves on PUBACK. A broker that does not answer in time costs it the connection. */
  publish(payload: Uint8Array): Promise<void> {
    const client = this.#client
    if (client === undefined || !this.#up) return Promise.reject(new TransportError('link-down'))
    return new Promise((resolve, reject) => {
      const settle = (error?: TransportError): void => {
        clearTimeout(timer)
        this.#pending.delete(settle)
        if (error === undefined) resolve()
        else reject(error)
      }
      const timer = setTimeout(() => this.drop('timed-out'), this.#options.publishTimeoutMs)
      this.#pending.add(settle)
      const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)
      client.publish(topics.envelopes(this.#options.device), bytes, { qos: 1 }, (error) => {
        if (error == null) this.#published += 1
        settle(error == null ? undefined : new TransportError('link-lost', error))
      })
    })
  }

  /** Ends the connection at once. */
  drop(code: LinkErrorCode): void {
    this.#fault = code
    this.#finish?.()
  }

  /** Ends the connection in order: MQTT DISCONNECT first when nothing is outstanding, but never waits long for it. */
  async close(): Promise<void> {
    const client = this.#client
    if (client !== undefined && this.#up && this.#pending.size === 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1000)
        client.end(false, () => {
          clearTimeout(timer)
          resolve()
        })
      })
    }
    this.drop('closed')
  }

  #subscribe(client: MqttClient, watchdog: NodeJS.Timeout): void {
    const { device } = this.#options
    const filters = [topics.acknowledgements(device), topics.desired(device)]
    client.subscribe(filters, { qos: 1 }, (error, granted) => {
      const refused = error != null || granted === undefined || granted.length !== filters.length
      if (refused || granted.some((grant) => grant.qos === SUBSCRIPTION_REFUSED)) {
        return this.drop('subscription-refused')
      }
      clearTimeout(watchdog)
      if (this.#finish === undefined) return
      this.#up = true
      this.#options.onUp()
    })
  }
}
