import { type ClientRequest, type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { Sha256Hex } from '../foundation/index.ts'
import { type BlobStream, collect, FetchError, type RepositoryFetcher } from './fetcher.ts'

/** How the repository's server is reached. */
export interface HttpFetcherOptions {
  /** Address of the repository, `https://hub.example:11114/delivery/`. */
  readonly repositoryUrl: string
  /** PEM certificates of the only authorities that are believed for https. */
  readonly ca?: string
  /** PEM client certificate and key, when the server asks for them. */
  readonly certificate?: string
  readonly privateKey?: string
  /** Longest silence in milliseconds; there is no limit on the whole. 30 s unless told. */
  readonly idleTimeoutMs?: number
  /** Fewest bytes in one idle period of a running body, against slow retrieval. 256 unless told. */
  readonly minimumBytesPerPeriod?: number
}

const TLS_FAILURES = /CERT|SELF_SIGNED|UNABLE_TO_(?:GET|VERIFY)|ERR_TLS|ERR_SSL|DEPTH_ZERO|HOSTNAME|ALTNAME/

/** Reads a repository over HTTP(S): no redirects, no content encoding, size caps, idle time-out, Range resume. */
export class HttpFetcher implements RepositoryFetcher {
  readonly #base: URL
  readonly #options: HttpFetcherOptions
  readonly #idleMs: number
  readonly #minimumBytes: number

  constructor(options: HttpFetcherOptions) {
    this.#base = new URL(options.repositoryUrl.endsWith('/') ? options.repositoryUrl : `${options.repositoryUrl}/`)
    this.#options = options
    this.#idleMs = options.idleTimeoutMs ?? 30_000
    this.#minimumBytes = options.minimumBytesPerPeriod ?? 256
  }

  metadata(name: string, maximumBytes: number): Promise<Uint8Array | undefined> {
    return this.#whole(`metadata/${name}`, maximumBytes)
  }

  target(path: string, maximumBytes: number): Promise<Uint8Array | undefined> {
    return this.#whole(`targets/${path}`, maximumBytes)
  }

  async blob(sha256: Sha256Hex, from: number): Promise<BlobStream | undefined> {
    const response = await this.#get(`blobs/${sha256}`, from)
    if (response === undefined) return undefined
    // RFC 9110 14.4: a 206 says where it begins. Anything else than our offset is treated as no resume at all.
    const begins = /^bytes (\d{1,15})-/.exec(response.headers['content-range'] ?? '')?.[1]
    if (response.statusCode === 206 && Number(begins) !== from) {
      response.destroy()
      throw new FetchError('status', 'the server resumed at another place than asked')
    }
    return { offset: response.statusCode === 206 ? from : 0, chunks: this.#body(response) }
  }

  async #whole(path: string, maximumBytes: number): Promise<Uint8Array | undefined> {
    const response = await this.#get(path, 0)
    if (response === undefined) return undefined
    if (Number(response.headers['content-length'] ?? 0) > maximumBytes) {
      response.destroy()
      throw new FetchError('too-large', `a file exceeds its limit of ${maximumBytes} bytes`)
    }
    return collect(this.#body(response), maximumBytes)
  }

  /** One GET; undefined for 403, 404 and 410. The response's body is not read yet. */
  async #get(path: string, from: number): Promise<IncomingMessage | undefined> {
    const response = await this.#send(new URL(path, this.#base), from)
    const status = response.statusCode ?? 0
    const encoded = response.headers['content-encoding']
    if ((status === 200 || (status === 206 && from > 0)) && (encoded === undefined || encoded === 'identity')) {
      return response
    }
    response.destroy()
    if (status === 403 || status === 404 || status === 410) return undefined
    // RFC 9110 15.5.17: nothing lies beyond our offset; the caller begins again.
    if (status === 416 && from > 0) return this.#get(path, 0)
    throw new FetchError('status', `the server answered with status ${status}`)
  }

  #send(url: URL, from: number): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const headers: Record<string, string> = { 'accept-encoding': 'identity' }
      if (from > 0) headers.range = `bytes=${from}-`
      const options: RequestOptions & Record<string, unknown> = { method: 'GET', headers, agent: false }
      const { ca, certificate, privateKey } = this.#options
      if (ca !== undefined) options.ca = ca
      if (certificate !== undefined) options.cert = certificate
      if (privateKey !== undefined) options.key = privateKey
      const request: ClientRequest = url.protocol === 'https:' ? requestHttps(url, options) : requestHttp(url, options)
      request.setTimeout(this.#idleMs, () => request.destroy(stalled(this.#idleMs)))
      request.once('response', (response) => {
        request.setTimeout(0) // from here on the body is watched, where the error can be named
        resolve(response)
      })
      request.on('error', (error) => reject(asFetchError(error)))
      request.end()
    })
  }

  async *#body(response: IncomingMessage): AsyncIterable<Uint8Array> {
    let inPeriod = 0
    let waiting = true
    const watch = setInterval(() => {
      // Only while we wait for the server: a slow disk of our own is not its fault.
      if (waiting && inPeriod < this.#minimumBytes) response.destroy(stalled(this.#idleMs))
      inPeriod = 0
    }, this.#idleMs)
    try {
      for await (const chunk of response) {
        inPeriod += (chunk as Uint8Array).length
        waiting = false
        yield chunk as Uint8Array
        waiting = true
      }
      // Node reports a body shorter than its Content-Length as an error; a reset without one ends here.
      if (!response.complete) throw new FetchError('unreachable', 'the connection ended before the file did')
    } catch (error) {
      throw asFetchError(error)
    } finally {
      clearInterval(watch)
      response.destroy()
    }
  }
}

function stalled(idleMs: number): FetchError {
  return new FetchError('stalled', `nothing useful arrived for ${idleMs} ms`)
}

function asFetchError(error: unknown): FetchError {
  if (error instanceof FetchError) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (TLS_FAILURES.test(code))
    return new FetchError('tls', `the server's certificate was not accepted (${code})`, error)
  return new FetchError('unreachable', `the repository could not be reached (${code || 'connection failed'})`, error)
}
