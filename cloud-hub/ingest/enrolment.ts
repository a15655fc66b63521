import { type DeviceId, deviceId } from '@leadglass/sync-agent/contract'
import { type Clock, toIsoInstant } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import type { CertificateAuthority } from './certificate-authority.ts'
import { EnrolmentError } from './errors.ts'
import { INGEST_COMMON_NAME } from './names.ts'

const READ = 'SELECT revoked_at, audit_log_key FROM device WHERE device = ?'
const UPSERT = `INSERT INTO device (device, enrolled_at, certificate_serial, certificate_not_after)
  VALUES (?, ?, ?, ?) ON CONFLICT (device) DO UPDATE SET
  certificate_serial = excluded.certificate_serial, certificate_not_after = excluded.certificate_not_after`
const SET_AUDIT_KEY = 'UPDATE device SET audit_log_key = ? WHERE device = ? AND audit_log_key IS NULL'
const REVOKE = 'UPDATE device SET revoked_at = ?, revoked_reason = ? WHERE device = ? AND revoked_at IS NULL'

/** What a device needs to come to the hub. */
export interface DeviceIdentity {
  readonly certificatePem: string
  readonly keyPem: string
  readonly caPem: string
}

interface DeviceRow {
  readonly revoked_at: string | null
  readonly audit_log_key: string | null
}

/** Which devices the hub knows, and which it no longer listens to. */
export class Enrolment {
  readonly #database: Database.Database
  readonly #authority: CertificateAuthority
  readonly #clock: Clock

  constructor(database: Database.Database, authority: CertificateAuthority, clock: Clock) {
    this.#database = database
    this.#authority = authority
    this.#clock = clock
  }

  /**
   * Enrols a device, or renews the certificate of one that is enrolled.
   * @throws {EnrolmentError} `device-name-invalid`, `device-revoked` (a revoked name is never given again).
   */
  async enrol(name: string): Promise<DeviceIdentity> {
    const device = parseDevice(name)
    if (this.#read(device)?.revoked_at != null) throw revoked(device)
    const credential = await this.#authority.issueClient(device)
    const at = toIsoInstant(this.#clock.now())
    this.#database.prepare(UPSERT).run(device, at, credential.serial, credential.notAfter)
    const { certificatePem, keyPem } = credential
    return { certificatePem, keyPem, caPem: await this.#authority.certificatePem() }
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

  /** True when a certificate of this CN may hold a connection: an enrolled, unrevoked device. */
  isAdmitted(commonName: string): boolean {
    const row = this.#read(commonName)
    return row !== undefined && row.revoked_at === null
  }

  #read(device: string): DeviceRow | undefined {
    return this.#database.prepare(READ).get(device) as DeviceRow | undefined
  }
}

function parseDevice(name: string): DeviceId {
  const parsed = deviceId.safeParse(name)
  if (parsed.success && name !== INGEST_COMMON_NAME) return parsed.data
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
