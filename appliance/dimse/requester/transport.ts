import { createConnection, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { DimseError } from '../errors.ts'
import { type RequesterTls, requesterTlsOptions } from '../tls.ts'

/**
 * Opens the transport connection to a peer.
 * @param timeoutMs bounds the connection and, with TLS, the handshake.
 * @throws DimseError `connection-refused` or `tls-failed`.
 */
export async function openTransport(
  host: string,
  port: number,
  tls: RequesterTls | undefined,
  timeoutMs: number,
): Promise<Socket> {
  const socket =
    tls === undefined
      ? createConnection({ host, port, noDelay: true, keepAlive: true })
      : connectTls({ host, port, ...requesterTlsOptions(tls, host) })
  try {
    await connected(socket, tls === undefined ? 'connect' : 'secureConnect', timeoutMs)
  } catch (error) {
    socket.destroy()
    throw error
  }
  socket.setNoDelay(true)
  return socket
}

/** True for what OpenSSL and Node say about certificates and protocol versions. */
export function isTlsFailure(error: Error | undefined): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? ''
  return /^ERR_(SSL|TLS|OSSL)|CERT|SELF_SIGNED|^UNABLE_TO/.test(code)
}

function connected(socket: Socket, event: 'connect' | 'secureConnect', timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: DimseError) => {
      clearTimeout(timer)
      socket.off(event, succeed)
      socket.off('error', fail)
      socket.off('close', giveUp)
      if (error === undefined) resolve()
      else reject(error)
    }
    const succeed = () => settle()
    const fail = (cause?: Error) => {
      // A late error of a socket that is given up must find a listener.
      socket.on('error', () => {})
      settle(
        isTlsFailure(cause)
          ? new DimseError('tls-failed', 'the TLS handshake failed', cause)
          : new DimseError('connection-refused', 'the peer cannot be reached', cause),
      )
    }
    const giveUp = () => fail()
    const timer = setTimeout(giveUp, timeoutMs)
    socket.on(event, succeed)
    socket.on('error', fail)
    socket.on('close', giveUp)
  })
}
