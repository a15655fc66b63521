import { type LinkErrorCode, TransportError } from '../link-error.ts'
import { DesiredTwin } from './desired-twin.ts'
import { isJsonObject, type JsonObject } from './json.ts'
import { within } from './link-timing.ts'
import type { SdkClient, SdkMessage, SdkSession, SdkTransport } from './sdk-client.ts'
import { classifySdkError } from './sdk-error.ts'
import { TWIN_MEMBER } from './twin-answers.ts'

/** Direct method by which the hub asks the device to read its twin again. */
export const REFRESH_METHOD = 'leadglass-refresh'
/** How long a farewell may take. */
const CLOSE_MS = 1000

/** What one connection needs. Times in milliseconds. */
export interface AzureIotLinkOptions {
  readonly createSession: () => Promise<SdkSession>
  readonly connectTimeoutMs: number
  readonly publishTimeoutMs: number
  readonly onUp: () => void
  /** Called once, as soon as the connection is over, before any `publish` on it fails. */
  readonly onOver: (code: LinkErrorCode) => void
  /** The desired properties as they are now, after every change, and once before `onUp`. */
  readonly onDesired: (desired: JsonObject, version: number) => void
}

/**
 * One SDK client from dial to end; a new attempt is a new client. The SDK's own reconnection stays unused: it gives up
 * after 240 s, keeps unsent messages in memory only, and believes in subscriptions that the server may have forgotten.
 */
export class AzureIotLink {
  readonly #options: AzureIotLinkOptions
  readonly #pending = new Set<(error: TransportError) => void>()
  readonly #desired = new DesiredTwin()
  #session: SdkSession | undefined
  #reported: JsonObject = {}
  #reading: Promise<void> | undefined
  #readAgain = false
  #up = false
  #finish: ((code: LinkErrorCode) => void) | undefined
  #published = 0

  constructor(options: AzureIotLinkOptions) {
    this.#options = options
  }

  /** True when this connection carried something. */
  get useful(): boolean {
    return this.#published > 0
  }

  /** Our part of the reported properties as the hub had it when the twin was read last. */
  get reported(): JsonObject {
    const own: unknown = this.#reported[TWIN_MEMBER]
    return isJsonObject(own) ? own : {}
  }

