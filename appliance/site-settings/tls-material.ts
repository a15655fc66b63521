import type { Logger, Service } from '@leadglass/sync-agent/foundation'
import { type AcceptorTls, DimseError, type RequesterTls } from '../dimse/index.ts'
import type { CurrentSettings } from '../settings.ts'
import type { PeerTls } from '../settings-network.ts'
import { type CertificateFact, identitiesOf, keyOf, peerFiles, type ReadIdentity, readIdentity } from './tls-files.ts'

const LOOK_MS = 2000

type Usable = Extract<ReadIdentity, { kind: 'read' }>

export interface TlsMaterialParts {
  readonly settings: CurrentSettings
  readonly logger: Logger
  /** Told when an identity is there that was not, or is another. */
  readonly onChange: () => void
}

/**
 * Keys and certificates of the files that the settings name, read again when the files change. A file that is not usable
 * (half renewed, say) changes nothing: what was read before stays until it is mended.
 */
export class TlsMaterial implements Service {
  readonly #parts: TlsMaterialParts
  readonly #usable = new Map<string, Usable>()
  readonly #unusable = new Map<string, { readonly digest: string; readonly message: string }>()
  #listener: { readonly digest: string; readonly identity: AcceptorTls } | undefined
  #timer: NodeJS.Timeout | undefined
  #turn: Promise<void> = Promise.resolve()

  constructor(parts: TlsMaterialParts) {
    this.#parts = parts
  }

  async start(): Promise<void> {
    await this.refresh()
    this.#timer = setInterval(() => void this.refresh(), LOOK_MS)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#turn
  }

  /** Reads every file again. Never rejects. */
  refresh(): Promise<void> {
    this.#turn = this.#turn.then(() => this.#look())
    return this.#turn
  }

  /** Our identity towards callers; the same object until it changes. `pending` while its files were never usable. */
  listener(): AcceptorTls | 'pending' | undefined {
    const { tls } = this.#parts.settings()
    if (tls === undefined) return undefined
    const usable = this.#usable.get(keyOf(tls))
    if (usable === undefined) return 'pending'
    const { requireClientCertificate } = tls
    const same = this.#listener?.digest === usable.digest
    if (!same || this.#listener?.identity.requireClientCertificate !== requireClientCertificate)
      this.#listener = { digest: usable.digest, identity: { ...usable.identity, requireClientCertificate } }
    return this.#listener.identity
  }

  /**
   * TLS towards a peer; `undefined` for a peer without.
   * @throws DimseError `tls-not-ready`: such a peer is never called in plain instead.
   */
  towards(peer: PeerTls | undefined): RequesterTls | undefined {
    if (peer === undefined) return undefined
    const files = peerFiles(peer, this.#parts.settings())
    const usable = files === undefined ? undefined : this.#usable.get(keyOf(files))
    if (usable === undefined) throw new DimseError('tls-not-ready', 'key or certificate for the peer cannot be read')
    return { ...usable.identity, verifyHostName: peer.verifyHostName }
  }

  /** Our certificates in use. */
  certificates(): readonly CertificateFact[] {
    const facts = [...this.#usable.values()].flatMap((one) => one.certificates)
    return facts.filter((fact, at) => facts.findIndex((other) => other.sha256 === fact.sha256) === at)
  }

  /** What is wrong with files that the settings name, in plain words. */
  problems(): readonly string[] {
    return [...this.#unusable.values()].map((one) => one.message)
  }

  async #look(): Promise<void> {
    const { logger, onChange, settings } = this.#parts
    const named = new Map(identitiesOf(settings()).map(({ files }) => [keyOf(files), files]))
    for (const key of [...this.#usable.keys(), ...this.#unusable.keys()]) {
      if (named.has(key)) continue
      this.#usable.delete(key)
      this.#unusable.delete(key)
    }
    let changed = false
    for (const [key, files] of named) {
      const found = await readIdentity(files)
      if (found.kind === 'unusable') {
        if (this.#unusable.get(key)?.digest !== found.digest)
          logger.error('settings.tls.unusable', { message: found.message, keeps: this.#usable.has(key) })
        this.#unusable.set(key, found)
        continue
      }
      this.#unusable.delete(key)
      if (this.#usable.get(key)?.digest === found.digest) continue
      this.#usable.set(key, found)
      changed = true
      const ends = found.certificates[0]?.notAfter ?? 0
      logger.info('settings.tls.read', { notAfter: new Date(ends).toISOString() })
    }
    if (changed) onChange()
  }
}
