import { type DeviceId, deviceId } from '@leadglass/sync-agent/contract'
import { type Clock, toIsoInstant } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import type { CertificateAuthority, IssuedCertificate } from './certificate-authority.ts'
import { CertificateChain } from './certificate-chain.ts'
import { EnrolmentError } from './errors.ts'
import { INGEST_COMMON_NAME, UNKNOWN_DEVICE } from './names.ts'

/** A stolen disk is worth something for at most so long. */
const DEVICE_LIFETIME_MS = 30 * 86_400_000

const READ = 'SELECT revoked_at, held_at, audit_log_key FROM device WHERE device = ?'
const UPSERT = `INSERT INTO device (device, enrolled_at, certificate_serial, certificate_not_after)
  VALUES (?, ?, ?, ?) ON CONFLICT (device) DO UPDATE SET
  certificate_serial = excluded.certificate_serial, certificate_not_after = excluded.certificate_not_after`
const SET_AUDIT_KEY = 'UPDATE device SET audit_log_key = ? WHERE device = ? AND audit_log_key IS NULL'
const REVOKE = 'UPDATE device SET revoked_at = ?, revoked_reason = ? WHERE device = ? AND revoked_at IS NULL'

const HOLD =
  'UPDATE device SET held_at = ?, held_reason = ? WHERE device = ? AND held_at IS NULL AND revoked_at IS NULL'
const RELEASE = `UPDATE device SET held_at = NULL, held_reason = NULL, boot = 0, boot_run = NULL, boot_at = NULL
  WHERE device = ? AND held_at IS NOT NULL`

const IDENTITIES = `SELECT device, enrolled_at AS enrolledAt, certificate_not_after AS notAfter, held_at AS heldAt,
  held_reason AS heldReason, revoked_at AS revokedAt FROM device ORDER BY device`

/** A device's identity as the hub keeps it. Instants are ISO. */
export interface DeviceIdentityState {
  readonly device: string
  readonly enrolledAt: string
  readonly notAfter: string
  readonly heldAt: string | null
  readonly heldReason: string | null
  readonly revokedAt: string | null
}

/** What a device needs to come to the hub. */
export interface DeviceIdentity {
  readonly certificatePem: string
  readonly keyPem: string
  readonly caPem: string
}

interface DeviceRow {
  readonly revoked_at: string | null
  readonly held_at: string | null
  readonly audit_log_key: string | null
}

/** Which devices the hub knows, and which it no longer listens to. */
export class Enrolment {
  readonly #database: Database.Database
  readonly #authority: CertificateAuthority
  readonly #clock: Clock
  readonly #lifetimeMs: number
  readonly chain: CertificateChain

  /** @param lifetimeMs how long a device's certificate is valid. */
  constructor(
    database: Database.Database,
    authority: CertificateAuthority,
    clock: Clock,
    lifetimeMs = DEVICE_LIFETIME_MS,
    chain = new CertificateChain(database, clock),
  ) {
    this.#database = database
    this.#authority = authority
    this.#clock = clock
    this.#lifetimeMs = lifetimeMs
    this.chain = chain
  }

