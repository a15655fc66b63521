import { type Acknowledgement, type DesiredState, type DeviceId, topics } from '../contract/index.ts'
import type { Clock, Logger, Randomness } from '../foundation/index.ts'
import { type BackoffBounds, backoffDelay } from './backoff.ts'
import { type LinkErrorCode, TransportError } from './link-error.ts'
import { readAcknowledgement, readDesiredState } from './message.ts'
import { type Credentials, MqttLink } from './mqtt-link.ts'
import type { LinkState, Transport } from './transport.ts'

/** Defaults of the times that an operator may set. */
export const MQTT_DEFAULTS = {
  /** A dead link is noticed within one and a half of these. */
  keepaliveSeconds: 30,
  connectTimeoutMs: 15_000,
  publishTimeoutMs: 30_000,
  backoff: { firstMs: 1000, largestMs: 60_000 },
} as const

/** A connection that lasted this long was a good one, even when it carried nothing. */
const STABLE_MS = 30_000

export interface MqttTransportOptions {
  /** `mqtts://host:port`. */
  readonly url: string
  /** CN of the client certificate; also the MQTT client id. */
  readonly device: DeviceId
  /** MQTT user name: which start of the agent this is. */
  readonly userName?: string
  /** Read again before every attempt, so that a renewed certificate needs no restart. */
  readonly credentials: () => Promise<Credentials>
  readonly keepaliveSeconds?: number
  readonly connectTimeoutMs?: number
  readonly publishTimeoutMs?: number
  readonly backoff?: BackoffBounds
}

export interface MqttTransportDependencies {
  readonly clock: Clock
  readonly randomness: Randomness
  readonly logger: Logger
}

/** MQTT 3.1.1 over TLS with a client certificate; one link after another, for ever. */
export class MqttTransport implements Transport {
  readonly #options: MqttTransportOptions
  readonly #dependencies: MqttTransportDependencies
  #onAcknowledgement: (answer: Acknowledgement) => void = () => undefined
  #onDesired: (desired: DesiredState) => void = () => undefined
  #onLink: (state: LinkState) => void = () => undefined
  #state: LinkState = { kind: 'down', code: null }
  #link: MqttLink | undefined
  #running: Promise<void> | undefined
  #wake: (() => void) | undefined
  #stopping = false

  constructor(options: MqttTransportOptions, dependencies: MqttTransportDependencies) {
    this.#options = options
    this.#dependencies = dependencies
  }

  onAcknowledgement(listener: (answer: Acknowledgement) => void): void {
    this.#onAcknowledgement = listener
  }

  onDesired(listener: (desired: DesiredState) => void): void {
    this.#onDesired = listener
  }

  onLink(listener: (state: LinkState) => void): void {
    this.#onLink = listener
    listener(this.#state)
  }

  /** Begins to connect and returns at once: a box must start while the hub is away. */
  async start(): Promise<void> {
    this.#stopping = false
    this.#running ??= this.#run()
  }

  async stop(): Promise<void> {
    this.#stopping = true
    this.#wake?.()
    await this.#link?.close()
    await this.#running
    this.#running = undefined
  }

  async publish(batch: Uint8Array): Promise<void> {
    if (this.#link === undefined) throw new TransportError('link-down')
    await this.#link.publish(batch)
  }

  async #run(): Promise<void> {
    const { clock, randomness, logger } = this.#dependencies
    let failures = 0
    while (!this.#isStopping()) {
      const begin = clock.now()
      const { code, useful } = await this.#connect()
      failures = useful || clock.now() - begin >= STABLE_MS ? 1 : failures + 1
      if (this.#isStopping()) break
      const delay = backoffDelay(failures, this.#options.backoff ?? MQTT_DEFAULTS.backoff, randomness)
      logger.warn('transport.link-down', { code, failures, retryInMs: delay })
      await this.#sleep(delay)
    }
    this.#tell({ kind: 'down', code: null })
  }

  /** A call, because the answer changes between two awaits. */
  #isStopping(): boolean {
    return this.#stopping
  }

  async #connect(): Promise<{ readonly code: LinkErrorCode; readonly useful: boolean }> {
    const { url, device, keepaliveSeconds, connectTimeoutMs, publishTimeoutMs } = this.#options
    let credentials: Credentials
    try {
      credentials = await this.#options.credentials()
    } catch {
      this.#tell({ kind: 'down', code: 'credentials-unreadable' })
      return { code: 'credentials-unreadable', useful: false }
    }
    if (this.#isStopping()) return { code: 'closed', useful: false }
    const link = new MqttLink({
      url,
      device,
      userName: this.#options.userName,
      credentials,
      keepaliveSeconds: keepaliveSeconds ?? MQTT_DEFAULTS.keepaliveSeconds,
      connectTimeoutMs: connectTimeoutMs ?? MQTT_DEFAULTS.connectTimeoutMs,
      publishTimeoutMs: publishTimeoutMs ?? MQTT_DEFAULTS.publishTimeoutMs,
      onUp: () => {
        this.#dependencies.logger.info('transport.link-up')
        this.#tell({ kind: 'up' })
      },
      onOver: (code) => this.#tell({ kind: 'down', code: this.#stopping ? null : code }),
      onMessage: (topic, payload) => this.#receive(topic, payload),
    })
    this.#link = link
    const code = await link.run()
    this.#link = undefined
    return { code, useful: link.useful }
  }

  #receive(topic: string, payload: Uint8Array): void {
    const { device } = this.#options
    const answer = topic === topics.acknowledgements(device) ? readAcknowledgement(payload, device) : undefined
    const desired = topic === topics.desired(device) ? readDesiredState(payload) : undefined
    if (answer !== undefined) this.#onAcknowledgement(answer)
    else if (desired !== undefined) this.#onDesired(desired)
    else this.#dependencies.logger.warn('transport.message-refused', { bytes: payload.length })
  }

  #tell(state: LinkState): void {
    this.#state = state
    this.#onLink(state)
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        this.#wake = undefined
        resolve()
      }
      const timer = setTimeout(done, ms)
      this.#wake = done
    })
  }
}
