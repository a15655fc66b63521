import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import type { DeviceId } from '@leadglass/sync-agent/contract'
import type { Clock, Logger, Service } from '@leadglass/sync-agent/foundation'
import type { JsonObject } from '@leadglass/sync-agent/transport'
import { Aedes, type Client } from 'aedes'
import { PacketGuard } from '../ingest/packet-guard.ts'
import type { AnswerDesk } from './answer-desk.ts'
import type { Authentication } from './authentication.ts'
import { DeviceMethods, type MethodResult } from './device-methods.ts'
import { EndpointError } from './errors.ts'
import { parseFilter } from './names.ts'
import { commonNameOf, secureContext } from './peer.ts'
import type { BatchIntake } from './ports.ts'
import { MAX_TELEMETRY_BYTES, Session, type SessionParts } from './session.ts'
import type { Twins } from './twins.ts'

const MAX_PACKET_BYTES = MAX_TELEMETRY_BYTES + 8192
const MAX_CONNECTIONS = 4096
const HANDSHAKE_TIMEOUT_MS = 10_000
/** One and a half keepalives are at most 1767 s. */
const MAX_KEEPALIVE_SECONDS = 1177
const MAX_TIMER_MS = 2 ** 31 - 1
/** CONNACK return code "not authorized" (MQTT 3.1.1 3.2.2.3). */
const NOT_AUTHORIZED = 5

/** How the endpoint listens. Certificates are PEM. */
export interface MqttEndpointOptions {
  readonly host: string
  readonly port: number
  readonly caPem: string
  readonly certificatePem: string
  readonly keyPem: string
}

export interface MqttEndpointParts {
  readonly authentication: Authentication
  readonly twins: Twins
  readonly answers: AnswerDesk
  readonly intake: BatchIntake
  readonly clock: Clock
  readonly logger: Logger
}

/** The MQTT side of an IoT-Hub-compatible endpoint: MQTT 3.1.1 over TLS, the documented topics, one connection a device. */
export class MqttEndpoint implements Service {
  readonly #options: MqttEndpointOptions
  readonly #parts: MqttEndpointParts
  readonly #methods = new DeviceMethods()
  readonly #sockets = new Set<Socket>()
  readonly #names = new WeakMap<object, string>()
  readonly #sessions = new WeakMap<Client, Session>()
  readonly #connected = new Map<DeviceId, { readonly client: Client; readonly session: Session }>()
  #aedes: Aedes | undefined
  #server: Server | undefined

  constructor(options: MqttEndpointOptions, parts: MqttEndpointParts) {
    this.#options = options
    this.#parts = parts
  }

  /** The port that is listened on; useful when 0 was asked for. */
  get port(): number {
    const address = this.#server?.address()
    return typeof address === 'object' && address !== null ? address.port : this.#options.port
  }

  /** True while a device holds a connection. */
  isConnected(device: DeviceId): boolean {
    return this.#connected.has(device)
  }

  async start(): Promise<void> {
    const aedes = await Aedes.createBroker({
      concurrency: 64,
      connectTimeout: HANDSHAKE_TIMEOUT_MS,
      maxClientsIdLength: 128,
      maxTopicLevels: 16,
      preConnect: (_client, packet, done) => {
        // A keepalive of nothing would hold a dead connection for ever (MQTT 3.1.1 3.1.2.10).
        packet.keepalive = Math.min(packet.keepalive || MAX_KEEPALIVE_SECONDS, MAX_KEEPALIVE_SECONDS)
        const will = packet.will?.topic
        const mayWill = will === undefined || will.startsWith(`devices/${packet.clientId}/messages/events/`)
        const allowed = mayWill && packet.clientId !== ''
        // Without an error the broker would leave the connection open and unanswered.
        done(allowed ? null : new Error('a will elsewhere, or no client id'), allowed)
      },
      authenticate: (client, username, password, done) => {
        this.#admit(client, username, password).then(
          (admitted) => done(admitted ? null : refusal(), admitted),
          () => done(refusal(), false),
        )
      },
      authorizePublish: (client, packet, done) => {
        const session = client === null ? undefined : this.#sessions.get(client)
        const { retain } = packet
        packet.retain = false
        const payload = typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload
        if (session === undefined) return done(new Error('no session'))
        session.publish({ topic: packet.topic, payload, qos: packet.qos, retain }).then(
          () => done(null),
          (error: unknown) => done(error instanceof Error ? error : new Error('refused')),
        )
      },
      authorizeSubscribe: (client, subscription, done) => {
        const session = this.#sessions.get(client)
        const kind = session === undefined ? undefined : parseFilter(subscription.topic, session.device)
        if (session === undefined || kind === undefined) return done(null, null)
        session.subscribe(kind, true).then(
          () => done(null, { ...subscription, qos: subscription.qos === 2 ? 1 : subscription.qos }),
          (error: unknown) => done(error instanceof Error ? error : new Error('refused')),
        )
      },
    })
    this.#listenTo(aedes)
    this.#aedes = aedes
    this.#parts.twins.onDesiredChanged = (device, patch, version) => this.#push(device, patch, version)
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
    this.#methods.stop()
    if (server === undefined || aedes === undefined) return
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    // Those in the middle of a handshake too, which the TLS server has not handed out yet.
    for (const socket of this.#sockets) socket.destroy()
    await new Promise<void>((resolve) => aedes.close(resolve))
    await closed
  }

