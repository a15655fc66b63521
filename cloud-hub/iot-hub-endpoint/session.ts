import { type DeviceId, UPLOAD_SCHEMA } from '@leadglass/sync-agent/contract'
import { isCodedError, type Logger } from '@leadglass/sync-agent/foundation'
import type { JsonObject } from '@leadglass/sync-agent/transport'
import type { AnswerDesk } from './answer-desk.ts'
import type { DeviceMethods } from './device-methods.ts'
import { parsePropertyBag, parsePublishTopic, type SubscriptionKind } from './names.ts'
import type { BatchIntake } from './ports.ts'
import { parsePatch } from './twin-rules.ts'
import type { Twins } from './twins.ts'

/** Largest body of a telemetry message. */
export const MAX_TELEMETRY_BYTES = 256 * 1024

/** Sends to the device of a session; nothing happens when it is gone. */
export type SendToDevice = (topic: string, payload: string) => void

export interface SessionParts {
  readonly twins: Twins
  readonly intake: BatchIntake
  readonly methods: DeviceMethods
  readonly answers: AnswerDesk
  readonly logger: Logger
}

/** What a device did that ends its connection. */
export class ProtocolBreach extends Error {}

/** One connected device: what its packets mean. The broker below knows only bytes. */
export class Session {
  readonly device: DeviceId
  readonly #parts: SessionParts
  readonly #send: SendToDevice
  readonly #subscriptions: Set<SubscriptionKind>

  constructor(device: DeviceId, subscriptions: readonly SubscriptionKind[], parts: SessionParts, send: SendToDevice) {
    this.device = device
    this.#parts = parts
    this.#send = send
    this.#subscriptions = new Set(subscriptions)
  }

  isSubscribed(kind: SubscriptionKind): boolean {
    return this.#subscriptions.has(kind)
  }

  /** Adds or removes a subscription; kept over connections, because the SDK does not subscribe again. */
  async subscribe(kind: SubscriptionKind, on: boolean): Promise<void> {
    if (on) this.#subscriptions.add(kind)
    else this.#subscriptions.delete(kind)
    await this.#parts.twins.setSubscriptions(this.device, [...this.#subscriptions])
  }

  /** Sends a direct method call. @returns false when the device takes none. */
  call(topic: string, payload: string): boolean {
    if (!this.isSubscribed('methods')) return false
    this.#send(topic, payload)
    return true
  }

  /** Pushes a change of the desired properties. */
  push(patch: JsonObject, version: number): void {
    if (!this.isSubscribed('twin-desired')) return
    const body = JSON.stringify({ ...patch, $version: version })
    this.#send(`$iothub/twin/PATCH/properties/desired/?$version=${version}`, body)
  }

  /**
   * Takes one PUBLISH. The broker acknowledges it when this resolves: after the commit.
   * @throws {ProtocolBreach} for what the hub this follows answers by closing the connection.
   */
  async publish(packet: {
    readonly topic: string
    readonly payload: Uint8Array
    readonly qos: number
    readonly retain: boolean
  }): Promise<void> {
    const topic = parsePublishTopic(packet.topic, this.device)
    if (packet.qos === 2 || topic === undefined)
      throw new ProtocolBreach('that topic or quality of service is not served')
    switch (topic.kind) {
      case 'telemetry':
        return this.#telemetry(topic.bag, packet.payload, packet.retain)
      case 'twin-get':
        return this.#twinGet(topic.request)
      case 'twin-report':
        return this.#twinReport(topic.request, packet.payload)
      case 'method-response':
        return this.#parts.methods.answer(this.device, topic.request, topic.status, packet.payload)
    }
  }

  async #telemetry(bag: string, payload: Uint8Array, retain: boolean): Promise<void> {
    const { intake, answers, logger } = this.#parts
    const properties = parsePropertyBag(bag)
    if (properties === undefined || payload.byteLength > MAX_TELEMETRY_BYTES) {
      throw new ProtocolBreach('the message is too large or its properties are malformed')
    }
    // RETAIN is not kept; the service this follows passes the wish on as a property and so does the log.
    if (retain) logger.info('iot-hub.retain-ignored', { device: this.device })
    let answer: Awaited<ReturnType<BatchIntake['submitBatch']>>
    try {
      // The file was taken when it was whole, and answered; who passes messages on passes this on too.
      if (properties.application.get('schema') === UPLOAD_SCHEMA) return intake.announceUpload?.(this.device, payload)
      answer = await intake.submitBatch(this.device, payload)
    } catch (error) {
      const code = isCodedError(error) ? error.code : 'unexpected'
      logger.warn('iot-hub.batch-refused', { device: this.device, code })
      // Without PUBACK the device sends again; what can never be taken is acknowledged to the broker and to nobody else.
      if (isCodedError(error) && error.failureClass === 'permanent') return
      throw error
    }
    if (answer !== undefined) await answers.post(this.device, answer)
  }

  async #twinGet(request: string): Promise<void> {
    const twin = await this.#parts.twins.read(this.device)
    this.#respond(200, request, {
      desired: { ...twin.desired, $version: twin.desiredVersion },
      reported: { ...twin.reported, $version: twin.reportedVersion },
    })
  }

  async #twinReport(request: string, payload: Uint8Array): Promise<void> {
    let version: number
    try {
      version = await this.#parts.twins.patchReported(this.device, parsePatch(payload))
    } catch (error) {
      if (!isCodedError(error)) throw error
      // The SDK looks at the body alone, never at the status: an error must say so in both.
      return this.#respond(400, request, { errorCode: 400_000, message: error.message })
    }
    this.#send(`$iothub/twin/res/204/?$rid=${request}&$version=${version}`, '')
  }

  #respond(status: number, request: string, body: unknown): void {
    if (this.isSubscribed('twin-responses')) {
      this.#send(`$iothub/twin/res/${status}/?$rid=${request}`, JSON.stringify(body))
    }
  }
}
