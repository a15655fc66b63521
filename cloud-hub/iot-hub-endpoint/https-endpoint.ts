import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { TLSSocket } from 'node:tls'
import { type DeviceId, deviceId } from '@leadglass/sync-agent/contract'
import { isCodedError, type Logger, type Service } from '@leadglass/sync-agent/foundation'
import { z } from 'zod'
import type { Authentication } from './authentication.ts'
import { EndpointError } from './errors.ts'
import { commonNameOf, secureContext } from './peer.ts'
import { MAX_SERVICE_BYTES, type ServiceApi } from './service-api.ts'
import type { StoredUpload } from './upload-store.ts'
import type { Uploads } from './uploads.ts'

const MAX_JSON_BYTES = 16 * 1024
const MAX_LIST_BYTES = 256 * 1024
const REQUEST_TIMEOUT_MS = 120_000

const uploadRequest = z.object({ blobName: z.string().min(1).max(256) })
const uploadResult = z.object({ isSuccess: z.boolean(), statusCode: z.number().optional() })

/** How the endpoint listens. Certificates are PEM. */
export interface HttpsEndpointOptions {
  readonly host: string
  readonly port: number
  readonly caPem: string
  readonly certificatePem: string
  readonly keyPem: string
  /** Where devices send blocks to, such as `hub.example:8444`; the listening address when absent. */
  readonly blobHost?: string
}

export interface HttpsEndpointParts {
  readonly authentication: Authentication
  readonly uploads: Uploads
  /** Takes a file that is whole; its device's notification is answered afterwards. */
  readonly takeFile: (upload: StoredUpload) => Promise<void> | void
  readonly service: ServiceApi
  readonly logger: Logger
}

interface Answer {
  readonly status: number
  readonly body?: unknown
}

const UNAUTHORISED: Answer = { status: 401, body: { Message: 'ErrorCode:IotHubUnauthorizedAccess;Unauthorized' } }
const DISABLED: Answer = { status: 403, body: { Message: 'ErrorCode:DeviceDisabled;the device is not admitted' } }

/** The HTTPS side of an IoT-Hub-compatible endpoint: file upload, both the hub's part and the blob service's. */
export class HttpsEndpoint implements Service {
  readonly #options: HttpsEndpointOptions
  readonly #parts: HttpsEndpointParts
  #server: Server | undefined

  constructor(options: HttpsEndpointOptions, parts: HttpsEndpointParts) {
    this.#options = options
    this.#parts = parts
  }

  /** The port that is listened on; useful when 0 was asked for. */
  get port(): number {
    const address = this.#server?.address()
    return typeof address === 'object' && address !== null ? address.port : this.#options.port
  }

  async start(): Promise<void> {
    const server = createServer(
      { ...secureContext(this.#options.caPem, this.#options), requestCert: true, rejectUnauthorized: false },
      (request, response) => {
        this.#handle(request).then(
          (answer) => reply(response, answer),
          (error: unknown) => reply(response, this.#failure(error)),
        )
      },
    )
    server.requestTimeout = REQUEST_TIMEOUT_MS
    server.on('tlsClientError', () => this.#parts.logger.info('iot-hub.handshake-failed'))
    this.#server = server
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(this.#options.port, this.#options.host, () => {
        server.off('error', reject)
        resolve()
      })
    })
  }

  async stop(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (server === undefined) return
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    server.closeAllConnections()
    await closed
  }

  /** Takes another server certificate into use for the connections to come. */
  renew(credential: { readonly certificatePem: string; readonly keyPem: string }): void {
    this.#server?.setSecureContext(secureContext(this.#options.caPem, credential))
  }

  async #handle(request: IncomingMessage): Promise<Answer> {
    const url = new URL(request.url ?? '/', 'https://endpoint.invalid')
    const { pathname, searchParams } = url
    if (request.method === 'PUT') return this.#blob(request, pathname, searchParams)
    if (this.#parts.service.serves(pathname)) return this.#serve(request, pathname)
    const receiving = /^\/devices\/([a-z0-9-]{3,48})\/messages\/devicebound\/?$/i.exec(pathname)
    // There are never cloud-to-device messages; a device that asks learns whether it is let in at all.
    if (receiving !== null && request.method === 'GET') return this.#admission(request, receiving[1]) ?? { status: 204 }
    const match = /^\/devices\/([a-z0-9-]{3,48})\/files(?:\/notifications\/([0-9a-f-]{36}))?\/?$/.exec(pathname)
    const device = deviceId.safeParse(match?.[1])
    if (request.method !== 'POST' || !device.success || !searchParams.has('api-version')) return { status: 404 }
    const refused = this.#admission(request, device.data)
    if (refused !== undefined) return refused
    const body = parseJson(await readBody(request, MAX_JSON_BYTES))
    return match?.[2] === undefined ? this.#begin(device.data, body) : this.#notify(device.data, match[2], body)
  }

