import { acknowledgement, type DeviceId, topics } from '@leadglass/sync-agent/contract'
import mqtt, { type MqttClient } from 'mqtt'

/** As the agent: batches that may wait for their acknowledgement at once. */
const WINDOW = 8
const AGAIN_MS = 60_000
const CONNECT_MS = 60_000

/** A batch as it travels. */
export interface PayloadOfBatch {
  readonly batch: string
  readonly payload: Buffer
}

interface Waiting {
  readonly sentAt: number
  readonly done: () => void
}

/** One box on the wire: its own TLS connection with its own certificate. */
export class LightClient {
  readonly latencies: number[] = []
  refused = 0
  sentAgain = 0
  readonly #device: DeviceId
  readonly #client: MqttClient
  readonly #waiting = new Map<string, Waiting>()

  private constructor(device: DeviceId, client: MqttClient) {
    this.#device = device
    this.#client = client
    client.on('message', (_topic, payload) => this.#acknowledged(payload))
  }

  /** @throws when the broker does not let it in. */
  static async connect(
    device: DeviceId,
    url: string,
    identity: { readonly caPem: string; readonly certificatePem: string; readonly keyPem: string },
  ): Promise<LightClient> {
    const client = await mqtt.connectAsync(url, {
      clientId: device,
      ca: identity.caPem,
      cert: identity.certificatePem,
      key: identity.keyPem,
      reconnectPeriod: 0,
      connectTimeout: CONNECT_MS,
      keepalive: 300,
    })
    await client.subscribeAsync(topics.acknowledgements(device), { qos: 1 })
    return new LightClient(device, client)
  }

  /** True while the broker keeps the connection. */
  get connected(): boolean {
    return this.#client.connected
  }

  /** Sends in order, as many at once as the window lets; resolves when all are acknowledged. */
  async send(batches: readonly PayloadOfBatch[], delayMs: (index: number) => number): Promise<void> {
    const started = performance.now()
    const open = new Set<Promise<void>>()
    for (const [i, batch] of batches.entries()) {
      const wait = delayMs(i) - (performance.now() - started)
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait))
      while (open.size >= WINDOW) await Promise.race(open)
      const done: Promise<void> = this.#sendOne(batch).finally(() => open.delete(done))
      open.add(done)
    }
    await Promise.all(open)
  }

  async end(): Promise<void> {
    await this.#client.endAsync(true)
  }

  #sendOne({ batch, payload }: PayloadOfBatch): Promise<void> {
    return new Promise((resolve) => {
      const publish = (): void => void this.#client.publish(topics.envelopes(this.#device), payload, { qos: 1 })
      const timer = setInterval(() => {
        this.sentAgain += 1
        publish()
      }, AGAIN_MS)
      this.#waiting.set(batch, {
        sentAt: performance.now(),
        done: () => {
          clearInterval(timer)
          resolve()
        },
      })
      publish()
    })
  }

  #acknowledged(payload: Buffer): void {
    const { batch, refused } = acknowledgement.parse(JSON.parse(payload.toString()))
    const waiting = this.#waiting.get(batch)
    if (waiting === undefined) return
    this.#waiting.delete(batch)
    this.latencies.push(performance.now() - waiting.sentAt)
    this.refused += refused.length
    waiting.done()
  }
}
