import type { ClientRequest, IncomingMessage } from 'node:http'
import { Agent, request as httpsRequest } from 'node:https'
import type { Duplex } from 'node:stream'
import { Readable } from 'node:stream'
import type { ConsoleConnection } from '../contract/console-pairing.ts'
import { connectPinned } from './pinned-connection.ts'

/** Of a request; the interface itself takes less. */
const MOST_BYTES = 1_048_576
/** A cable that was pulled says nothing; live events say something every 15 seconds. */
const SILENT_MS = 45_000
/** What a page may say to the appliance; the rest is the main process's own affair. */
const PASSED_UP = ['accept', 'content-type', 'range', 'x-leadglass-page', 'last-event-id'] as const
const PASSED_DOWN = [
  'content-type',
  'content-length',
  'content-range',
  'accept-ranges',
  'cache-control',
  'content-disposition',
  'x-content-type-options',
  // An answer that is opened as a page must not be more than one.
  'content-security-policy',
  'cross-origin-opener-policy',
  'referrer-policy',
] as const
const SESSION_COOKIE = /^leadglass-session=([\w-]{0,64});/

/** Opens connections to one appliance, each to the pinned key. */
class PinnedAgent extends Agent {
  readonly #connection: ConsoleConnection

  constructor(connection: ConsoleConnection) {
    super({ keepAlive: true, maxSockets: 16 })
    this.#connection = connection
  }

  override createConnection(_options: unknown, done?: (error: Error | null, socket: Duplex) => void): undefined {
    connectPinned(this.#connection).then(
      (socket) => done?.(null, socket),
      // The type asks for a socket where Node's own code takes none beside an error.
      (error: unknown) => done?.(error as Error, undefined as unknown as Duplex),
    )
    return undefined
  }
}

/**
 * Carries a page's requests to the appliance. The session lives here alone, in memory: a page never sees it, no cookie is
 * on the disk, and it is gone with the process.
 */
export class ApplianceProxy {
  #agent: PinnedAgent | undefined
  #connection: ConsoleConnection | undefined
  #session: string | undefined

  /** Talks to this appliance from now on, as nobody yet; to none without one. */
  use(connection: ConsoleConnection | undefined): void {
    this.#agent?.destroy()
    this.#session = undefined
    this.#connection = connection
    this.#agent = connection === undefined ? undefined : new PinnedAgent(connection)
  }

  /** Answers a request of a page to `/api`. Never rejects: what fails becomes a 502 in the words of the interface. */
  async answer(request: Request): Promise<Response> {
    const [agent, connection] = [this.#agent, this.#connection]
    if (agent === undefined || connection === undefined) return failed('not-paired')
    try {
      const body = await bodyOf(request)
      if (body === undefined) return failed('too-large')
      // Meanwhile the desk may have been paired anew: what was meant for one appliance is nothing for another.
      if (agent !== this.#agent) return failed('unreachable')
      const answer = await this.#send(request, body, agent, connection)
      if (agent !== this.#agent) {
        answer.destroy()
        return failed('unreachable')
      }
      this.#keepSession(answer)
      return responseOf(answer)
    } catch {
      return failed('unreachable')
    }
  }

  #send(request: Request, body: Uint8Array, agent: Agent, connection: ConsoleConnection): Promise<IncomingMessage> {
    const { pathname, search } = new URL(request.url)
    const headers: Record<string, string> = {}
    for (const name of PASSED_UP) {
      const value = request.headers.get(name)
      if (value !== null) headers[name] = value
    }
    if (this.#session !== undefined) headers.cookie = `leadglass-session=${this.#session}`
    return new Promise((resolve, reject) => {
      const { host, port } = connection
      const outgoing: ClientRequest = httpsRequest(
        { agent, host, port, method: request.method, path: pathname + search, headers, signal: request.signal },
        resolve,
      )
      outgoing.once('error', reject)
      outgoing.setTimeout(SILENT_MS, () => outgoing.destroy(new Error('silent')))
      outgoing.end(body.length === 0 ? undefined : body)
    })
  }

  #keepSession({ headers }: IncomingMessage): void {
    for (const cookie of headers['set-cookie'] ?? []) {
      const token = SESSION_COOKIE.exec(cookie)?.[1]
      if (token !== undefined) this.#session = token === '' ? undefined : token
    }
  }
}

/** @returns `undefined` when there is more than the interface would take. */
async function bodyOf(request: Request): Promise<Uint8Array | undefined> {
  if (request.body === null) return new Uint8Array()
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>) {
    bytes += chunk.length
    if (bytes > MOST_BYTES) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function responseOf(answer: IncomingMessage): Response {
  const headers = new Headers()
  for (const name of PASSED_DOWN) {
    const value = answer.headers[name]
    if (typeof value === 'string') headers.set(name, value)
  }
  const status = answer.statusCode ?? 502
  const isEmpty = status === 204 || status === 304
  if (isEmpty) answer.resume()
  const body = isEmpty ? null : (Readable.toWeb(answer) as unknown as ConstructorParameters<typeof Response>[0])
  return new Response(body, { status, headers })
}

const UNCHANGED = 'Nothing was changed.'
const WORDS = {
  'not-paired': [503, 'This console is not paired with an appliance.', UNCHANGED, 'Pair it first.'],
  'too-large': [413, 'The request is larger than the appliance takes.', UNCHANGED, 'Send less at once.'],
  unreachable: [
    502,
    'The appliance does not answer, or another machine answers in its place.',
    'What you asked for may or may not have been done.',
    'Look before you repeat it; the page tries again by itself. If it stays, ask your administrator.',
  ],
} as const

function failed(code: keyof typeof WORDS): Response {
  const [status, message, effect, nextStep] = WORDS[code]
  return Response.json({ error: { code, message, effect, nextStep } }, { status })
}