  /** Connects and stays until the connection is over. @returns why it ended. Never rejects. */
  async run(): Promise<LinkErrorCode> {
    const over = new Promise<LinkErrorCode>((resolve) => {
      this.#finish = (code) => {
        this.#finish = undefined
        this.#up = false
        this.#options.onOver(code)
        for (const reject of this.#pending) reject(new TransportError('link-lost'))
        this.#pending.clear()
        resolve(code)
      }
    })
    this.#open().catch((error: unknown) => this.drop(classifySdkError(error)))
    const code = await over
    this.#session?.stopRenewal()
    // A client on a dead link cannot say farewell, and one that was dialling does not close its socket.
    if (this.#session !== undefined) await within(CLOSE_MS, this.#session.client.close()).catch(() => undefined)
    this.#session?.destroySocket()
    return code
  }

  /**
   * Sends one message; resolves on PUBACK. A message without one fails in the SDK after 30 s although it may have arrived;
   * here it costs the link its life, and the batch is sent again under the same id.
   */
  async publish(message: SdkMessage): Promise<void> {
    const client = this.#session?.client
    if (client === undefined || !this.#up) throw new TransportError('link-down')
    await new Promise<void>((resolve, reject) => {
      const settle = (error?: TransportError): void => {
        clearTimeout(timer)
        if (!this.#pending.delete(settle)) return
        if (error === undefined) resolve()
        else reject(error)
      }
      const timer = setTimeout(() => this.drop('timed-out'), this.#options.publishTimeoutMs)
      this.#pending.add(settle)
      client.sendEvent(message).then(
        () => {
          this.#published += 1
          settle()
        },
        (error: unknown) => {
          settle(new TransportError('link-lost', error))
          // With no retry in the SDK a failed message means a failed connection, even when nothing says so.
          this.drop(classifySdkError(error))
        },
      )
    })
  }

  /** Changes reported properties. @throws when the hub does not answer, or refuses. */
  async report(patch: JsonObject): Promise<void> {
    const transport = this.#session?.transport
    if (transport === undefined || !this.#up) throw new TransportError('link-down')
    await within(
      this.#options.connectTimeoutMs,
      told((done) => transport.updateTwinReportedProperties(patch, done)),
    )
  }

  /** Takes no more batches and ends the connection when all that were sent are answered, or `ms` have passed. */
  async retire(ms: number): Promise<void> {
    this.#up = false
    const deadline = Date.now() + ms
    while (this.#pending.size > 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10))
    this.drop('closed')
  }

  /** Ends the connection at once. */
  drop(code: LinkErrorCode): void {
    this.#finish?.(code)
  }

  /** A call, because the answer changes between two awaits. */
  #isOver(): boolean {
    return this.#finish === undefined
  }

  async #open(): Promise<void> {
    const { connectTimeoutMs, createSession, onUp } = this.#options
    const session = await within(connectTimeoutMs, createSession())
    if (this.#isOver()) return session.stopRenewal()
    this.#session = session
    const { client } = session
    client.on('disconnect', (result: { readonly transportObj?: unknown } | undefined) =>
      this.drop(classifySdkError(result?.transportObj)),
    )
    await within(connectTimeoutMs, client.open())
    const { transport } = session
    // On a connection that is over, the SDK answers every call by dialling again: each step looks first.
    if (this.#isOver()) return
    transport.on('twinDesiredPropertiesUpdate', (patch: unknown) => this.#desiredPatch(transport, patch))
    // The subscription first, then the whole twin: nothing can fall between the two.
    await within(
      connectTimeoutMs,
      told((done) => transport.enableTwinDesiredPropertiesUpdates(done)),
    )
    if (this.#isOver()) return
    this.#enableRefresh(client, transport)
    await this.#readTwin(transport)
    if (this.#isOver()) return
    this.#up = true
    onUp()
  }

  #desiredPatch(transport: SdkTransport, patch: unknown): void {
    if (this.#isOver()) return
    const outcome = this.#desired.push(patch)
    if (outcome === 'applied') this.#options.onDesired(this.#desired.properties, this.#desired.version)
    else if (outcome === 'gap') {
      this.#readTwin(transport).catch((error: unknown) => this.drop(classifySdkError(error)))
    }
  }

  /** Reads the whole twin; a request that comes meanwhile leads to one more read. */
  #readTwin(transport: SdkTransport): Promise<void> {
    if (this.#reading !== undefined) {
      this.#readAgain = true
      return this.#reading
    }
    const read = async (): Promise<void> => {
      try {
        do {
          this.#readAgain = false
          if (this.#isOver()) return
          await within(
            this.#options.connectTimeoutMs,
            told((done) => transport.getTwin((error, twin) => done(error ?? this.#takeTwin(twin)))),
          )
        } while (this.#isWanted())
      } finally {
        // In the same turn as the last look at `#readAgain`, so that no request falls between.
        this.#reading = undefined
      }
    }
    this.#reading = read()
    return this.#reading
  }

  /** A call, for the same reason. */
  #isWanted(): boolean {
    return this.#readAgain
  }

  /** Takes a whole twin, in the very turn in which it came: a patch that follows it must find it. */
  #takeTwin(twin: { readonly desired?: unknown; readonly reported?: unknown } | undefined): Error | undefined {
    if (!this.#desired.reset(twin?.desired)) return new Error('the hub gave no twin')
    this.#reported = isJsonObject(twin?.reported) ? twin.reported : {}
    if (!this.#isOver()) this.#options.onDesired(this.#desired.properties, this.#desired.version)
    return undefined
  }

  #enableRefresh(client: SdkClient, transport: SdkTransport): void {
    client.onDeviceMethod(REFRESH_METHOD, (_request, response) => {
      this.#readTwin(transport).then(
        () => void response.send(200, { version: this.#desired.version }).catch(() => undefined),
        (error: unknown) => this.drop(classifySdkError(error)),
      )
    })
  }
}

/** A call of the SDK that tells its end through a callback. */
function told(call: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => call((error) => (error == null ? resolve() : reject(error))))
}
