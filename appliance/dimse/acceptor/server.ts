import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, TLSSocket, Server as TlsServer } from 'node:tls'
import {
  type Clock,
  type Logger,
  type Randomness,
  type Service,
  systemRandomness,
} from '@leadglass/sync-agent/foundation'
import { DimseError } from '../errors.ts'
import { isAeTitle } from '../facts/ae-title.ts'
import type { CallerPolicy, NetworkServices, StorageService } from '../ports.ts'
import {
  type AcceptorTls,
  acceptorTlsOptions,
  certificateSha256,
  certificateSubject,
  renewedIdentity,
  type TlsIdentity,
} from '../tls.ts'
import { uuid } from '../uuid.ts'
import { admissionDesk, type RoomRule, type TransportFacts } from './admission.ts'
import { AcceptorAssociation } from './association.ts'
import { type AcceptancePolicy, DEFAULT_ACCEPTANCE } from './negotiation.ts'

/** Bounds of the listener, all in one place with their units. */
export interface DimseServerLimits {
  /** Longest P-DATA-TF that we receive, in bytes (PS3.8 D.1). */
  readonly maxPduReceived: number
  /** Associations held at once; the next is rejected as transient. */
  readonly maxAssociations: number
  /** ARTIM (PS3.8 9.1.5), in milliseconds: for the request to come, and for the peer to close at the end. */
  readonly artimTimeoutMs: number
  /** Without progress for so long, in milliseconds, an association is aborted. */
  readonly idleTimeoutMs: number
  /** Larger data sets are refused with 0xA700. */
  readonly maxInstanceBytes: number
  /** Received bytes that one association may have waiting for its sink before the sender is held back. */
  readonly maxPendingBytes: number
  /** How long open associations may go on after `stop`, in milliseconds. */
  readonly stopGraceMs: number
}

export const DEFAULT_LIMITS: DimseServerLimits = {
  maxPduReceived: 131_072,
  maxAssociations: 64,
  artimTimeoutMs: 30_000,
  idleTimeoutMs: 60_000,
  maxInstanceBytes: 8 * 1024 ** 3,
  maxPendingBytes: 262_144,
  stopGraceMs: 10_000,
}

export interface DimseServerOptions {
  /** Address to listen on. */
  readonly host: string
  /** 0 for any free port. */
  readonly port: number
  /** Ours, for the log. Which called titles are served is the policy's to say. */
  readonly aeTitle: string
  readonly policy: CallerPolicy
  readonly storage: StorageService
  /** Storage commitment and query; none unless told. */
  readonly services?: NetworkServices
  readonly clock: Clock
  readonly logger: Logger
  /** A function is asked for each connection anew, except for `maxPduReceived` and the times of the listener itself. */
  readonly limits?: Partial<DimseServerLimits> | (() => Partial<DimseServerLimits>)
  readonly acceptance?: Partial<AcceptancePolicy> | (() => Partial<AcceptancePolicy>)
  readonly tls?: AcceptorTls
  /** Asked besides `maxAssociations`. */
  readonly room?: RoomRule
  /** Told of each TLS handshake that failed or did not end in time. `reason` is a code of Node or OpenSSL. */
  readonly onTlsRefused?: (remoteAddress: string, reason: string) => void
  /** For association ids. */
  readonly randomness?: Randomness
}

/** Two bytes of a PDU's length would do, but no association request comes near to this. */
const MAX_ASSOCIATE_BYTES = 262_144
/** Connections that have not asked for an association yet, beyond those that have. */
const EXTRA_CONNECTIONS = 32

/** SCP of Verification and Storage (PS3.4 A, B), and of what `services` brings, on one port, with or without TLS. */
export class DimseServer implements Service {
  readonly #options: DimseServerOptions
  readonly #associations = new Set<AcceptorAssociation>()
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined
  #startedAt = 0
  #allClosed: (() => void) | undefined

  constructor(options: DimseServerOptions) {
    this.#options = options
  }

