import { createHash, timingSafeEqual } from 'node:crypto'
import { connect, type TLSSocket } from 'node:tls'
import type { ConsoleConnection } from '../contract/console-pairing.ts'

const CONNECT_TIMEOUT_MS = 10_000

/** Why there is no connection. */
export class PinnedConnectionError extends Error {
  readonly code: 'unreachable' | 'other-key'

  constructor(code: 'unreachable' | 'other-key', cause?: unknown) {
    super(code, { cause })
    this.name = 'PinnedConnectionError'
    this.code = code
  }
}

/**
 * Connects to the appliance and makes sure that it holds the pinned key before a single byte is sent. No certificate
 * authority is asked: the handshake proves that the other side holds the key (RFC 8446 4.4.3), and the pin says which.
 * @throws {PinnedConnectionError}
 */
export function connectPinned({ host, port, pin }: ConsoleConnection): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port,
      minVersion: 'TLSv1.3',
      rejectUnauthorized: false,
      timeout: CONNECT_TIMEOUT_MS,
    })
    const fail = (code: PinnedConnectionError['code'], cause?: unknown): void => {
      socket.destroy()
      reject(new PinnedConnectionError(code, cause))
    }
    socket.once('error', (cause) => fail('unreachable', cause))
    socket.once('timeout', () => fail('unreachable'))
    socket.once('secureConnect', () => {
      if (!holdsKey(socket, pin)) return fail('other-key')
      socket.removeAllListeners('timeout')
      socket.setTimeout(0)
      socket.setNoDelay(true)
      resolve(socket)
    })
  })
}

function holdsKey(socket: TLSSocket, pin: string): boolean {
  const certificate = socket.getPeerX509Certificate()
  if (certificate === undefined) return false
  const spki = certificate.publicKey.export({ type: 'spki', format: 'der' })
  const shown = createHash('sha256').update(spki).digest()
  const expected = Buffer.from(pin, 'base64url')
  return shown.length === expected.length && timingSafeEqual(shown, expected)
}
