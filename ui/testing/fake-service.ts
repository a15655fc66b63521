import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { signIn } from '../contract/common.ts'
import { PageFiles } from './page-files.ts'

/**
 * The strictest of the policies that the services send: pages must work under each directive that any of them has.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "font-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "form-action 'none'",
].join('; ')

/** Name of the session cookie; its value is the account. */
export const COOKIE = 'leadglass-session'

/** Any fake account opens with it. */
export const PASSWORD = 'a password of the fake service'

/** What a handler sees of a request. */
export interface FakeRequest {
  readonly account: string
  /** Groups of the route's pattern, decoded. */
  readonly params: readonly string[]
  readonly query: URLSearchParams
  readonly body: unknown
}

/** A path of the API. What `answer` returns is sent as JSON; the caller parses it with the contract's schema first. */
export interface FakeRoute {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: RegExp
  readonly answer: (request: FakeRequest) => unknown
}

/** Thrown by a route: answered as the services answer. */
export class FakeFailure extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string) {
    super(code)
    this.status = status
    this.code = code
  }
}

/** What both fakes need to be built. */
export interface FakeServiceOptions {
  /** Folder of the built pages. */
  readonly pagesFolder: string
  readonly routes: readonly FakeRoute[]
  /** What GET /api/session says of an account; `undefined` for an account that does not exist. */
  readonly session: (account: string) => unknown
}

/**
 * A service on a loopback port: pages under the strict policy, sign-in, routes, server-sent events, and switches for the
 * states that are hard to bring about in a real one.
 */
export class FakeService {
  /** `failing`: every path but the session answers 500 with a coded error. */
  mode: 'working' | 'failing' = 'working'
  /** Method and path with query of every request to the API. */
  readonly requests: string[] = []
  readonly #options: FakeServiceOptions
  readonly #pages: PageFiles
  readonly #streams = new Set<ServerResponse>()
  #server: Server | undefined
  #offline = false
  #released: Promise<void> = Promise.resolve()
  #release: () => void = () => undefined

  constructor(options: FakeServiceOptions) {
    this.#options = options
    this.#pages = new PageFiles(options.pagesFolder)
  }

  /** Address of the pages, without a slash at the end. */
  get origin(): string {
    const address = this.#server?.address() as AddressInfo | undefined
    return `http://127.0.0.1:${address?.port ?? 0}`
  }

  /** The API stops answering: connections are cut, as when the service has gone. The pages' files still come. */
  set offline(offline: boolean) {
    this.#offline = offline
    if (offline) for (const stream of this.#streams) stream.destroy()
  }

  async start(): Promise<void> {
    const server = createServer((request, response) => {
      this.#handle(request, response).catch((error: unknown) => {
        response.destroy(error instanceof Error ? error : undefined)
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    this.#server = server
  }

  async stop(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (server === undefined) return
    server.closeAllConnections()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  }

  /** Keeps every answer but that about the session until `releaseAnswers`: what a page shows meanwhile can be looked at. */
  holdAnswers(): void {
    this.#released = new Promise((resolve) => {
      this.#release = resolve
    })
  }

  /** Lets the held answers go, and those that follow. */
  releaseAnswers(): void {
    this.#release()
  }

  /** Sends a server-sent event to every open page. */
  send(event: string, data: unknown): void {
    for (const stream of this.#streams) stream.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('content-security-policy', CONTENT_SECURITY_POLICY)
    response.setHeader('x-content-type-options', 'nosniff')
    response.setHeader('referrer-policy', 'no-referrer')
    const url = new URL(request.url ?? '/', 'http://fake')
    if (!url.pathname.startsWith('/api/')) {
      this.#pages.send(url.pathname, response)
      return
    }
    this.requests.push(`${request.method} ${url.pathname}${url.search}`)
    if (this.#offline) {
      request.socket.destroy()
      return
    }
    if (url.pathname !== '/api/session') await this.#released
    try {
      await this.#api(request, response, url)
    } catch (error) {
      if (!(error instanceof FakeFailure)) throw error
      sendJson(response, error.status, failureBody(error.code))
    }
  }

  async #api(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const body = await readJson(request)
    const account = this.#accountOf(request)
    if (url.pathname === '/api/session') {
      this.#session(request.method ?? 'GET', body, account, response)
      return
    }
    if (account === undefined) throw new FakeFailure(401, 'not-signed-in')
    if (this.mode === 'failing') throw new FakeFailure(500, 'internal')
    if (url.pathname === '/api/events') {
      this.#openStream(response)
      return
    }
    for (const route of this.#options.routes) {
      const found = route.method === request.method ? route.path.exec(url.pathname) : null
      if (found === null) continue
      const params = found.slice(1).map(decodeURIComponent)
      sendJson(response, 200, await route.answer({ account, params, query: url.searchParams, body }))
      return
    }
    throw new FakeFailure(404, 'not-found')
  }

  #session(method: string, body: unknown, account: string | undefined, response: ServerResponse): void {
    if (method === 'DELETE') {
      response.setHeader('set-cookie', `${COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0`)
      sendJson(response, 200, { done: true })
      return
    }
    if (method === 'POST') {
      const wanted = signIn.parse(body)
      const session = this.#options.session(wanted.account)
      if (session === undefined || wanted.password !== PASSWORD) throw new FakeFailure(401, 'sign-in-refused')
      response.setHeader('set-cookie', `${COOKIE}=${wanted.account}; Path=/; HttpOnly; SameSite=Strict`)
      sendJson(response, 200, session)
      return
    }
    if (account === undefined) throw new FakeFailure(401, 'not-signed-in')
    sendJson(response, 200, this.#options.session(account))
  }

  #openStream(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    response.write(': open\n\n')
    this.#streams.add(response)
    response.on('close', () => this.#streams.delete(response))
  }

  #accountOf(request: IncomingMessage): string | undefined {
    const account = new RegExp(`(?:^|; )${COOKIE}=([^;]+)`).exec(request.headers.cookie ?? '')?.[1]
    return account !== undefined && this.#options.session(account) !== undefined ? account : undefined
  }
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  const text = Buffer.concat(parts).toString('utf8')
  return text === '' ? undefined : JSON.parse(text)
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' })
  response.end(JSON.stringify(body))
}

function failureBody(code: string): unknown {
  const message = `the fake service refuses with ${code}`
  return {
    error: { code, message, effect: 'nothing was read or changed', nextStep: 'set the switch of the fake back' },
  }
}
