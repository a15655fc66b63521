import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { Socket } from 'node:net'
import type { Service } from '@leadglass/sync-agent/foundation'
import type { DoorCredential } from './certificate.ts'

const HANDSHAKE_TIMEOUT_MS = 10_000
/** Consoles of a department, each with a few connections. */
const MAX_CONNECTIONS = 512

/** Where consoles on other machines come in. */
export interface ConsoleDoorOptions {
  readonly host: string
  /** 0 for any free port. */
  readonly port: number
  readonly credential: DoorCredential
}

/** The site's HTTP interface over TLS 1.3, under a key that consoles pin. Sign-in is the interface's own affair. */
export class ConsoleDoor implements Service {
  readonly #options: ConsoleDoorOptions
  readonly #answer: (request: IncomingMessage, response: ServerResponse) => void
  /** Also those whose handshake is not over, which the server itself does not count. */
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined

  /** @param answer the interface, as it answers on the plain port. */
  constructor(options: ConsoleDoorOptions, answer: (request: IncomingMessage, response: ServerResponse) => void) {
    this.#options = options
    this.#answer = answer
  }

  /** The port in use; 0 before the start. */
  get port(): number {
    const address = this.#server?.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  async start(): Promise<void> {
    const { host, port, credential } = this.#options
    const server = createServer(
      {
        key: credential.keyPem,
        cert: credential.certificatePem,
        minVersion: 'TLSv1.3',
        handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
        noDelay: true,
      },
      this.#answer,
    )
    server.maxConnections = MAX_CONNECTIONS
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
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
    // Live pages hold their connection open and come back by themselves; others have not begun to speak.
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }
}
