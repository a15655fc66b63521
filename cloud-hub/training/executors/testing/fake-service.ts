import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'

/** What a service answers; `raw` instead of JSON where a test wants something else. */
export interface Answer {
  readonly status: number
  readonly json?: unknown
  readonly raw?: Uint8Array
  readonly headers?: Readonly<Record<string, string>>
}

/** A request as a service sees it. */
export interface Asked {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly body: Buffer
}

export const TOKEN = 'token-of-the-test'

/** A local HTTP server that stands for a service: asks for the bearer token and answers with what the handler says. */
export class FakeService {
  /** Answers instead of the service, where it gives one: how a service misbehaves. */
  hostile: ((asked: Asked) => Answer | undefined) | undefined
  readonly asked: Asked[] = []
  readonly #handle: (asked: Asked) => Promise<Answer>
  readonly #server: Server

  constructor(handle: (asked: Asked) => Promise<Answer>) {
    this.#handle = handle
    this.#server = createServer((request, response) => void this.#answer(request, response))
  }

  get url(): string {
    const address = this.#server.address()
    return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
  }

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const url = new URL(request.url ?? '/', 'http://service')
    const asked: Asked = {
      method: request.method ?? '',
      path: decodeURIComponent(url.pathname),
      query: url.searchParams,
      body: Buffer.concat(parts),
    }
    this.asked.push(asked)
    const isKnown = request.headers.authorization === `Bearer ${TOKEN}`
    const answer = this.hostile?.(asked) ?? (isKnown ? await this.#handle(asked) : { status: 401, json: {} })
    const isJson = answer.json !== undefined
    response.writeHead(answer.status, {
      ...(isJson ? { 'content-type': 'application/json' } : {}),
      ...answer.headers,
    })
    response.end(isJson ? JSON.stringify(answer.json) : answer.raw)
  }
}