  /**
   * Enrols a device on the machine of the hub, or gives one that is enrolled a new key and certificate.
   * @throws {EnrolmentError} `device-name-invalid`, `device-revoked` (a revoked name is never given again).
   */
  async enrol(name: string): Promise<DeviceIdentity> {
    const device = this.assertEnrollable(name)
    const credential = await this.#authority.issueClient(device, this.#lifetimeMs)
    this.#begin(device, credential)
    const { certificatePem, keyPem } = credential
    return { certificatePem, keyPem, caPem: await this.#authority.certificatePem() }
  }

  /**
   * Enrols a device for the key of its PKCS#10 request; a device that was enrolled begins anew, and is no longer held.
   * @throws {EnrolmentError} as `enrol`, and `request-malformed`.
   */
  async enrolRequest(name: string, request: string): Promise<IssuedCertificate> {
    const device = this.assertEnrollable(name)
    const issued = await this.#authority.issueForRequest(device, request, this.#lifetimeMs)
    // The authority took its time: a revocation in between counts.
    this.assertEnrollable(name)
    this.#begin(device, issued)
    return issued
  }

  /** The next certificate of a device, for the key of a request. Not recorded yet. @throws as `enrolRequest`. */
  async issueNext(name: string, request: string): Promise<IssuedCertificate> {
    return this.#authority.issueForRequest(this.assertEnrollable(name), request, this.#lifetimeMs)
  }

  /** The device of a name that may be given an identity. @throws {EnrolmentError} `device-name-invalid`, `device-revoked`. */
  assertEnrollable(name: string): DeviceId {
    const device = parseDevice(name)
    if (this.#read(device)?.revoked_at != null) throw revoked(device)
    return device
  }

  /** True when a device of this name is enrolled, revoked or not. */
  isKnown(name: string): boolean {
    return this.#read(name) !== undefined
  }

  /** Every device with the state of its identity. */
  identities(): DeviceIdentityState[] {
    return this.#database.prepare(IDENTITIES).all() as DeviceIdentityState[]
  }

  /** Stops listening to a device until a person decides. @returns false when it is unknown, revoked or held already. */
  hold(name: string, reason: string): boolean {
    return this.#database.prepare(HOLD).run(toIsoInstant(this.#clock.now()), reason, name).changes === 1
  }

  /** Listens again to a device that was held: a person found that there is one box only. @returns false when none was. */
  release(name: string): boolean {
    return this.#database.prepare(RELEASE).run(parseDevice(name)).changes === 1
  }

  #begin(device: DeviceId, issued: IssuedCertificate): void {
    this.#database.transaction(() => {
      this.#database.prepare(UPSERT).run(device, toIsoInstant(this.#clock.now()), issued.serial, issued.notAfter)
      this.chain.begin(device, issued)
    })()
  }

  /**
   * Pins the verifier key (C2SP vkey) of the device's audit log. The first key stays: a log that changes its key is
   * another log.
   * @returns false when another key is pinned already.
   */
  pinAuditLogKey(name: string, verifierKey: string): boolean {
    const device = parseDevice(name)
    if (this.#read(device) === undefined) throw unknown(device)
    this.#database.prepare(SET_AUDIT_KEY).run(verifierKey, device)
    return this.#read(device)?.audit_log_key === verifierKey
  }

  /** Ends a device's right to send, at once and for good. @returns false when it was unknown or revoked already. */
  revoke(name: string, reason: string): boolean {
    return this.#database.prepare(REVOKE).run(toIsoInstant(this.#clock.now()), reason, parseDevice(name)).changes === 1
  }

  /** True when a certificate of this CN may hold a connection: an enrolled device that is neither revoked nor held. */
  isAdmitted(commonName: string): boolean {
    const row = this.#read(commonName)
    return row !== undefined && row.revoked_at === null && row.held_at === null
  }

  #read(device: string): DeviceRow | undefined {
    return this.#database.prepare(READ).get(device) as DeviceRow | undefined
  }
}

function parseDevice(name: string): DeviceId {
  const parsed = deviceId.safeParse(name)
  if (parsed.success && name !== INGEST_COMMON_NAME && name !== UNKNOWN_DEVICE) return parsed.data
  throw new EnrolmentError('device-name-invalid', 'permanent', {
    message: 'a device name is 3 to 48 lower-case letters, digits and hyphens, and not the hub’s own',
    effect: 'the device was not enrolled',
    nextStep: 'choose a name such as box-01',
  })
}

function revoked(device: DeviceId): EnrolmentError {
  return new EnrolmentError('device-revoked', 'permanent', {
    message: `the device ${device} was revoked`,
    effect: 'no certificate was issued',
    nextStep: 'enrol the box under a new name',
  })
}

function unknown(device: DeviceId): EnrolmentError {
  return new EnrolmentError('device-unknown', 'permanent', {
    message: `the device ${device} is not enrolled`,
    effect: 'nothing was changed',
    nextStep: 'enrol the device first',
  })
}
