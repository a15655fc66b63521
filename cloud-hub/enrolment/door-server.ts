import { createServer, type Server, type TLSSocket } from 'node:tls'
import { ENROLMENT_PROTOCOL, UPLOAD_PROTOCOL } from '@leadglass/sync-agent/contract'
import type { Service } from '@leadglass/sync-agent/foundation'

const HANDSHAKE_TIMEOUT_MS = 10_000
const MAX_CONNECTIONS = 256

/** How the server listens. Certificates are PEM. */
export interface DoorServerOptions {
  readonly host: string
  readonly port: number
  readonly caPem: string
  readonly certificatePem: string
  readonly keyPem: string
  readonly take: (socket: TLSSocket) => void
  /** Takes connections that come to upload; it judges their certificate. */
  readonly upload: (socket: TLSSocket) => void
}

/** The device port without a broker, for a hub whose broker is another program: boxes join, renew and upload here. */
export class DoorServer implements Service {
  readonly #options: DoorServerOptions
  readonly #sockets = new Set<TLSSocket>()
  #server: Server | undefined

  constructor(options: DoorServerOptions) {
    this.#options = options
  }

  /** The port that is listened on; useful when 0 was asked for. */
  get port(): number {
    const address = this.#server?.address()
    return typeof address === 'object' && address !== null ? address.port : this.#options.port
  }

  async start(): Promise<void> {
    const { caPem, certificatePem, keyPem, host, port, take, upload } = this.#options
    const server = createServer(
      {
        ca: caPem,
        cert: certificatePem,
        key: keyPem,
        requestCert: true,
        // A box that joins has no certificate yet; the door looks at those that renew.
        rejectUnauthorized: false,
        minVersion: 'TLSv1.3',
        handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
        ALPNProtocols: [ENROLMENT_PROTOCOL, UPLOAD_PROTOCOL],
      },
      (socket) => {
        socket.on('error', () => socket.destroy())
        this.#sockets.add(socket)
        socket.once('close', () => this.#sockets.delete(socket))
        if (socket.alpnProtocol === ENROLMENT_PROTOCOL) take(socket)
        else if (socket.alpnProtocol === UPLOAD_PROTOCOL) upload(socket)
        else socket.destroy()
      },
    )
    server.maxConnections = MAX_CONNECTIONS
    this.#server = server
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, host, () => {
        server.off('error', reject)
        resolve()
      })
    })
  }

  async stop(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (server === undefined) return
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  /** Takes another server certificate into use for the connections to come. */
  renew(credential: { readonly certificatePem: string; readonly keyPem: string }): void {
    const { certificatePem: cert, keyPem: key } = credential
    this.#server?.setSecureContext({ ca: this.#options.caPem, cert, key, minVersion: 'TLSv1.3' })
  }
}
