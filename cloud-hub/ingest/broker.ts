import { Duplex } from 'node:stream'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import { type DeviceId, ENROLMENT_PROTOCOL, MAX_BATCH_BYTES, UPLOAD_PROTOCOL } from '@leadglass/sync-agent/contract'
import type { Logger, Service } from '@leadglass/sync-agent/foundation'
import { Aedes, type Connection } from 'aedes'
import type { ConnectionGate, EnrolmentDoorPort } from './connection-gate.ts'
import { LaneEmitter } from './lane-emitter.ts'
import { PacketGuard, PacketTooLarge } from './packet-guard.ts'
import { admittedPeer, commonNameOf } from './peer-admission.ts'
import { deviceOfTopic, mayPublish, maySubscribe, ownsClientId, type Peer } from './topic-rules.ts'

/** Largest MQTT packet taken: a batch that does not compress, its topic and its header. */
const MAX_PACKET_BYTES = MAX_BATCH_BYTES + 8192
const MAX_CONNECTIONS = 4096
const HANDSHAKE_TIMEOUT_MS = 10_000
/** Envelope messages that are handed to the hub's client at once; the others wait, and their senders are not read. */
const ENVELOPES_AT_ONCE = 64
/** How long a peer may take nothing. The hub takes nothing while its database is busy: not for this long. */
const DRAIN_TIMEOUT_MS = 600_000
/** Answers that may wait for a device that does not read, in bytes; it gets them again when it sends again. */
const MOST_UNREAD_BYTES = 1_048_576

/** How the embedded broker listens. Certificates are PEM. */
export interface BrokerOptions {
  readonly host: string
  readonly port: number
  readonly caPem: string
  readonly certificatePem: string
  readonly keyPem: string
  /** True for the CN of an enrolled, unrevoked device. */
  readonly isAdmitted: (commonName: string) => boolean
  /** Judges certificates and sessions beyond `isAdmitted`, and hears of those that TLS refuses. */
  readonly gate?: ConnectionGate
  /** Takes connections that ask for enrolment; without it they are ended. */
  readonly door?: EnrolmentDoorPort
  /** Takes connections of admitted devices that come to upload; without it they are ended. */
  readonly uploads?: (socket: TLSSocket, device: DeviceId) => void
}

/** The embedded MQTT broker: mutual TLS, and topics by the certificate's CN. */
export class Broker implements Service {
  readonly #options: BrokerOptions
  readonly #logger: Logger
  readonly #peers = new WeakMap<object, Peer>()
  readonly #sockets = new Set<TLSSocket>()
  #aedes: Aedes | undefined
  #server: Server | undefined

  constructor(options: BrokerOptions, logger: Logger) {
    this.#options = options
    this.#logger = logger
  }

  /** The port that is listened on; useful when 0 was asked for. */
  get port(): number {
    const address = this.#server?.address()
    return typeof address === 'object' && address !== null ? address.port : this.#options.port
  }

