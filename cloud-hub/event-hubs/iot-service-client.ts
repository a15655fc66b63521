import { createHmac } from 'node:crypto'
import { Agent, request } from 'node:https'
import type { DeviceId } from '@leadglass/sync-agent/contract'
import type { Clock } from '@leadglass/sync-agent/foundation'
import type { JsonObject } from '@leadglass/sync-agent/transport'
import { z } from 'zod'
import type { ServiceConnection } from './connection-strings.ts'
import { AzureServiceError } from './errors.ts'

const API_VERSION = '2021-04-12'
const TOKEN_SECONDS = 3600
const MAX_ANSWER_BYTES = 1024 * 1024

const methodAnswer = z.object({ status: z.number().int(), payload: z.unknown() })
const twinAnswer = z.object({ properties: z.object({ desired: z.looseObject({ $version: z.number().int() }) }) })

export interface IotServiceClientOptions {
  readonly connection: ServiceConnection
  /** Who may have issued the certificate of the service, PEM; Node's own list when absent. */
  readonly caPem?: string
  /** How long one call may take, in milliseconds. */
  readonly timeoutMs: number
}

/** The service side of an IoT Hub over its REST interface: device twins and direct methods. Holds no queue. */
export class IotServiceClient {
  readonly #options: IotServiceClientOptions
  readonly #clock: Clock
  readonly #agent: Agent

  constructor(options: IotServiceClientOptions, clock: Clock) {
    this.#options = options
    this.#clock = clock
    const ca = options.caPem === undefined ? {} : { ca: options.caPem }
    this.#agent = new Agent({ ...ca, keepAlive: true, maxSockets: 16, minVersion: 'TLSv1.2' })
  }

  /** Changes desired properties (RFC 7396). @returns their new version. @throws {AzureServiceError}. */
  async patchDesired(device: DeviceId, desired: JsonObject): Promise<number> {
    const answer = await this.#call('PATCH', `/twins/${device}`, { properties: { desired } })
    return read(twinAnswer, answer).properties.desired.$version
  }

  /** Calls a direct method of a connected device. @throws {AzureServiceError} `device-not-online` and all others. */
  async invokeMethod(device: DeviceId, methodName: string, payload: unknown): Promise<z.infer<typeof methodAnswer>> {
    const responseTimeoutInSeconds = Math.max(5, Math.floor(this.#options.timeoutMs / 1000))
    const body = { methodName, responseTimeoutInSeconds, payload }
    return read(methodAnswer, await this.#call('POST', `/twins/${device}/methods`, body))
  }

  /** Ends idle connections. */
  close(): void {
    this.#agent.destroy()
  }

  #call(method: string, path: string, body: unknown): Promise<unknown> {
    const { connection, timeoutMs } = this.#options
    const [host = '', port = '443'] = connection.hostName.split(':')
    const text = JSON.stringify(body)
    return new Promise((resolve, reject) => {
      const unreachable = (): void => {
        reject(new AzureServiceError('service-unreachable', 'the service of the IoT Hub did not answer'))
      }
      const sent = request({
        host,
        port: Number(port),
        method,
        path: `${path}?api-version=${API_VERSION}`,
        agent: this.#agent,
        timeout: timeoutMs,
        headers: {
          authorization: policyToken(connection, this.#clock.now()),
          'content-type': 'application/json; charset=utf-8',
          'content-length': Buffer.byteLength(text),
        },
      })
      sent.once('timeout', () => sent.destroy(new Error('no answer in time')))
      sent.once('error', unreachable)
      sent.once('response', (answer) => {
        const parts: Buffer[] = []
        let bytes = 0
        answer.on('data', (part: Buffer) => {
          bytes += part.length
          if (bytes > MAX_ANSWER_BYTES) sent.destroy()
          else parts.push(part)
        })
        answer.once('error', unreachable)
        answer.once('end', () => {
          const content = Buffer.concat(parts).toString('utf8')
          const status = answer.statusCode ?? 0
          if (status < 200 || status > 299) reject(refusalOf(status, content, answer.headers['retry-after']))
          else resolve(parse(content))
        })
      })
      sent.end(text)
    })
  }
}

/** A shared access signature under a policy's key, for the whole hub, valid for an hour. */
export function policyToken({ hostName, policy, key }: ServiceConnection, nowMs: number): string {
  const resource = encodeURIComponent(hostName.toLowerCase())
  const expiry = Math.floor(nowMs / 1000) + TOKEN_SECONDS
  const signature = createHmac('sha256', Buffer.from(key, 'base64')).update(`${resource}\n${expiry}`).digest('base64')
  return `SharedAccessSignature sr=${resource}&sig=${encodeURIComponent(signature)}&se=${expiry}&skn=${encodeURIComponent(policy)}`
}

/** What a refusal means. The service names its cause in the body; where it does not, the status decides. */
export function refusalOf(status: number, content: string, retryAfter?: string): AzureServiceError {
  const name = /ErrorCode:\s*([A-Za-z]{1,64})/.exec(content)?.[1] ?? ''
  const seconds = /^\d{1,5}$/.test(retryAfter ?? '') ? Number(retryAfter) : undefined
  const wait = seconds === undefined ? undefined : seconds * 1000
  const message = `the IoT Hub answered ${status}${name === '' ? '' : ` ${name}`}`
  if (/QuotaExceeded/.test(name)) return new AzureServiceError('service-quota-exceeded', message, wait)
  if (status === 429 || status === 503 || /Throttl/.test(name)) {
    return new AzureServiceError('service-throttled', message, wait)
  }
  if (status === 401 || status === 403) return new AzureServiceError('service-credentials-refused', message)
  if (status === 404 && /NotOnline/.test(name)) return new AzureServiceError('device-not-online', message)
  if (status === 404) return new AzureServiceError('device-not-found', message)
  return new AzureServiceError(status >= 500 || status === 408 ? 'service-unreachable' : 'service-refused', message)
}

function parse(content: string): unknown {
  try {
    return content === '' ? null : JSON.parse(content)
  } catch {
    return undefined
  }
}

function read<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value)
  if (!parsed.success)
    throw new AzureServiceError('service-refused', 'the answer of the service is not what is documented')
  return parsed.data
}