  get #limits(): DimseServerLimits {
    const { limits } = this.#options
    return { ...DEFAULT_LIMITS, ...(typeof limits === 'function' ? limits() : limits) }
  }

  /** The port in use. @throws DimseError (`listen-failed`) when not started. */
  get port(): number {
    const address = this.#server?.address()
    if (address === undefined || address === null || typeof address === 'string')
      throw new DimseError('listen-failed', 'the DICOM listener is not started')
    return address.port
  }

  /** Associations accepted and not yet closed. */
  get openAssociations(): number {
    let count = 0
    for (const association of this.#associations) if (association.established) count += 1
    return count
  }

  /** Opens the port. @throws DimseError (`listen-failed`, `invalid-argument`). */
  async start(): Promise<void> {
    const { host, port, tls, aeTitle, logger, clock } = this.#options
    if (!isAeTitle(aeTitle)) throw new DimseError('invalid-argument', 'AE title must be 1 to 16 characters (PS3.5 6.2)')
    const server =
      tls === undefined
        ? createServer({ noDelay: true, keepAlive: true }, (socket) => this.#accept(socket))
        : createTlsServer(acceptorTlsOptions(tls, this.#limits.artimTimeoutMs), (socket) => this.#accept(socket))
    server.maxConnections = this.#limits.maxAssociations + EXTRA_CONNECTIONS
    server.on('drop', () => logger.warn('dimse.connection.dropped', { connections: server.maxConnections }))
    server.on('tlsClientError', (error: NodeJS.ErrnoException, socket: TLSSocket) => this.#refusedTls(error, socket))
    // A handshake that is not finished belongs to no association yet, and must not hold up the stop.
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: Error) =>
        reject(new DimseError('listen-failed', `cannot listen on port ${port}`, error)),
      )
      server.listen(port, host, resolve)
    })
    server.on('error', (error: Error) => logger.error('dimse.listener.failed', { reason: error.name }))
    this.#server = server
    this.#startedAt = clock.now()
    logger.info('dimse.listening', { aeTitle, port: this.port, tls: tls !== undefined })
  }

  /**
   * Shows another certificate, and trusts other issuers, from the next connection on.
   * @throws an error of OpenSSL when key and certificate do not belong together; the old ones then stay.
   */
  renewTls(identity: TlsIdentity): void {
    if (this.#server instanceof TlsServer) this.#server.setSecureContext(renewedIdentity(identity))
  }

  /** Takes no more callers, lets open associations go on for the grace time, then aborts them (PS3.8 9.3.8). */
  async stop(): Promise<void> {
    const server = this.#server
    if (server === undefined) return
    this.#server = undefined
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    // A caller that has not asked for an association yet has nothing to finish.
    for (const association of this.#associations) if (!association.established) association.abort()
    const grace = setTimeout(() => {
      for (const association of this.#associations) association.abort()
    }, this.#limits.stopGraceMs)
    await this.#drained()
    clearTimeout(grace)
    this.#destroySockets()
    await closed
    this.#options.logger.info('dimse.stopped', { upMs: this.#options.clock.now() - this.#startedAt })
  }

  #accept(socket: Socket): void {
    const { policy, storage, logger, acceptance, room, services = {} } = this.#options
    const serverLimits = this.#limits
    if (this.#server !== undefined) this.#server.maxConnections = serverLimits.maxAssociations + EXTRA_CONNECTIONS
    const desk = admissionDesk(this.#transportFacts(socket), {
      policy,
      acceptance: { ...DEFAULT_ACCEPTANCE, ...(typeof acceptance === 'function' ? acceptance() : acceptance) },
      services,
      maxPduReceived: serverLimits.maxPduReceived,
      room: (facts, proposal) =>
        this.openAssociations < serverLimits.maxAssociations ? room?.(facts, proposal) : 'limit',
    })
    const limits = {
      ...serverLimits,
      maxDataBytes: serverLimits.maxPduReceived,
      maxAssociateBytes: MAX_ASSOCIATE_BYTES,
    }
    const association = new AcceptorAssociation(socket, { desk, storage, services, limits, logger }, (ended) => {
      this.#associations.delete(ended)
      if (this.#associations.size === 0) this.#allClosed?.()
    })
    this.#associations.add(association)
    association.start()
  }

  /** Node closes a connection whose certificate it does not accept without an error of its own: the socket knows why. */
  #refusedTls(error: NodeJS.ErrnoException, socket: TLSSocket): void {
    const address = plainAddress(socket.remoteAddress)
    // Node tells of a handshake that took too long, and leaves the connection open: closing it is ours.
    socket.destroy()
    const authorization = socket.authorizationError as unknown
    const reason = typeof authorization === 'string' ? authorization : (error.code ?? error.name)
    this.#options.logger.warn('dimse.tls.refused', { reason })
    this.#options.onTlsRefused?.(address, reason)
  }

  #destroySockets(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  #drained(): Promise<void> {
    if (this.#associations.size === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#allClosed = resolve
    })
  }

  #transportFacts(socket: Socket): TransportFacts {
    const tls = socket instanceof TLSSocket
    const certificate = tls && socket.authorized ? socket.getPeerCertificate() : undefined
    return {
      associationId: uuid(this.#options.randomness ?? systemRandomness),
      remoteAddress: plainAddress(socket.remoteAddress),
      remotePort: socket.remotePort ?? 0,
      tls,
      certificateSubject: certificate === undefined ? null : certificateSubject(certificate),
      certificateSha256: certificate === undefined ? null : certificateSha256(certificate),
    }
  }
}

/** An IPv4-mapped IPv6 address is told as IPv4. */
function plainAddress(address: string | undefined): string {
  return address?.replace(/^::ffff:/, '') ?? ''
}
