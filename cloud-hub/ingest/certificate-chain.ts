import { type Clock, toIsoInstant } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import type { IssuedCertificate } from './certificate-authority.ts'

/**
 * A connection that was begun with the old certificate just before the new one was shown is no copy: for so long the old
 * one is refused without an alarm.
 */
const GRACE_MS = 120_000

const READ_DEVICE = 'SELECT chain, revoked_at, held_at FROM device WHERE device = ?'
const READ = 'SELECT serial, device, chain, link, parent, public_key, certificate, proven_at FROM device_certificate'
const READ_SERIAL = `${READ} WHERE serial = ?`
const READ_CHILD = `${READ} WHERE parent = ?`
const NEXT_CHAIN = 'SELECT coalesce(max(chain), 0) + 1 AS chain FROM device_certificate WHERE device = ?'
const INSERT = `INSERT INTO device_certificate
  (serial, device, chain, link, parent, public_key, certificate, issued_at, not_after, proven_at)
  VALUES (@serial, @device, @chain, @link, @parent, @publicKey, @certificate, @issuedAt, @notAfter, NULL)`
const SET_DEVICE = `UPDATE device SET certificate_serial = ?, certificate_not_after = ? WHERE device = ?`
/** A new chain begins with the device trusted: what was held before is decided by it. */
const BEGIN_CHAIN = `UPDATE device SET chain = ?, held_at = NULL, held_reason = NULL, boot = 0, boot_run = NULL, boot_at = NULL
  WHERE device = ?`
const PROVE = 'UPDATE device_certificate SET proven_at = ? WHERE serial = ? AND proven_at IS NULL'

/** What the hub thinks of a certificate that is shown to it. */
export type CertificateJudgement =
  | { readonly outcome: 'admitted' }
  | {
      readonly outcome: 'refused'
      readonly code:
        | 'device-unknown'
        | 'device-revoked'
        | 'device-held'
        | 'certificate-unknown'
        /** An earlier link or chain that is no longer in force; not (yet) a sign of a copy. */
        | 'certificate-superseded'
        /** An earlier link of the chain in force, long after its successor was shown: two boxes have one identity. */
        | 'device-cloned'
    }

interface Row {
  readonly serial: string
  readonly device: string
  readonly chain: number
  readonly link: number
  readonly parent: string | null
  readonly public_key: string
  readonly certificate: string
  readonly proven_at: string | null
}

/** Which certificates of a device are in force. Each may be renewed once, by one key; each is replaced when the next is shown. */
export class CertificateChain {
  readonly #database: Database.Database
  readonly #clock: Clock
  readonly #graceMs: number

  constructor(database: Database.Database, clock: Clock, graceMs = GRACE_MS) {
    this.#database = database
    this.#clock = clock
    this.#graceMs = graceMs
  }

  /** Begins a chain with a first certificate; earlier chains of the device are over. The device must have its row. */
  begin(device: string, issued: IssuedCertificate): void {
    this.#database.transaction(() => {
      const { chain } = this.#database.prepare(NEXT_CHAIN).get(device) as { readonly chain: number }
      this.#database.prepare(BEGIN_CHAIN).run(chain, device)
      this.#insert(device, chain, 1, null, issued)
    })()
  }

  /** The certificate that was issued for this renewal before, when its answer was lost. */
  renewed(serial: string): { readonly certificate: string; readonly publicKey: string } | undefined {
    const child = this.#database.prepare(READ_CHILD).get(normaliseSerial(serial)) as Row | undefined
    return child === undefined ? undefined : { certificate: child.certificate, publicKey: child.public_key }
  }

  /** Adds the link after `serial`. The caller has made sure that there is none. */
  append(serial: string, issued: IssuedCertificate): void {
    const parent = this.#row(serial)
    if (parent === undefined) throw new TypeError('a certificate that the hub does not know has no next link')
    this.#insert(parent.device, parent.chain, parent.link + 1, parent.serial, issued)
  }

  /** What was issued under a serial. */
  certificate(serial: string): { readonly certificate: string; readonly publicKey: string } | undefined {
    const row = this.#row(serial)
    return row === undefined ? undefined : { certificate: row.certificate, publicKey: row.public_key }
  }

  /** Judges a certificate by its device and serial; the TLS layer has verified its signature and dates. */
  judge(device: string, serial: string): CertificateJudgement {
    const state = this.#database.prepare(READ_DEVICE).get(device) as
      | { readonly chain: number; readonly revoked_at: string | null; readonly held_at: string | null }
      | undefined
    if (state === undefined) return { outcome: 'refused', code: 'device-unknown' }
    if (state.revoked_at !== null) return { outcome: 'refused', code: 'device-revoked' }
    if (state.held_at !== null) return { outcome: 'refused', code: 'device-held' }
    const row = this.#row(serial)
    if (row === undefined || row.device !== device) return { outcome: 'refused', code: 'certificate-unknown' }
    if (row.chain !== state.chain) return { outcome: 'refused', code: 'certificate-superseded' }
    const child = this.#database.prepare(READ_CHILD).get(row.serial) as Row | undefined
    if (child === undefined || child.proven_at === null) return { outcome: 'admitted' }
    const age = this.#clock.now() - Date.parse(child.proven_at)
    return { outcome: 'refused', code: age < this.#graceMs ? 'certificate-superseded' : 'device-cloned' }
  }

  /** Notes that a certificate was shown by its holder: from now on the one before it is no longer in force. */
  prove(serial: string): void {
    this.#database.prepare(PROVE).run(toIsoInstant(this.#clock.now()), normaliseSerial(serial))
  }

  #row(serial: string): Row | undefined {
    return this.#database.prepare(READ_SERIAL).get(normaliseSerial(serial)) as Row | undefined
  }

  #insert(device: string, chain: number, link: number, parent: string | null, issued: IssuedCertificate): void {
    const { serial, notAfter, certificatePem: certificate, publicKey } = issued
    const issuedAt = toIsoInstant(this.#clock.now())
    const row = {
      serial: normaliseSerial(serial),
      device,
      chain,
      link,
      parent,
      publicKey,
      certificate,
      issuedAt,
      notAfter,
    }
    this.#database.prepare(INSERT).run(row)
    this.#database.prepare(SET_DEVICE).run(serial, notAfter, device)
  }
}

/** Serials as one spelling: libraries differ in case and in leading zeros. */
export function normaliseSerial(serial: string): string {
  return serial.toLowerCase().replace(/^0+/, '')
}
