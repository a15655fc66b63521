import { readFile } from 'node:fs/promises'
import { type ClientRequest, type IncomingMessage, request as plainRequest } from 'node:http'
import { Agent, request as tlsRequest } from 'node:https'
import { z } from 'zod'
import { RestError } from './rest-error.ts'

/** Longest token that is taken from a file, in characters. */
const MAX_TOKEN = 16_384

/** An address of another service: TLS, or plain on this machine alone. */
export const serviceUrl = z
  .string()
  .max(500)
  .refine(
    (text) => isAllowed(text),
    'an https address, or http on the loopback interface; no password, query or fragment',
  )

/** How a service is reached. */
export const restSettings = z.strictObject({
  url: serviceUrl,
  /** Holds the bearer token alone; read at each call, so that a new one needs no new start. */
  tokenFile: z.string().min(1).optional(),
  /** PEM, where the service's certificate is of an authority that Node does not know. */
  caFile: z.string().min(1).optional(),
  timeoutMs: z.number().int().min(100).max(600_000).default(30_000),
})
export type RestSettings = z.infer<typeof restSettings>

/** What is asked. `body` that is no Uint8Array goes as JSON. */
export interface RestCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Begins with a slash; its parts are escaped already. */
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly body?: unknown
  readonly maxBytes?: number
}

const MAX_ANSWER_BYTES = 4 * 1024 * 1024

/**
 * Calls one service over HTTP. Follows no redirect: a token goes to nobody but the configured address. An answer that is too
 * large, too slow or of another type is refused.
 */
export class RestClient {
  readonly #settings: RestSettings
  readonly #stopped: AbortSignal | undefined

  /** @param stopped ends what is under way, as if the service had not answered. */
  constructor(settings: RestSettings, stopped?: AbortSignal) {
    this.#settings = settings
    this.#stopped = stopped
  }

  /** @returns the answer's JSON, by its schema; an empty answer is `{}`. @throws {RestError} */
  async json<T>(schema: z.ZodType<T>, call: RestCall): Promise<T> {
    const { bytes, type } = await this.bytes(call)
    if (bytes.length > 0 && !/^application\/(?:[a-z.+-]+\+)?json\b/i.test(type)) {
      throw new RestError('answer-invalid', 'the service answered with something else than JSON')
    }
    let value: unknown
    try {
      value = bytes.length === 0 ? {} : JSON.parse(bytes.toString('utf8'))
    } catch (cause) {
      throw new RestError('answer-invalid', 'the answer of the service is not JSON', { cause })
    }
    const parsed = schema.safeParse(value)
    if (parsed.success) return parsed.data
    const at = parsed.error.issues[0]?.path.join('.') ?? ''
    throw new RestError('answer-invalid', `the answer of the service is not what is documented, at "${at}"`)
  }

  /** @returns the answer as it came. @throws {RestError} */
  async bytes(call: RestCall): Promise<{ readonly bytes: Buffer; readonly type: string }> {
    const { tokenFile, caFile, timeoutMs, url } = this.#settings
    const token = tokenFile === undefined ? undefined : await tokenIn(tokenFile)
    const ca = caFile === undefined ? undefined : await readFile(caFile, 'utf8')
    const base = new URL(url)
    const query = call.query === undefined ? '' : `?${new URLSearchParams(call.query).toString()}`
    const isRaw = call.body instanceof Uint8Array
    const body = bodyOf(call.body)
    const options = {
      method: call.method,
      path: `${base.pathname.replace(/\/$/, '')}${call.path}${query}`,
      host: base.hostname.replace(/^\[|\]$/g, ''),
      port: base.port === '' ? (base.protocol === 'https:' ? 443 : 80) : Number(base.port),
      signal: AbortSignal.any([
        AbortSignal.timeout(timeoutMs),
        ...(this.#stopped === undefined ? [] : [this.#stopped]),
      ]),
      headers: {
        accept: '*/*',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined
          ? {}
          : { 'content-type': isRaw ? 'application/octet-stream' : 'application/json', 'content-length': body.length }),
      },
    }
    const tls = { ...options, agent: new Agent({ minVersion: 'TLSv1.2', ...(ca === undefined ? {} : { ca }) }) }
    const sent = base.protocol === 'https:' ? tlsRequest(tls) : plainRequest(options)
    return answered(sent, body, call.maxBytes ?? MAX_ANSWER_BYTES)
  }
}

