import type { Logger, Service } from '@leadglass/sync-agent/foundation'
import type { AcceptorTls } from '../tls.ts'
import { DimseServer, type DimseServerOptions } from './server.ts'

/** What shall listen. Absent: no such listener. A TLS listener whose identity cannot be read is `pending`. */
export interface DicomPortPlan {
  readonly plain: number | undefined
  readonly tls: { readonly port: number; readonly identity: AcceptorTls | 'pending' } | undefined
}

export interface DicomPortParts {
  /** Everything but the port and TLS. */
  readonly options: Omit<DimseServerOptions, 'port' | 'tls'>
  readonly plan: () => DicomPortPlan
  readonly logger: Logger
}

/**
 * The plain and the TLS listener of one application entity, kept as the plan says while the program runs. A changed
 * certificate is taken without closing anything; a changed port closes the old listener, whose open associations have the
 * grace time of the listener to end, and opens the new one.
 */
export class DicomPort implements Service {
  readonly #parts: DicomPortParts
  #plain: { readonly port: number; readonly server: DimseServer } | undefined
  #tls: { readonly port: number; readonly identity: AcceptorTls; readonly server: DimseServer } | undefined
  #turn: Promise<void> = Promise.resolve()
  #stopped = true

  constructor(parts: DicomPortParts) {
    this.#parts = parts
  }

  /** The port of the plain listener; of the TLS listener where there is no plain one; 0 where there is none. */
  get port(): number {
    return this.#plain?.server.port ?? this.tlsPort
  }

  /** The port of the TLS listener, or 0. */
  get tlsPort(): number {
    return this.#tls?.server.port ?? 0
  }

  /** Associations accepted and not yet closed. */
  get openAssociations(): number {
    return (this.#plain?.server.openAssociations ?? 0) + (this.#tls?.server.openAssociations ?? 0)
  }

  /** @throws DimseError (`listen-failed`, `invalid-argument`) when a listener cannot be opened; nothing listens then. */
  async start(): Promise<void> {
    this.#stopped = false
    try {
      await this.#follow()
    } catch (cause) {
      await this.stop()
      throw cause
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#turn.catch(() => undefined)
    await Promise.all([this.#closePlain(), this.#closeTls()])
  }

  /** Looks at the plan again. A listener that cannot be opened is said in the log, and tried again at the next look. */
  refresh(): Promise<void> {
    this.#turn = this.#turn.then(async () => {
      try {
        if (!this.#stopped) await this.#follow()
      } catch (cause) {
        const code = (cause as { code?: unknown } | null)?.code
        this.#parts.logger.error('dimse.listener.not-opened', { code: typeof code === 'string' ? code : 'unknown' })
      }
    })
    return this.#turn
  }

  async #follow(): Promise<void> {
    const { plain, tls } = this.#parts.plan()
    // Closing goes first: the TLS listener may take over the port of the plain one.
    if (this.#plain !== undefined && this.#plain.port !== plain) await this.#closePlain()
    if (this.#tls !== undefined && (tls === undefined || needsReopening(this.#tls, tls))) await this.#closeTls()
    if (plain !== undefined && this.#plain === undefined) this.#plain = { port: plain, server: await this.#open(plain) }
    if (tls === undefined || tls.identity === 'pending') return
    const { port, identity } = tls
    if (this.#tls === undefined) this.#tls = { port, identity, server: await this.#open(port, identity) }
    else if (this.#tls.identity !== identity) {
      this.#tls.server.renewTls(identity)
      this.#tls = { ...this.#tls, identity }
      this.#parts.logger.info('dimse.tls.renewed')
    }
  }

  async #open(port: number, tls?: AcceptorTls): Promise<DimseServer> {
    const server = new DimseServer({ ...this.#parts.options, port, ...(tls === undefined ? {} : { tls }) })
    await server.start()
    return server
  }

  async #closePlain(): Promise<void> {
    const server = this.#plain?.server
    this.#plain = undefined
    await server?.stop()
  }

  async #closeTls(): Promise<void> {
    const server = this.#tls?.server
    this.#tls = undefined
    await server?.stop()
  }
}

/** Only the certificates can be exchanged in a listener that runs. */
function needsReopening(
  now: { readonly port: number; readonly identity: AcceptorTls },
  wanted: NonNullable<DicomPortPlan['tls']>,
): boolean {
  if (now.port !== wanted.port) return true
  return (
    wanted.identity !== 'pending' && wanted.identity.requireClientCertificate !== now.identity.requireClientCertificate
  )
}
