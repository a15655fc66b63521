import { createServer, type Server, type TLSSocket } from 'node:tls'
import { Aedes } from 'aedes'
import type { Service } from '../../foundation/index.ts'
import type { TestCertificateAuthority } from './certificate-authority.ts'
import { freePort } from './free-port.ts'

/** CN of the hub's client on test brokers. */
export const TEST_HUB_NAME = 'test-hub'

/** An embedded broker over TLS with client certificates: a device acts below its own name only, the hub everywhere. */
export class TestBroker implements Service {
  readonly #authority: TestCertificateAuthority
  /** Chosen at the first start and kept by every later one. */
  #port = 0
  #aedes: Aedes | undefined
  #server: Server | undefined
  readonly #sockets = new Set<TLSSocket>()

  constructor(authority: TestCertificateAuthority) {
    this.#authority = authority
  }

  get url(): string {
    return `mqtts://127.0.0.1:${this.#port}`
  }

  async start(): Promise<void> {
    const names = new WeakMap<object, string>()
    const own = (client: { readonly conn: object } | null, topic: string): boolean => {
      const name = client === null ? TEST_HUB_NAME : (names.get(client.conn) ?? '')
      return name === TEST_HUB_NAME || topic.startsWith(`leadglass/1/devices/${name}/`)
    }
    const aedes = await Aedes.createBroker({
      authorizePublish: (client, packet, done) => done(own(client, packet.topic) ? null : new Error('not authorised')),
      authorizeSubscribe: (client, subscription, done) =>
        done(null, own(client, subscription.topic) ? subscription : null),
    })
    const { caPem, certificatePem, keyPem } = this.#authority.server()
    const options = { ca: caPem, cert: certificatePem, key: keyPem, requestCert: true, rejectUnauthorized: true }
    const server = createServer(options, (socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
      socket.on('error', () => socket.destroy())
      const { CN } = socket.getPeerCertificate().subject
      names.set(socket, typeof CN === 'string' ? CN : '')
      aedes.handle(socket)
    })
    this.#aedes = aedes
    this.#server = server
    if (this.#port === 0) this.#port = await freePort()
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(this.#port, '127.0.0.1', () => resolve())
    })
  }

  async stop(): Promise<void> {
    const aedes = this.#aedes
    const server = this.#server
    this.#aedes = undefined
    this.#server = undefined
    if (server === undefined || aedes === undefined) return
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    for (const socket of this.#sockets) socket.destroy()
    await new Promise<void>((resolve) => aedes.close(resolve))
    await closed
  }
}
