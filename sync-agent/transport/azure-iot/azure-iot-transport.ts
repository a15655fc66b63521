import { gunzipSync } from 'node:zlib'
import {
  type Acknowledgement,
  type DesiredState,
  type DeviceId,
  MAX_BATCH_BYTES,
  UPLOAD_SCHEMA,
} from '../../contract/index.ts'
import { type Clock, digestOf, type Logger, type Randomness } from '../../foundation/index.ts'
import { type BackoffBounds, backoffDelay } from '../backoff.ts'
import { linkAdvice } from '../link-advice.ts'
import { type LinkErrorCode, TransportError } from '../link-error.ts'
import type { Credentials } from '../mqtt-link.ts'
import type { LinkState, Transport } from '../transport.ts'
import { AzureIotLink } from './azure-iot-link.ts'
import { AzureIotError } from './errors.ts'
import { HubFiles } from './hub-files.ts'
import type { JsonObject } from './json.ts'
import { ReportedStatus } from './reported-status.ts'
import {
  batchMessage,
  createSdkSession,
  type DeviceProof,
  type HubAddress,
  type SdkMessage,
  uploadMessage,
} from './sdk-client.ts'
import { classifySdkError } from './sdk-error.ts'
import { AnswerReader } from './twin-answers.ts'

/** Defaults of the times that an operator may set. */
export const AZURE_IOT_DEFAULTS = {
  keepaliveSeconds: 30,
  connectTimeoutMs: 15_000,
  publishTimeoutMs: 30_000,
  tokenValiditySeconds: 3600,
  reportMs: 60_000,
  backoff: { firstMs: 1000, largestMs: 60_000 },
  /** A hub that refused this device by name is asked so often again, and at once when key or certificate change. */
  refusedRetryMs: 900_000,
  credentialsPollMs: 2000,
} as const

/** A longer keepalive would leave a half-open link unseen for minutes. */
const LARGEST_KEEPALIVE_SECONDS = 60
/** What the hub takes in one message, body and properties together; the SDK itself looks at the body only. */
const LARGEST_MESSAGE_BYTES = 256 * 1024
const PROPERTY_ROOM_BYTES = 1024
/** A connection that lasted this long was a good one, even when it carried nothing. */
const STABLE_MS = 30_000
/** How long a change-over waits for batches that are on their way. */
const RETIRE_MS = 5000

export interface AzureIotTransportOptions {
  readonly address: HubAddress
  readonly device: DeviceId
  /** Read again before every attempt. The certificate and key matter only without a shared access key. */
  readonly credentials: () => Promise<{ readonly pem: Credentials; readonly proof: DeviceProof }>
  readonly keepaliveSeconds?: number
  readonly connectTimeoutMs?: number
  readonly publishTimeoutMs?: number
  readonly tokenValiditySeconds?: number
  /** Shortest time between two reports of the agent's status. */
  readonly reportMs?: number
  readonly backoff?: BackoffBounds
  readonly refusedRetryMs?: number
  readonly credentialsPollMs?: number
}

export interface AzureIotTransportDependencies {
  readonly clock: Clock
  readonly randomness: Randomness
  readonly logger: Logger
}

/**
 * Azure IoT Hub, or an endpoint that speaks its contract, through the vendor's SDK. Batches go as telemetry; answers and
 * the desired state come through the device twin. One client after another, for ever.
 */
export class AzureIotTransport implements Transport {
  readonly #options: AzureIotTransportOptions
  readonly #dependencies: AzureIotTransportDependencies
  readonly #answers: AnswerReader
  readonly #status: ReportedStatus
  #onAcknowledgement: (answer: Acknowledgement) => void = () => undefined
  #onDesired: (desired: DesiredState) => void = () => undefined
  #onLink: (state: LinkState) => void = () => undefined
  #state: LinkState = { kind: 'down', code: null }
  #link: AzureIotLink | undefined
  #running: Promise<void> | undefined
  /** Set while one client gives way to the next; batches wait for its end. */
  #changeOver: PromiseWithResolvers<void> | undefined
  #wake: (() => void) | undefined
  #stopping = false
  #failedUploads = 0
  /** Digest of what the device showed at its last attempt. */
  #shown = ''
  /** One report at a time: they must not stand in the way of batches. */
  #reporting = false

  constructor(options: AzureIotTransportOptions, dependencies: AzureIotTransportDependencies) {
    this.#options = options
    this.#dependencies = dependencies
    this.#answers = new AnswerReader(options.device)
    this.#status = new ReportedStatus(dependencies.clock, options.reportMs ?? AZURE_IOT_DEFAULTS.reportMs)
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
    this.#link?.drop('closed')
    await this.#running
    this.#running = undefined
  }

