import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answerAddCheckpoint, type WitnessDependencies } from '@leadglass/sync-agent/audit-log'
import type { Service } from '@leadglass/sync-agent/foundation'

const MAX_BODY_BYTES = 128 * 1024
const REQUEST_TIMEOUT_MS = 15_000

/** A witness as a server of its own (C2SP tlog-witness): `POST /add-checkpoint` and nothing else. */
export class WitnessServer implements Service {
  readonly #address: { readonly host: string; readonly port: number }
  readonly #dependencies: WitnessDependencies
  #server: Server | undefined

  constructor(address: { readonly host: string; readonly port: number }, dependencies: WitnessDependencies) {
    this.#address = address
    this.#dependencies = dependencies
  }

  /** The port that is listened on; 0 before the start. */
  get port(): number {
    return (this.#server?.address() as AddressInfo | null)?.port ?? 0
  }

  async start(): Promise<void> {
    const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
      void this.#answer(request).then(
        ({ status, contentType, body }) => {
          response.writeHead(status, { 'content-type': contentType, 'cache-control': 'no-store' }).end(body)
        },
        // The memory could not be read or written: nothing was cosigned.
        () => response.writeHead(500).end(),
      )
    })
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(this.#address.port, this.#address.host, resolve)
    })
    this.#server = server
  }

  async stop(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    server?.closeAllConnections()
    await new Promise<void>((resolve) => {
      if (server === undefined) resolve()
      else server.close(() => resolve())
    })
  }

  async #answer(request: IncomingMessage): Promise<{ status: number; contentType: string; body: string }> {
    const none = (status: number): { status: number; contentType: string; body: string } => ({
      status,
      contentType: 'text/plain; charset=utf-8',
      body: '',
    })
    if (new URL(request.url ?? '/', 'http://witness').pathname !== '/add-checkpoint') return none(404)
    if (request.method !== 'POST') return none(405)
    const parts: Buffer[] = []
    let bytes = 0
    for await (const part of request as AsyncIterable<Buffer>) {
      bytes += part.length
      if (bytes > MAX_BODY_BYTES) return none(400)
      parts.push(part)
    }
    return answerAddCheckpoint(Buffer.concat(parts).toString('utf8'), this.#dependencies)
  }
}