  /**
   * What to answer to somebody who is not let in; `undefined` for a device that is. Whoever has proved to be a device is told
   * that it is not wanted; to anybody else every refusal looks the same.
   */
  #admission(request: IncomingMessage, name: string | undefined): Answer | undefined {
    const { authentication, logger } = this.#parts
    const device = deviceId.safeParse(name)
    if (!device.success) return UNAUTHORISED
    const commonName = commonNameOf(request.socket as TLSSocket)
    const verdict = authentication.prove(device.data, { commonName, token: request.headers.authorization })
    if (verdict.kind === 'admitted') return undefined
    logger.warn('iot-hub.request-refused', { code: verdict.code })
    return verdict.code === 'not-admitted' ? DISABLED : UNAUTHORISED
  }

  async #serve(request: IncomingMessage, path: string): Promise<Answer> {
    const { authentication, service, logger } = this.#parts
    if (!authentication.proveService(request.headers.authorization, request.headers.host)) {
      logger.warn('iot-hub.service-refused')
      return UNAUTHORISED
    }
    return service.answer(request.method, path, parseJson(await readBody(request, MAX_SERVICE_BYTES)))
  }

  async #begin(device: DeviceId, body: unknown): Promise<Answer> {
    const parsed = uploadRequest.safeParse(body)
    if (!parsed.success) return { status: 400 }
    const ticket = await this.#parts.uploads.begin(device, parsed.data.blobName)
    return {
      status: 200,
      body: { ...ticket, hostName: this.#options.blobHost ?? `${this.#options.host}:${this.port}` },
    }
  }

  async #notify(device: DeviceId, id: string, body: unknown): Promise<Answer> {
    const parsed = uploadResult.safeParse(body)
    if (!parsed.success) return { status: 400 }
    const stored = await this.#parts.uploads.notify(device, id, parsed.data.isSuccess)
    if (stored !== undefined) await this.#parts.takeFile(stored)
    return { status: 204 }
  }

  async #blob(request: IncomingMessage, path: string, query: URLSearchParams): Promise<Answer> {
    const { uploads } = this.#parts
    const id = uploads.authorise(path, query)
    if (query.get('comp') === 'block') {
      const block = query.get('blockid') ?? ''
      if (!/^[A-Za-z0-9+/=]{1,88}$/.test(block)) return { status: 400 }
      await uploads.block(id, block, request)
      return { status: 201 }
    }
    if (query.get('comp') !== 'blocklist') return { status: 400 }
    const list = (await readBody(request, MAX_LIST_BYTES)).toString('utf8')
    const blocks = [...list.matchAll(/<(?:Latest|Uncommitted)>([A-Za-z0-9+/=]{1,88})<\//g)].map(
      (match) => match[1] ?? '',
    )
    await uploads.list(id, blocks)
    return { status: 201 }
  }

  #failure(error: unknown): Answer {
    if (!isCodedError(error)) {
      this.#parts.logger.error('iot-hub.request-failed', { reason: String(error) })
      return { status: 500 }
    }
    this.#parts.logger.warn('iot-hub.request-refused', { code: error.code })
    const status: Readonly<Record<string, number>> = {
      'upload-unknown': 404,
      'upload-too-large': 413,
      'too-many-uploads': 429,
    }
    return { status: status[error.code] ?? 400, body: { Message: `ErrorCode:${error.code};${error.message}` } }
  }
}

async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > limit) throw new EndpointError('upload-too-large', 'the request is larger than it may be')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}

function reply(response: ServerResponse, answer: Answer): void {
  const text = answer.body === undefined ? '' : JSON.stringify(answer.body)
  // A body that was not read to its end would be taken for the next request.
  if (answer.status >= 400) response.setHeader('connection', 'close')
  response.writeHead(answer.status, {
    'content-length': Buffer.byteLength(text),
    ...(text === '' ? {} : { 'content-type': 'application/json' }),
  })
  response.end(text)
}