function bodyOf(value: unknown): Uint8Array | undefined {
  if (value === undefined || value instanceof Uint8Array) return value
  return Buffer.from(JSON.stringify(value))
}

function answered(sent: ClientRequest, body: Uint8Array | undefined, maxBytes: number) {
  return new Promise<{ readonly bytes: Buffer; readonly type: string }>((resolve, reject) => {
    const unreachable = (cause: unknown): void => {
      reject(new RestError('unreachable', 'the service did not answer', { cause }))
    }
    sent.once('error', unreachable)
    sent.once('response', (answer: IncomingMessage) => {
      const parts: Buffer[] = []
      let bytes = 0
      answer.once('error', unreachable)
      answer.once('aborted', () => unreachable(new Error('the answer broke off')))
      answer.on('data', (part: Buffer) => {
        bytes += part.length
        if (bytes <= maxBytes) return void parts.push(part)
        reject(new RestError('answer-invalid', `the answer of the service is larger than ${maxBytes} bytes`))
        sent.destroy()
      })
      answer.once('end', () => {
        const status = answer.statusCode ?? 0
        const content = Buffer.concat(parts)
        if (status >= 200 && status <= 299) resolve({ bytes: content, type: answer.headers['content-type'] ?? '' })
        else reject(refusalOf(status, content.toString('utf8'), answer.headers['retry-after']))
      })
    })
    sent.end(body)
  })
}

/** What a status means. The service's own word is kept only where it is a plain code. */
function refusalOf(status: number, content: string, retryAfter: string | undefined): RestError {
  const word = wordIn(content)
  const message = `the service answered ${status}${word === '' ? '' : ` ${word}`}`
  const wait = /^\d{1,5}$/.test(retryAfter ?? '') ? { retryAfterMs: Number(retryAfter) * 1000 } : {}
  const more = { ...wait, word }
  if (status >= 300 && status <= 399)
    return new RestError('answer-invalid', `${message}: redirects are not followed`, more)
  if (status === 401 || status === 403) return new RestError('credentials-refused', message, more)
  if (status === 404) return new RestError('not-found', message, more)
  if (status === 409) return new RestError('conflict', message, more)
  if (status === 429 || status === 503) return new RestError('throttled', message, more)
  if (status === 408 || status >= 500) return new RestError('unreachable', message, more)
  return new RestError('refused', message, more)
}

/** `error_code` (Databricks, MLflow), `reason` (Kubernetes), `error.code` (Azure). */
function wordIn(content: string): string {
  const schema = z.looseObject({
    error_code: z.string().optional().catch(undefined),
    reason: z.string().optional().catch(undefined),
    error: z
      .looseObject({ code: z.string().optional().catch(undefined) })
      .optional()
      .catch(undefined),
  })
  try {
    const { data } = schema.safeParse(JSON.parse(content))
    const word = data?.error_code ?? data?.reason ?? data?.error?.code ?? ''
    return /^[A-Za-z_]{1,64}$/.test(word) ? word : ''
  } catch {
    return ''
  }
}

async function tokenIn(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new RestError('credentials-refused', 'the token file cannot be read', { cause })
  })
  const token = text.trim()
  if (/^[\x21-\x7e]+$/.test(token) && token.length <= MAX_TOKEN) return token
  throw new RestError('credentials-refused', 'the token file holds no token')
}

function isAllowed(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname, username, password, search, hash } = new URL(text)
  if (username !== '' || password !== '' || search !== '' || hash !== '') return false
  return protocol === 'https:' || (protocol === 'http:' && /^(?:127\.\d+\.\d+\.\d+|\[::1\]|localhost)$/.test(hostname))
}
