import { createServer, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'

/** What the server does wrong with one path. */
export type ServerFault =
  /** Sends so many bytes of the body, then resets the connection. Once. */
  | { readonly kind: 'reset-after'; readonly bytes: number }
  /** Sends up to this position of the file, then nothing more. */
  | { readonly kind: 'stall-after'; readonly bytes: number }
  /** Sends for ever. */
  | { readonly kind: 'endless' }
  /** Sends one byte at an interval. */
  | { readonly kind: 'trickle'; readonly everyMs: number }
  | { readonly kind: 'status'; readonly status: number }

/** A loopback server of repository files with byte ranges, and with faults on demand. */
export class RepositoryServer {
  readonly faults = new Map<string, ServerFault>()
  /** `path range` of each request, in order. */
  readonly requests: string[] = []
  readonly #files: ReadonlyMap<string, Uint8Array>
  readonly #server: Server
  readonly #scheme: 'http' | 'https'

  constructor(files: ReadonlyMap<string, Uint8Array>, tls?: { readonly key: string; readonly cert: string }) {
    this.#files = files
    this.#scheme = tls === undefined ? 'http' : 'https'
    const answer = (url: string | undefined, range: string | undefined, response: ServerResponse): void =>
      this.#answer(url ?? '/', range, response)
    this.#server =
      tls === undefined
        ? createServer((request, response) => answer(request.url, request.headers.range, response))
        : createTlsServer(tls, (request, response) => answer(request.url, request.headers.range, response))
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `${this.#scheme}://127.0.0.1:${(this.#server.address() as AddressInfo).port}/delivery/`
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #answer(url: string, range: string | undefined, response: ServerResponse): void {
    const path = url.replace(/^\/delivery\//, '')
    this.requests.push(range === undefined ? path : `${path} ${range}`)
    const fault = this.faults.get(path)
    const bytes = this.#files.get(path)
    const refusal = fault?.kind === 'status' ? fault.status : bytes === undefined ? 404 : undefined
    if (fault?.kind === 'endless') endless(response)
    else if (refusal !== undefined || bytes === undefined) response.writeHead(refusal ?? 404).end()
    else this.#send(path, bytes, range, fault, response)
  }

  #send(
    path: string,
    bytes: Uint8Array,
    range: string | undefined,
    fault: ServerFault | undefined,
    response: ServerResponse,
  ): void {
    const from = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0)
    if (from > bytes.length) {
      response.writeHead(416).end()
      return
    }
    const body = bytes.subarray(from)
    const headers = {
      'content-length': body.length,
      'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}`,
    }
    response.writeHead(
      range === undefined ? 200 : 206,
      range === undefined ? { 'content-length': body.length } : headers,
    )
    if (fault === undefined) response.end(body)
    else this.#spoil(path, fault, body, from, response)
  }

  #spoil(path: string, fault: ServerFault, body: Uint8Array, from: number, response: ServerResponse): void {
    if (fault.kind === 'reset-after') {
      this.faults.delete(path)
      // The bytes must have left before the reset overtakes them.
      response.write(body.subarray(0, fault.bytes), () => setTimeout(() => response.destroy(), 50))
    } else if (fault.kind === 'stall-after') {
      response.write(body.subarray(0, Math.max(0, fault.bytes - from)))
      response.flushHeaders()
    } else if (fault.kind === 'trickle') {
      let at = 0
      const timer = setInterval(() => {
        response.write(body.subarray(at, at + 1))
        at += 1
      }, fault.everyMs)
      response.once('close', () => clearInterval(timer))
    }
  }
}

function endless(response: ServerResponse): void {
  response.writeHead(200)
  const chunk = Buffer.alloc(65_536, 'x')
  const more = (): void => {
    while (!response.destroyed && response.write(chunk));
    if (!response.destroyed) response.once('drain', more)
  }
  more()
}
