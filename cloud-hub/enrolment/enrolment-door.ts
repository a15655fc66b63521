import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { TLSSocket } from 'node:tls'
import { type Clock, isCodedError, type Logger } from '@leadglass/sync-agent/foundation'
import { z } from 'zod'
import { type AlarmBook, EnrolmentError, UNKNOWN_DEVICE } from '../ingest/index.ts'
import type { Anchoring } from './anchoring.ts'
import type { DeviceGate } from './device-gate.ts'
import { InvitationError } from './invitations.ts'
import type { Joining } from './joining.ts'
import { RateLimit } from './rate-limit.ts'
import type { Renewing } from './renewing.ts'

const BODY_LIMIT = 32 * 1024
const TIMEOUT_MS = 10_000
/** Tries a minute: a box needs one, and a network of boxes behind one address a few. */
const PER_ADDRESS = 10
const OVERALL = 300

/** What the door works with. */
export interface EnrolmentDoorParts {
  readonly joining: Joining
  readonly renewing: Renewing
  readonly anchoring: Anchoring
  readonly gate: DeviceGate
  readonly alarms: AlarmBook
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * HTTP over TLS connections that asked for it by ALPN on the port of the devices: joining with a code (no client
 * certificate yet), renewing, confirming and what is to be pinned (mutual TLS).
 */
export class EnrolmentDoor {
  readonly #parts: EnrolmentDoorParts
  readonly #limit: RateLimit
  readonly #server: Server

  constructor(parts: EnrolmentDoorParts) {
    this.#parts = parts
    this.#limit = new RateLimit(parts.clock, PER_ADDRESS, OVERALL)
    this.#server = createServer(
      { requestTimeout: TIMEOUT_MS, headersTimeout: TIMEOUT_MS, keepAliveTimeout: 1000, maxHeaderSize: 8192 },
      (request, response) => void this.#answer(request, response),
    )
  }

  /** Takes a TLS connection whose ALPN name is the enrolment protocol's. */
  take(socket: TLSSocket): void {
    this.#server.emit('connection', socket)
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { logger } = this.#parts
    try {
      send(response, 200, await this.#handle(request))
    } catch (error) {
      const code = error instanceof z.ZodError || error instanceof SyntaxError ? 'request-malformed' : codeOf(error)
      if (code === 'unexpected') logger.error('enrolment.failed', { reason: String(error) })
      else logger.warn('enrolment.refused', { code })
      this.#alarm(request, error, code)
      const status = code === 'unexpected' ? 500 : code === 'too-many-requests' ? 429 : 403
      send(response, status, { schema: 'leadglass.enrolment-refusal/1', code })
    }
  }

  async #handle(request: IncomingMessage): Promise<unknown> {
    const { joining, renewing, anchoring } = this.#parts
    const { socket } = request
    if (!(socket instanceof TLSSocket) || request.method !== 'POST') throw malformed()
    if (!this.#limit.allows(socket.remoteAddress ?? '')) throw tooMany()
    const body = await readBody(request)
    if (request.url === '/join') return joining.join(body, socket)
    const shown = this.#assertDevice(socket)
    if (request.url === '/renew') return renewing.renew(shown, body)
    if (request.url === '/anchors') return anchoring.answer(shown.commonName, body)
    if (request.url === '/confirm') return { schema: 'leadglass.confirmation-answer/1' }
    throw malformed()
  }

  /** The device behind a verified client certificate that is in force; showing it here puts it into force. */
  #assertDevice(socket: TLSSocket): { readonly commonName: string; readonly serial: string } {
    const { subject, serialNumber } = socket.getPeerCertificate() as {
      readonly subject?: { readonly CN?: unknown }
      readonly serialNumber?: string
    }
    const name = typeof subject?.CN === 'string' ? subject.CN : ''
    if (!socket.authorized || serialNumber === undefined) {
      if (name !== '') this.#parts.gate.refuseCertificate(name, String(socket.authorizationError))
      throw new EnrolmentError('certificate-unknown', 'permanent', {
        message: 'the connection shows no valid certificate of this hub',
        effect: 'nothing was changed',
        nextStep: 'enrol the box again with a code',
      })
    }
    const shown = { commonName: name, serial: serialNumber }
    const answer = this.#parts.gate.admitCertificate(shown)
    if (answer.outcome === 'admitted') return shown
    throw new EnrolmentError(answer.code as EnrolmentError['code'], 'permanent', {
      message: 'the certificate is not in force',
      effect: 'nothing was changed',
      nextStep: 'look at the device at the hub',
    })
  }

  /** What somebody at the hub should know of: a wrong proof, a used code, a flood. */
  #alarm(request: IncomingMessage, error: unknown, code: string): void {
    if (code === 'unexpected' || request.url !== '/join') return
    const device = error instanceof InvitationError ? error.device : undefined
    this.#parts.alarms.raise(device ?? UNKNOWN_DEVICE, code === 'enrolment-intercepted' ? code : `join-${code}`, 1)
  }
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > BODY_LIMIT) throw malformed()
    chunks.push(chunk)
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8'))
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' }).end(JSON.stringify(body))
}

function codeOf(error: unknown): string {
  return isCodedError(error) ? error.code : 'unexpected'
}

function malformed(): EnrolmentError {
  return new EnrolmentError('request-malformed', 'permanent', {
    message: 'the request is none that a box sends',
    effect: 'nothing was changed',
    nextStep: 'use the leadglass command of the same version as the hub',
  })
}

function tooMany(): EnrolmentError {
  return new EnrolmentError('too-many-requests', 'transient', {
    message: 'too many requests within a minute',
    effect: 'the request was not looked at',
    nextStep: 'wait a minute',
  })
}