  /** Takes another server certificate into use for the connections to come. */
  renew(credential: { readonly certificatePem: string; readonly keyPem: string }): void {
    this.#server?.setSecureContext(secureContext(this.#options.caPem, credential))
  }

  /** Ends the connection of one device, such as after a revocation. */
  disconnect(device: DeviceId): void {
    this.#connected.get(device)?.client.close()
  }

  /** Calls a direct method. @throws {EndpointError} as `DeviceMethods.call` says. */
  async invokeMethod(device: DeviceId, name: string, payload: unknown, timeoutMs = 30_000): Promise<MethodResult> {
    const connected = this.#connected.get(device)
    if (connected === undefined) throw new EndpointError('device-not-connected', `${device} is not connected`)
    return this.#methods.call(device, name, payload, timeoutMs, (topic, text) => connected.session.call(topic, text))
  }

  async #admit(client: Client, username: string | undefined, password: Buffer | undefined): Promise<boolean> {
    const { authentication, twins, logger, clock } = this.#parts
    const commonName = this.#names.get(client.conn) ?? ''
    const verdict = authentication.connect(client.id, username, { commonName, token: password?.toString('latin1') })
    if (verdict.kind === 'refused') {
      logger.warn('iot-hub.device-refused', { code: verdict.code })
      return false
    }
    const { device, expiresAtMs } = verdict
    if (client.clean) await twins.setSubscriptions(device, [])
    const { subscriptions } = await twins.read(device)
    const parts: SessionParts = { ...this.#parts, methods: this.#methods }
    const session = new Session(device, subscriptions, parts, (topic, payload) => send(client, topic, payload))
    this.#sessions.set(client, session)
    if (expiresAtMs !== undefined) {
      // The hub closes the connection when its token ends; the device comes back with a new one.
      const timer = setTimeout(() => client.close(), Math.min(MAX_TIMER_MS, expiresAtMs - clock.now()))
      client.conn.once('close', () => clearTimeout(timer))
    }
    return true
  }

  #listenTo(aedes: Aedes): void {
    const { logger } = this.#parts
    aedes.on('client', (client) => {
      const session = this.#sessions.get(client)
      if (session !== undefined) this.#connected.set(session.device, { client, session })
    })
    aedes.on('clientDisconnect', (client) => {
      const device = this.#sessions.get(client)?.device
      if (device !== undefined && this.#connected.get(device)?.client === client) this.#connected.delete(device)
    })
    aedes.on('unsubscribe', (filters, client) => {
      // Closing a connection also unsubscribes in the broker; the session itself goes on.
      const session = this.#sessions.get(client)
      if (session === undefined || client.closed) return
      for (const filter of filters) {
        const kind = parseFilter(filter, session.device)
        if (kind !== undefined) session.subscribe(kind, false).catch(() => client.close())
      }
    })
    aedes.on('clientError', (_client, error) => logger.info('iot-hub.client-error', { reason: error.message }))
    aedes.on('connectionError', (_client, error) => logger.info('iot-hub.client-error', { reason: error.message }))
  }

  #push(device: DeviceId, patch: JsonObject, version: number): void {
    this.#connected.get(device)?.session.push(patch, version)
  }

  #createServer(aedes: Aedes): Server {
    const server = createServer(
      {
        ...secureContext(this.#options.caPem, this.#options),
        requestCert: true,
        // A device with a key comes without a certificate; one that is presented counts only when it is ours.
        rejectUnauthorized: false,
        handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      },
      (socket) => this.#accept(aedes, socket),
    )
    server.maxConnections = MAX_CONNECTIONS
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
    server.on('tlsClientError', () => this.#parts.logger.info('iot-hub.handshake-failed'))
    return server
  }

  #accept(aedes: Aedes, socket: TLSSocket): void {
    socket.on('error', (error: Error) => this.#parts.logger.info('iot-hub.socket-error', { reason: error.message }))
    // Answers are small, and each must go at once.
    socket.setNoDelay(true)
    const guard = new PacketGuard(MAX_PACKET_BYTES)
    const guarded = Duplex.from({ readable: socket.pipe(guard), writable: socket })
    guard.once('error', () => socket.destroy())
    guarded.on('error', () => socket.destroy())
    guarded.once('close', () => socket.destroy())
    socket.once('close', () => guarded.destroy())
    this.#names.set(guarded, commonNameOf(socket))
    aedes.handle(guarded)
  }
}

function refusal(): Error & { returnCode: number } {
  return Object.assign(new Error('not authorized'), { returnCode: NOT_AUTHORIZED })
}

function send(client: Client, topic: string, payload: string): void {
  if (client.closed) return
  client.publish({ cmd: 'publish', topic, payload, qos: 0, retain: false, dup: false }, () => undefined)
}
