import mqtt, { type MqttClient } from 'mqtt'
import { type Acknowledgement, deviceId, type Envelope, type StreamName, topics } from '../../contract/index.ts'
import { decodeBatch } from '../../exchange/index.ts'
import type { Service } from '../../foundation/index.ts'
import type { Credentials } from '../mqtt-link.ts'

/** What the stub did with one batch. */
export interface StubReceipt {
  readonly batch: string
  readonly accepted: number
  readonly duplicates: number
  readonly gap: boolean
}

/**
 * The hub's side of the contract in memory: takes sequences without gaps, once each, and answers with watermarks. Its
 * memory outlives broker restarts, as a hub's database does.
 */
export class HubStub implements Service {
  readonly #url: string
  readonly #credentials: Credentials
  #client: MqttClient | undefined
  /** Everything accepted, by `epoch/stream`, in order of acceptance. */
  readonly accepted = new Map<string, Envelope[]>()
  readonly receipts: StubReceipt[] = []
  /** Batches whose answer is withheld, and payloads that were not batches. */
  silent = false
  refusedPayloads = 0
  /** Kinds of messages that this hub does not know: it is of an earlier version than the agent. */
  unknownKinds: ReadonlySet<string> = new Set()
  /** Members of the last answer, as it went out. */
  lastAnswer = ''

  constructor(url: string, credentials: Credentials) {
    this.#url = url
    this.#credentials = credentials
  }

  async start(): Promise<void> {
    const { caPem, certificatePem, keyPem } = this.#credentials
    const client = mqtt.connect(this.#url, {
      protocolVersion: 4,
      clientId: 'test-hub',
      ca: caPem,
      cert: certificatePem,
      key: keyPem,
      reconnectPeriod: 100,
    })
    client.on('error', () => undefined)
    client.on('message', (topic, payload) => this.#take(client, topic, payload))
    this.#client = client
    await new Promise<void>((resolve) => {
      client.on('connect', () => client.subscribe(topics.allEnvelopes, { qos: 1 }, () => resolve()))
    })
  }

  async stop(): Promise<void> {
    await this.#client?.endAsync(true)
    this.#client = undefined
  }

  /** Watermark of a stream. */
  watermark(epoch: number, stream: StreamName): number {
    return this.accepted.get(`${epoch}/${stream}`)?.length ?? 0
  }

  /** Total of accepted envelopes. */
  get total(): number {
    return [...this.accepted.values()].reduce((sum, envelopes) => sum + envelopes.length, 0)
  }

  /** Forgets the end of a stream, as a hub that was restored from a backup. */
  forget(epoch: number, stream: StreamName, keep: number): void {
    this.accepted.get(`${epoch}/${stream}`)?.splice(keep)
  }

  /** Publishes a retained desired state for a device. */
  async desire(device: string, message: unknown): Promise<void> {
    await this.#client?.publishAsync(topics.desired(deviceId.parse(device)), JSON.stringify(message), {
      qos: 1,
      retain: true,
    })
  }

  #take(client: MqttClient, topic: string, payload: Buffer): void {
    const decoded = decodeBatch(payload)
    const name = topic.split('/')[3]
    if (decoded.kind === 'refused' || decoded.batch.envelopes.some((envelope) => envelope.device !== name)) {
      this.refusedPayloads += 1
      return
    }
    const { epoch, stream } = decoded.range
    const key = `${epoch}/${stream}`
    const accepted = this.accepted.get(key) ?? []
    this.accepted.set(key, accepted)
    const refused: Acknowledgement['refused'] = []
    let fresh = 0
    for (const envelope of decoded.batch.envelopes) {
      if (this.unknownKinds.has(envelope.body.kind)) {
        refused.push({ epoch, stream, sequence: envelope.sequence, code: 'schema' })
      } else if (envelope.sequence === accepted.length + 1) {
        accepted.push(envelope)
        fresh += 1
      } else if (envelope.sequence > accepted.length) {
        refused.push({ epoch, stream, sequence: envelope.sequence, code: 'gap' })
      }
    }
    this.receipts.push({
      batch: decoded.batch.batch,
      accepted: fresh,
      duplicates: decoded.batch.envelopes.length - fresh - refused.length,
      gap: refused.length > 0,
    })
    if (this.silent) return
    const device = deviceId.parse(name)
    const answer: Acknowledgement = {
      schema: 'leadglass.acknowledgement/1',
      device,
      batch: decoded.batch.batch,
      watermarks: [{ epoch, stream, sequence: accepted.length }],
      refused,
      cosigned: null,
    }
    this.lastAnswer = JSON.stringify(answer)
    client.publish(topics.acknowledgements(device), this.lastAnswer, { qos: 1 })
  }
}
