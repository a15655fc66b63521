import { type IncomingMessage, request, type ServerResponse } from 'node:http'
import { ApiError, failureAnswer } from './errors.ts'

/** What a hub that stands by answers itself: reading changes nothing. */
const OWN_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])
const TIMEOUT_MS = 60_000
/** On what was handed on once: a hub that takes itself for the leader, or two that take each other for it, must not go round. */
const HOP = 'x-leadglass-forwarded'

/** Whether a request has to go to the hub that leads. */
export function isForTheLeader(method: string): boolean {
  return !OWN_METHODS.has(method)
}

/**
 * Hands a request on to the hub that leads, and its answer back, byte by byte. The headers stay as they came: the leader decides
 * by them who asks and from which page.
 * @param leader its address, `http://host:port`; undefined while nobody leads.
 */
export function forward(incoming: IncomingMessage, outgoing: ServerResponse, leader: string | undefined): void {
  const refuse = (): void => {
    if (outgoing.headersSent) {
      outgoing.destroy()
      return
    }
    const { status, body } = failureAnswer(new ApiError('no-leader', 'no hub leads at the moment'))
    outgoing.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }
  if (leader === undefined || incoming.headers[HOP] !== undefined) {
    refuse()
    return
  }
  // The target stands apart from the address: `//elsewhere/` or an absolute one (RFC 9112 3.2.2) must not name another host.
  const asked = request(new URL(leader), {
    path: incoming.url ?? '/',
    method: incoming.method ?? 'GET',
    headers: { ...incoming.headers, [HOP]: '1' },
    timeout: TIMEOUT_MS,
  })
  asked.on('response', (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(outgoing)
    answer.on('error', () => outgoing.destroy())
  })
  asked.on('timeout', () => asked.destroy())
  asked.on('error', refuse)
  incoming.pipe(asked)
}
