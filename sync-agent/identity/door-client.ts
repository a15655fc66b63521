import { request as httpRequest } from 'node:http'
import { isIP } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import type { z } from 'zod'
import { CHANNEL_BINDING, ENROLMENT_PROTOCOL, enrolmentRefusal } from '../contract/index.ts'
import { IdentityError, refusedByHub } from './errors.ts'

const TIMEOUT_MS = 30_000
const MOST_BYTES = 64 * 1024

/** With what the client comes to the door. */
export interface DoorCredentials {
  /** The authority that the hub's certificate must come from; null when a code takes its place. */
  readonly caPem: string | null
  readonly certificatePem?: string
  readonly keyPem?: string
}

/** A connection to the door of a hub, and the keying material that both ends can export from it and nobody else. */
export interface DoorConnection {
  readonly socket: TLSSocket
  readonly binding: Buffer
  /** Host and port, for the Host header. */
  readonly authority: string
}

/**
 * Opens a connection to the door: TLS 1.3 on the hub's port for devices.
 * @param url `mqtts://host:port` or `https://host:port`.
 * @throws {IdentityError} `hub-unreachable`.
 */
export async function openDoor(url: string, credentials: DoorCredentials): Promise<DoorConnection> {
  const { hostname, port } = new URL(url)
  const host = hostname.replaceAll(/^\[|\]$/g, '')
  const socket = connect({
    host,
    port: Number(port === '' ? 8883 : port),
    ALPNProtocols: [ENROLMENT_PROTOCOL],
    minVersion: 'TLSv1.3',
    rejectUnauthorized: credentials.caPem !== null,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(credentials.caPem === null ? {} : { ca: credentials.caPem }),
    ...(credentials.certificatePem === undefined ? {} : { cert: credentials.certificatePem }),
    ...(credentials.keyPem === undefined ? {} : { key: credentials.keyPem }),
  })
  await new Promise<void>((resolve, reject) => {
    const fail = (cause?: unknown): void => {
      socket.destroy()
      reject(unreachable(cause))
    }
    socket.setTimeout(TIMEOUT_MS, () => fail())
    socket.once('secureConnect', () => (socket.alpnProtocol === ENROLMENT_PROTOCOL ? resolve() : fail()))
    socket.once('error', fail)
    socket.once('close', () => fail())
  })
  const binding = socket.exportKeyingMaterial(CHANNEL_BINDING.length, CHANNEL_BINDING.label, Buffer.alloc(0))
  return { socket, binding, authority: `${hostname}:${port}` }
}

/**
 * Sends one request on a connection and parses the answer. The connection is over afterwards.
 * @throws {IdentityError} the hub's refusal by its code, or `hub-unreachable`.
 */
export async function askDoor<Answer>(
  { socket, authority }: DoorConnection,
  path: '/join' | '/renew' | '/confirm' | '/anchors',
  body: unknown,
  schema: z.ZodType<Answer>,
): Promise<Answer> {
  try {
    const text = await exchange(socket, authority, path, JSON.stringify(body))
    const parsed = JSON.parse(text) as unknown
    const refusal = enrolmentRefusal.safeParse(parsed)
    if (refusal.success) throw refusedByHub(refusal.data.code)
    return schema.parse(parsed)
  } catch (error) {
    if (error instanceof IdentityError) throw error
    throw unreachable(error)
  } finally {
    socket.destroy()
  }
}

function exchange(socket: TLSSocket, host: string, path: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      createConnection: () => socket,
      method: 'POST',
      path,
      headers: { host, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      timeout: TIMEOUT_MS,
    })
    request.once('timeout', () => request.destroy(new Error('no answer in time')))
    request.once('error', reject)
    request.once('response', (response) => {
      const chunks: Buffer[] = []
      let bytes = 0
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes > MOST_BYTES) request.destroy(new Error('the answer is too long'))
        else chunks.push(chunk)
      })
      response.once('error', reject)
      response.once('end', () => resolve(Buffer.concat(chunks).toString('utf8')))
    })
    request.end(body)
  })
}

function unreachable(cause: unknown): IdentityError {
  return new IdentityError('hub-unreachable', 'transient', {
    message: 'the hub does not answer at its port for devices, or its certificate is not the expected one',
    effect: 'the box keeps the identity that it had',
    nextStep: 'check address, network and clock; nothing is lost by trying again',
    cause,
  })
}
