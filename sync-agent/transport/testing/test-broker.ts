import type { AddressInfo } from 'node:net'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import { Aedes } from 'aedes'
import type { Service } from '../../foundation/index.ts'
import type { TestCertificateAuthority } from './certificate-authority.ts'

/** CN of the hub's client on test brokers. */
export const TEST_HUB_NAME = 'test-hub'

/** An embedded broker over TLS with client certificates: a device acts below its own name only, the hub everywhere. */
export class TestBroker implements Service {
  readonly #authority: TestCertificateAuthority
  #port: number
  #aedes: Aedes | undefined
  #server: Server | undefined
  readonly #sockets = new Set<TLSSocket>()

  /** @param port 0 for any; a restart keeps the port that it got first. */
  constructor(authority: TestCertificateAuthority, port = 0) {
    this.#authority = authority
    this.#port = port
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
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(this.#port, '127.0.0.1', () => resolve())
    })
    this.#port = (server.address() as AddressInfo).port
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
