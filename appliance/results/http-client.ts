import { readFile } from 'node:fs/promises'
import { request as plainRequest } from 'node:http'
import { type RequestOptions, request as tlsRequest } from 'node:https'
import { Readable } from 'node:stream'
import type { Destination } from '../settings.ts'

/** One request to a destination. `path` is appended to its URL. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT'
  readonly path: string
  readonly accept: string
  readonly contentType?: string
  /** Pieces of the body; more than one go out as they come (RFC 9112 7.1). */
  readonly body?: readonly Uint8Array[]
}

/** The answer, or a code of `meaningOf` that says why there is none. */
export type HttpAnswer =
  | { readonly kind: 'answered'; readonly status: number; readonly body: Buffer }
  | { readonly kind: 'failed'; readonly code: string }

export interface HttpLimits {
  /** Without a byte in either direction. */
  readonly idleMs: number
  /** From the first byte of the request to the last of the answer. */
  readonly wholeMs: number
  readonly answerBytes: number
}

export const HTTP_LIMITS: HttpLimits = { idleMs: 60_000, wholeMs: 600_000, answerBytes: 8_388_608 }

/** Nothing of the request has arrived when one of these is the reason. */
const UNREACHED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL'])
const TLS_FAILURE = /^(?:ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|EPROTO|HOSTNAME_MISMATCH)/

/** Sends one request over a connection of its own. Never throws for what a server does; redirections are not followed. */
export async function askOverHttp(
  destination: Destination,
  request: HttpRequest,
  limits: HttpLimits = HTTP_LIMITS,
): Promise<HttpAnswer> {
  let secrets: { readonly authorization?: string; readonly ca?: Buffer }
  try {
    secrets = await secretsOf(destination)
  } catch {
    return { kind: 'failed', code: 'http-secret' }
  }
  const { authorization, ca } = secrets
  const url = new URL(`${destination.url ?? ''}${request.path}`)
  const length = request.body?.reduce((sum, piece) => sum + piece.byteLength, 0)
  const options: RequestOptions = {
    method: request.method,
    agent: false,
    headers: {
      ...destination.headers,
      accept: request.accept,
      ...(request.contentType === undefined ? {} : { 'content-type': request.contentType }),
      ...(length === undefined ? {} : { 'content-length': length }),
      ...(authorization === undefined ? {} : { authorization }),
    },
    ...(url.protocol === 'https:' ? { minVersion: 'TLSv1.2', ...(ca === undefined ? {} : { ca }) } : {}),
  }
  return exchange(url, options, request.body ?? [], limits)
}

function exchange(
  url: URL,
  options: RequestOptions,
  body: readonly Uint8Array[],
  limits: HttpLimits,
): Promise<HttpAnswer> {
  return new Promise((resolve) => {
    const send = url.protocol === 'https:' ? tlsRequest : plainRequest
    const outgoing = send(url, options)
    let timedOut = false
    const giveUp = (): void => {
      timedOut = true
      outgoing.destroy()
    }
    const whole = setTimeout(giveUp, limits.wholeMs)
    const end = (answer: HttpAnswer): void => {
      clearTimeout(whole)
      outgoing.destroy()
      resolve(answer)
    }
    outgoing.setTimeout(limits.idleMs, giveUp)
    outgoing.on('error', (cause: NodeJS.ErrnoException) => {
      end({ kind: 'failed', code: timedOut ? 'http-timed-out' : failureCode(cause) })
    })
    outgoing.on('response', (answer) => {
      const pieces: Buffer[] = []
      let bytes = 0
      answer.on('data', (piece: Buffer) => {
        bytes += piece.length
        if (bytes > limits.answerBytes) end({ kind: 'failed', code: 'http-answer' })
        else pieces.push(piece)
      })
      answer.on('end', () => end({ kind: 'answered', status: answer.statusCode ?? 0, body: Buffer.concat(pieces) }))
      answer.on('error', () => end({ kind: 'failed', code: timedOut ? 'http-timed-out' : 'http-lost' }))
    })
    Readable.from(body).pipe(outgoing)
  })
}

function failureCode({ code = '' }: NodeJS.ErrnoException): string {
  if (UNREACHED.has(code)) return 'http-unreachable'
  return TLS_FAILURE.test(code) ? 'http-tls' : 'http-lost'
}

/** Read for every request: a token and a certificate can be renewed without anybody being told. */
async function secretsOf({ bearerFile, caFile }: Destination): Promise<{ authorization?: string; ca?: Buffer }> {
  const token = bearerFile === undefined ? undefined : (await readFile(bearerFile, 'utf8')).trim()
  // RFC 6750 2.1, b64token.
  if (token !== undefined && !/^[A-Za-z0-9._~+/-]+=*$/.test(token)) throw new TypeError('not a bearer token')
  const ca = caFile === undefined ? undefined : await readFile(caFile)
  return { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...(ca === undefined ? {} : { ca }) }
}