  /** @throws {AzureIotError} `message-too-large`: no hub would take it, however often it is sent. */
  async publish(batch: Uint8Array): Promise<void> {
    if (batch.byteLength + PROPERTY_ROOM_BYTES > LARGEST_MESSAGE_BYTES) throw new AzureIotError('message-too-large')
    await this.#send(batchMessage(batchId(batch), batch))
    this.#status.published()
    this.#report()
  }

  async #send(message: SdkMessage): Promise<void> {
    await this.#changeOver?.promise
    if (this.#link === undefined) throw new TransportError('link-down')
    await this.#link.publish(message)
  }

  /**
   * Sends what fits into no message as a file, and then says where it lies: an endpoint of our own has taken it by then, and
   * whoever reads the telemetry of Azure's hub finds it there. After a failure the next attempt waits, ever longer: whoever calls tries again
   * at once, and a blob service or a quota must not be hammered.
   */
  async upload(bytes: Uint8Array): Promise<void> {
    try {
      await (await this.#files()).upload(bytes)
      await this.#send(uploadMessage({ schema: UPLOAD_SCHEMA, sha256: digestOf(bytes), bytes: bytes.length }))
      this.#failedUploads = 0
    } catch (error) {
      this.#failedUploads += 1
      const { randomness, logger } = this.#dependencies
      const code = classifySdkError(error)
      const bounds = this.#options.backoff ?? AZURE_IOT_DEFAULTS.backoff
      const delay = backoffDelay(this.#failedUploads, bounds, randomness)
      logger.warn('transport.upload-failed', { code, failures: this.#failedUploads, retryInMs: delay })
      await new Promise((resolve) => setTimeout(resolve, delay).unref())
      throw error
    }
  }

  async #run(): Promise<void> {
    const { clock, randomness, logger } = this.#dependencies
    let failures = 0
    while (!this.#isStopping()) {
      const begin = clock.now()
      const { code, useful } = await this.#connect()
      if (this.#isStopping()) break
      // A change-over that was reached is no failure: the next client comes at once, and nobody is told of a gap.
      if (this.#changeOver !== undefined && this.#state.kind === 'up') continue
      failures = useful || clock.now() - begin >= STABLE_MS ? 1 : failures + 1
      const refused = await this.#refusal(code)
      if (refused !== undefined) {
        await this.#waitForChange(refused)
        continue
      }
      const delay = backoffDelay(failures, this.#options.backoff ?? AZURE_IOT_DEFAULTS.backoff, randomness)
      logger.warn('transport.link-down', { code, failures, retryInMs: delay })
      await this.#sleep(delay)
    }
    this.#endChangeOver()
    this.#tell({ kind: 'down', code: null })
  }

  /** What a refusal means, when only a person can change it. MQTT 3.1.1 has one code for all of them; HTTPS has more. */
  async #refusal(code: LinkErrorCode): Promise<LinkErrorCode | undefined> {
    if (code === 'identity-refused') return code
    if (code !== 'credentials-refused' || this.#isStopping()) return undefined
    const files = await this.#files().catch(() => undefined)
    const refused = (await files?.refusal()) ?? code
    if (refused !== code) this.#over(refused)
    return refused
  }

  /** Until key or certificate are others, or long enough that the hub may have changed its mind. */
  async #waitForChange(code: LinkErrorCode): Promise<void> {
    const { logger, clock } = this.#dependencies
    const { refusedRetryMs, credentialsPollMs } = { ...AZURE_IOT_DEFAULTS, ...this.#options }
    logger.error('transport.refused', { code, nextStep: linkAdvice(code).nextStep, retryInMs: refusedRetryMs })
    const before = this.#shown
    const end = clock.now() + refusedRetryMs
    do {
      await this.#sleep(Math.min(credentialsPollMs, refusedRetryMs))
    } while (!this.#isStopping() && clock.now() < end && (await this.#showing()) === before)
  }

  /** A digest of what the device would show now; unreadable files are a change, and are told as such. */
  async #showing(): Promise<string> {
    return this.#options.credentials().then(
      ({ pem, proof }) => proofDigest(pem, proof),
      () => '',
    )
  }

  /** The HTTPS side of the hub, with what the device shows now. @throws when key or certificate cannot be read. */
  async #files(): Promise<HubFiles> {
    const { address, device, credentials, ...options } = this.#options
    const { pem, proof } = await credentials()
    const tokenValiditySeconds = options.tokenValiditySeconds ?? AZURE_IOT_DEFAULTS.tokenValiditySeconds
    const { keepaliveSeconds } = AZURE_IOT_DEFAULTS
    return new HubFiles({
      address,
      device,
      credentials: pem,
      createSession: (httpAgent) =>
        createSdkSession({
          address,
          device,
          proof,
          credentials: pem,
          keepaliveSeconds,
          tokenValiditySeconds,
          httpAgent,
        }),
    })
  }

  /** A call, because the answer changes between two awaits. */
  #isStopping(): boolean {
    return this.#stopping
  }

  async #connect(): Promise<{ readonly code: LinkErrorCode; readonly useful: boolean }> {
    const options = this.#options
    const { address, device } = options
    let proof: DeviceProof
    let pem: Credentials
    try {
      ;({ proof, pem } = await options.credentials())
    } catch {
      this.#over('credentials-unreadable')
      return { code: 'credentials-unreadable', useful: false }
    }
    this.#shown = proofDigest(pem, proof)
    if (this.#isStopping()) return { code: 'closed', useful: false }
    const tokenValiditySeconds = options.tokenValiditySeconds ?? AZURE_IOT_DEFAULTS.tokenValiditySeconds
    const keepaliveSeconds = Math.min(
      LARGEST_KEEPALIVE_SECONDS,
      options.keepaliveSeconds ?? AZURE_IOT_DEFAULTS.keepaliveSeconds,
    )
    let retirement: NodeJS.Timeout | undefined
    let retiring = false
    const link = new AzureIotLink({
      createSession: () =>
        createSdkSession({ address, device, proof, credentials: pem, keepaliveSeconds, tokenValiditySeconds }),
      connectTimeoutMs: options.connectTimeoutMs ?? AZURE_IOT_DEFAULTS.connectTimeoutMs,
      publishTimeoutMs: options.publishTimeoutMs ?? AZURE_IOT_DEFAULTS.publishTimeoutMs,
      onUp: () => {
        this.#endChangeOver()
        this.#tell({ kind: 'up' })
        this.#dependencies.logger.info('transport.link-up')
        if (proof.kind === 'shared-access-key') {
          retirement = setTimeout(
            () => {
              retiring = true
              this.#beginChangeOver(link)
              // A token ends on a whole second, so up to one second of its life is never there.
            },
            (tokenValiditySeconds - 1) * 750,
          )
        }
        this.#status.connected(link.reported)
        this.#reporting = false
        this.#report()
      },
      onOver: (code) => {
        clearTimeout(retirement)
        if (!retiring || code !== 'closed') this.#over(code)
      },
      onDesired: (desired, version) => this.#receive(desired, version),
    })
    this.#link = link
    const code = await link.run()
    this.#link = undefined
    return { code, useful: link.useful }
  }

  /**
   * A token is renewed by a new connection. The SDK's own renewal leaves the client without an error listener when the
   * farewell hangs, and relies on the server's memory of subscriptions; so the client itself is changed at three quarters
   * of the token's life, before the SDK would renew.
   */
  #beginChangeOver(link: AzureIotLink): void {
    this.#changeOver = Promise.withResolvers()
    this.#dependencies.logger.info('transport.token-renewal')
    void link.retire(RETIRE_MS)
  }

  #endChangeOver(): void {
    this.#changeOver?.resolve()
    this.#changeOver = undefined
  }

  #over(code: LinkErrorCode): void {
    this.#status.failed(code)
    this.#tell({ kind: 'down', code: this.#stopping ? null : code })
    this.#endChangeOver()
  }

