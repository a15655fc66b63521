import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import {
  type Acknowledgement,
  acknowledgement,
  type DeviceId,
  deviceId,
  type Envelope,
  type EnvelopeBody,
  type InstanceFeatures,
  type PatientPseudonym,
  type StudyPseudonym,
  sealEnvelope,
  topics,
} from '@leadglass/sync-agent/contract'
import mqtt, { type MqttClient } from 'mqtt'
import type { DeviceIdentity } from '../ingest/enrolment.ts'

/** A device id for tests. */
export function device(name: string): DeviceId {
  return deviceId.parse(name)
}

/** 32 hexadecimal digits derived from a word. */
export function pseudonym<T extends string>(word: string): T {
  return createHash('sha256').update(word).digest('hex').slice(0, 32) as T
}

/** A features body with an embedding of `values`. */
export function featuresBody(index: number, values: readonly number[] = [index, 1]): InstanceFeatures {
  return {
    kind: 'instance-features',
    study: pseudonym<StudyPseudonym>(`study ${index}`),
    patient: pseudonym<PatientPseudonym>(`patient ${index}`),
    revision: 1,
    instance: 0,
    acquisition: { modality: 'DX', view: 'PA', sex: 'F', ageDecade: 5, month: '2019-07' },
    model: { name: 'chest-radiograph', version: '1.0.0', digest: 'ab'.repeat(32) },
    embedding: Buffer.from(Float32Array.from(values).buffer).toString('base64'),
    scores: [{ code: 'pneumonia', value: 0.25, thresholdMilli: 500, above: false }],
    quality: { 'quality.mean': 0.5 },
  }
}

/** Seals bodies from `first` on, in one epoch. All bodies must travel on one stream. */
export function sealAll(name: DeviceId, bodies: readonly EnvelopeBody[], first = 1, epoch = 1): Envelope[] {
  return bodies.map((body, i) => sealEnvelope({ device: name, epoch, sequence: first + i }, body))
}

/** The bytes of a batch on the wire. */
export function payloadOf(envelopes: readonly unknown[], batch: string = crypto.randomUUID()): Buffer {
  return gzipSync(JSON.stringify({ schema: 'leadglass.batch/1', batch, envelopes }))
}

/** A device at a broker: publishes payloads and collects the acknowledgements. */
export class TestDevice {
  readonly name: DeviceId
  readonly acknowledgements: Acknowledgement[] = []
  readonly #client: MqttClient
  readonly #waiting: (() => void)[] = []

  private constructor(name: DeviceId, client: MqttClient) {
    this.name = name
    this.#client = client
    client.on('message', (_topic, payload) => {
      this.acknowledgements.push(acknowledgement.parse(JSON.parse(payload.toString())))
      for (const wake of this.#waiting.splice(0)) wake()
    })
  }

  /** Connects and subscribes. @throws when the broker ends the connection instead. */
  static async connect(
    name: DeviceId,
    url: string,
    identity: DeviceIdentity,
    clientId: string = name,
  ): Promise<TestDevice> {
    const client = mqtt.connect(url, {
      clientId,
      ca: identity.caPem,
      cert: identity.certificatePem,
      key: identity.keyPem,
      reconnectPeriod: 0,
    })
    client.setMaxListeners(100)
    try {
      await orClosed(client, heard(client, 'connect'))
      await client.subscribeAsync(topics.acknowledgements(name), { qos: 1 })
    } catch (error) {
      await client.endAsync(true)
      throw error
    }
    return new TestDevice(name, client)
  }

  /** Publishes a payload under the device's own name, or under `topic`. @throws when the broker ends the connection. */
  async publish(payload: Buffer, topic: string = topics.envelopes(this.name)): Promise<void> {
    await orClosed(this.#client, this.#client.publishAsync(topic, payload, { qos: 1 }))
  }

  /** Resolves with the acknowledgement of `batch`. @throws after ten seconds. */
  async acknowledged(batch: string): Promise<Acknowledgement> {
    const deadline = Date.now() + 10_000
    for (;;) {
      const found = this.acknowledgements.find((one) => one.batch === batch)
      if (found !== undefined) return found
      if (Date.now() > deadline) throw new Error('no acknowledgement within ten seconds')
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 100)
        this.#waiting.push(() => {
          clearTimeout(timer)
          resolve()
        })
      })
    }
  }

  /** True until the broker ended the connection. */
  get connected(): boolean {
    return this.#client.connected
  }

  async end(): Promise<void> {
    await this.#client.endAsync(true)
  }
}

/** Resolves at the next `event`, or never once `signal` is aborted. */
function heard(client: MqttClient, event: 'connect' | 'close', signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const listener = (): void => resolve()
    client.once(event, listener)
    signal?.addEventListener('abort', () => client.off(event, listener))
  })
}

/** Passes on what `act` gives, unless the connection ends first. */
async function orClosed<T>(client: MqttClient, act: Promise<T>): Promise<T> {
  const ended = new AbortController()
  const closed = heard(client, 'close', ended.signal).then(() => {
    throw new Error('the connection was ended')
  })
  act.catch(() => undefined)
  try {
    return await Promise.race([act, closed])
  } finally {
    ended.abort()
  }
}
