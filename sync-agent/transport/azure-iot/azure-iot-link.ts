import { type LinkErrorCode, TransportError } from '../link-error.ts'
import { DesiredTwin } from './desired-twin.ts'
import { isJsonObject, type JsonObject } from './json.ts'
import { within } from './link-timing.ts'
import { batchMessage, type SdkClient, type SdkSession, type SdkTwin } from './sdk-client.ts'
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
  #twin: SdkTwin | undefined
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
    const own: unknown = this.#twin?.properties.reported[TWIN_MEMBER]
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
    // A client on a dead link cannot say farewell; it is left to its keepalive, and the hub closes it for the next one.
    if (this.#session !== undefined) await within(CLOSE_MS, this.#session.client.close()).catch(() => undefined)
    return code
  }

  /**
   * Sends one batch; resolves on PUBACK. A message without one fails in the SDK after 30 s although it may have arrived;
   * here it costs the link its life, and the batch is sent again under the same id.
   */
  async publish(batch: string, bytes: Uint8Array): Promise<void> {
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
      client.sendEvent(batchMessage(batch, bytes)).then(
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
    const twin = this.#twin
    if (twin === undefined || !this.#up) throw new TransportError('link-down')
    const reported = twin.properties.reported as unknown as {
      update(patch: JsonObject, done: (error?: Error | null) => void): void
    }
    await within(
      this.#options.connectTimeoutMs,
      new Promise<void>((resolve, reject) => {
        reported.update(patch, (error) => (error == null ? resolve() : reject(error)))
      }),
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

  async #open(): Promise<void> {
    const { connectTimeoutMs, createSession, onUp } = this.#options
    const session = await within(connectTimeoutMs, createSession())
    if (this.#finish === undefined) return session.stopRenewal()
    this.#session = session
    const { client } = session
    client.on('disconnect', (result: { readonly transportObj?: unknown } | undefined) =>
      this.drop(classifySdkError(result?.transportObj)),
    )
    await within(connectTimeoutMs, client.open())
    const twin = await within(connectTimeoutMs, client.getTwin())
    this.#twin = twin
    twin.on('error', (error: Error) => this.drop(classifySdkError(error)))
    twin.on('properties.desired', (value: unknown) => this.#desiredEvent(twin, value))
    // The subscription first, then the whole twin: nothing can fall between the two.
    await within(
      connectTimeoutMs,
      new Promise<void>((resolve, reject) => {
        twin.enableTwinDesiredPropertiesUpdates((error) => (error == null ? resolve() : reject(error)))
      }),
    )
    this.#enableRefresh(client)
    await this.#readTwin()
    if (this.#finish === undefined) return
    this.#up = true
    onUp()
  }

  #desiredEvent(twin: SdkTwin, value: unknown): void {
    // The SDK tells whole twins and patches by the same event; a whole twin is its own cached object.
    if (this.#finish === undefined || value === twin.properties.desired) return
    const outcome = this.#desired.push(value)
    if (outcome === 'applied') this.#options.onDesired(this.#desired.properties, this.#desired.version)
    else if (outcome === 'gap') this.#readTwin().catch((error: unknown) => this.drop(classifySdkError(error)))
  }

  /** Reads the whole twin; a request that comes meanwhile leads to one more read. */
  #readTwin(): Promise<void> {
    if (this.#reading !== undefined) {
      this.#readAgain = true
      return this.#reading
    }
    const read = async (): Promise<void> => {
      do {
        this.#readAgain = false
        const twin = this.#twin
        if (twin === undefined) throw new TransportError('link-down')
        await within(this.#options.connectTimeoutMs, twin.get())
        if (!this.#desired.reset(twin.properties.desired)) throw new Error('the hub gave no twin')
        if (this.#finish !== undefined) this.#options.onDesired(this.#desired.properties, this.#desired.version)
      } while (this.#readAgain)
    }
    this.#reading = read().finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  #enableRefresh(client: SdkClient): void {
    client.onDeviceMethod(REFRESH_METHOD, (_request, response) => {
      this.#readTwin().then(
        () => void response.send(200, { version: this.#desired.version }).catch(() => undefined),
        (error: unknown) => this.drop(classifySdkError(error)),
      )
    })
  }
}