  #receive(desired: JsonObject, version: number): void {
    const { answers, state, refused } = this.#answers.read(desired)
    if (refused > 0) this.#dependencies.logger.warn('transport.message-refused', { members: refused })
    for (const answer of answers) this.#onAcknowledgement(answer)
    if (state !== undefined) this.#onDesired(state)
    this.#status.seen(version, state?.version)
  }

  /** Tells the hub what changed in the agent's status, not more often than allowed. Failure costs nothing but news. */
  #report(): void {
    const link = this.#link
    if (link === undefined || this.#state.kind !== 'up' || this.#reporting) return
    const due = this.#status.due()
    if (due === undefined) return
    this.#reporting = true
    link
      .report(due.patch)
      .then(due.taken, () => this.#dependencies.logger.warn('transport.report-failed'))
      .finally(() => {
        this.#reporting = false
      })
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

/** What a device shows of itself, as a digest. */
function proofDigest(pem: Credentials, proof: DeviceProof): string {
  return digestOf(JSON.stringify(proof.kind === 'certificate' ? [pem.certificatePem, pem.keyPem] : [proof.key]))
}

/** The id in a batch's canonical form, where it is the first member. */
function batchId(batch: Uint8Array): string {
  const text = gunzipSync(batch, { maxOutputLength: MAX_BATCH_BYTES }).toString('latin1', 0, 48)
  const id = /^\{"batch":"([0-9a-f-]{36})"/.exec(text)?.[1]
  if (id === undefined) throw new AzureIotError('not-a-batch')
  return id
}