  async start(): Promise<void> {
    const lanes = new LaneEmitter({
      isBounded: (topic) => deviceOfTopic(topic) !== undefined,
      concurrency: ENVELOPES_AT_ONCE,
    })
    const aedes = await Aedes.createBroker({
      concurrency: ENVELOPES_AT_ONCE,
      drainTimeout: DRAIN_TIMEOUT_MS,
      mq: lanes,
      authorizeForward: (client, packet) => (this.#isDeaf(client.conn) ? null : packet),
      connectTimeout: HANDSHAKE_TIMEOUT_MS,
      maxClientsIdLength: 128,
      maxTopicLevels: 8,
      authenticate: (client, username, _password, done) => {
        const peer = this.#peers.get(client.conn)
        const known = peer !== undefined && ownsClientId(peer, client.id) && this.#admitsSession(peer, username)
        if (!known) this.#logger.warn('broker.client-refused', { peer: peer?.kind ?? 'unknown' })
        done(null, known)
      },
      authorizePublish: (client, packet, done) => {
        const peer = client === null ? undefined : this.#peers.get(client.conn)
        const allowed = peer !== undefined && mayPublish(peer, packet.topic) && (peer.kind === 'hub' || !packet.retain)
        if (!allowed) this.#logger.warn('broker.publish-refused', { peer: peer?.kind ?? 'unknown' })
        // A PUBACK for what nobody takes would cost the device the whole wait for an answer; a lost link only a new one.
        const isHeard = peer?.kind === 'hub' || lanes.isHeard(packet.topic)
        if (!allowed) done(new Error('this certificate may not publish there'))
        else done(isHeard ? null : new Error('the hub does not take envelopes yet'))
      },
      authorizeSubscribe: (client, subscription, done) => {
        const peer = this.#peers.get(client.conn)
        // MQTT 3.1.1 3.9.3: a refused filter is answered with 0x80, the connection stays.
        done(null, peer !== undefined && maySubscribe(peer, subscription.topic) ? subscription : null)
      },
    })
    aedes.on('clientError', (_client, error) => this.#logger.info('broker.client-error', { reason: error.message }))
    aedes.on('connectionError', (_client: unknown, error: Error) =>
      this.#logger.info('broker.client-error', { reason: error.message }),
    )
    this.#aedes = aedes
    const server = this.#createServer(aedes)
    this.#server = server
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(this.#options.port, this.#options.host, () => {
        server.off('error', reject)
        resolve()
      })
    })
  }

  async stop(): Promise<void> {
    const server = this.#server
    const aedes = this.#aedes
    this.#server = undefined
    this.#aedes = undefined
    if (server === undefined || aedes === undefined) return
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    for (const socket of this.#sockets) socket.destroy()
    await new Promise<void>((resolve) => aedes.close(resolve))
    await closed
  }

  /** Takes another server certificate into use for the connections to come. */
  renew(credential: { readonly certificatePem: string; readonly keyPem: string }): void {
    this.#server?.setSecureContext({
      ca: this.#options.caPem,
      cert: credential.certificatePem,
      key: credential.keyPem,
      minVersion: 'TLSv1.3',
    })
  }

  /** Ends the connections of one device, such as after a revocation. */
  disconnect(commonName: string): void {
    for (const socket of this.#sockets) if (commonNameOf(socket) === commonName) socket.destroy()
  }

  #createServer(aedes: Aedes): Server {
    const { caPem, certificatePem, keyPem } = this.#options
    const server = createServer(
      {
        ca: caPem,
        cert: certificatePem,
        key: keyPem,
        requestCert: true,
        // A box that joins has no certificate yet, and a refused one is to be told from another: `#accept` decides.
        rejectUnauthorized: false,
        // Small packets go at once: with Nagle each answer waits for the delayed ACK of the one before it (RFC 9293 3.7.4).
        noDelay: true,
        ALPNProtocols: ['mqtt', ENROLMENT_PROTOCOL, UPLOAD_PROTOCOL],
        minVersion: 'TLSv1.3',
        handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      },
      (socket) => this.#accept(aedes, socket),
    )
    server.maxConnections = MAX_CONNECTIONS
    server.on('tlsClientError', () => this.#logger.info('broker.handshake-failed'))
    return server
  }

  #accept(aedes: Aedes, socket: TLSSocket): void {
    socket.on('error', (error: Error) => this.#logger.info('broker.socket-error', { reason: error.message }))
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    const { door } = this.#options
    if (socket.alpnProtocol === ENROLMENT_PROTOCOL && door !== undefined) {
      door(socket)
      return
    }
    const peer = admittedPeer(socket, this.#options)
    if (peer === undefined) {
      this.#logger.warn('broker.certificate-refused')
      socket.destroy()
      return
    }
    if (socket.alpnProtocol === UPLOAD_PROTOCOL) {
      const { uploads } = this.#options
      if (peer.kind === 'device' && uploads !== undefined) uploads(socket, peer.device)
      else socket.destroy()
      return
    }
    const guard = new PacketGuard(MAX_PACKET_BYTES)
    const guarded = Duplex.from({ readable: socket.pipe(guard), writable: socket })
    guard.once('error', (error) => {
      if (error instanceof PacketTooLarge) this.#logger.warn('broker.packet-refused', { peer: peer.kind })
      socket.destroy()
    })
    guarded.on('error', () => socket.destroy())
    guarded.once('close', () => socket.destroy())
    this.#peers.set(guarded, peer)
    aedes.handle(guarded)
  }

  /** True for a device that has stopped reading: nothing more is kept for it. */
  #isDeaf(connection: Connection): boolean {
    const isHub = this.#peers.get(connection)?.kind === 'hub'
    return !isHub && 'writableLength' in connection && Number(connection.writableLength) > MOST_UNREAD_BYTES
  }

  #admitsSession(peer: Peer, userName: unknown): boolean {
    const { gate } = this.#options
    if (peer.kind === 'hub' || gate === undefined) return true
    return gate.admitSession(peer.device, typeof userName === 'string' ? userName : '').outcome === 'admitted'
  }
}
