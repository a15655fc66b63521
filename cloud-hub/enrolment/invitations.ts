import { timingSafeEqual } from 'node:crypto'
import {
  enrolmentProof,
  enrolmentSecrets,
  type JoinRequest,
  makeEnrolmentCode,
  normaliseEnrolmentCode,
} from '@leadglass/sync-agent/contract'
import { type Clock, type Randomness, toIsoInstant } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import { type Enrolment, EnrolmentError } from '../ingest/index.ts'

/** Wrong proofs after which an invitation is void: an honest box makes none, somebody in between makes one each time. */
const MOST_ATTEMPTS = 3
const RANDOM_BYTES = 10

const INSERT = `INSERT INTO enrolment_invitation (id, device, proof_key, created_at, expires_at, attempts, used_serial, withdrawn_at)
  VALUES (?, ?, ?, ?, ?, 0, NULL, NULL)`
/** An invitation takes the place of those before it. */
const WITHDRAW = `UPDATE enrolment_invitation SET withdrawn_at = ? WHERE device = ? AND used_serial IS NULL
  AND withdrawn_at IS NULL`
const READ = `SELECT device, proof_key, expires_at, attempts, used_serial, withdrawn_at FROM enrolment_invitation
  WHERE id = ?`
const COUNT_ATTEMPT = 'UPDATE enrolment_invitation SET attempts = attempts + 1 WHERE id = ?'
const USE = 'UPDATE enrolment_invitation SET used_serial = ? WHERE id = ?'
const OPEN = `SELECT device, expires_at AS expiresAt FROM enrolment_invitation
  WHERE used_serial IS NULL AND withdrawn_at IS NULL AND attempts < ${MOST_ATTEMPTS} AND expires_at > ? ORDER BY device`

/** A code as it is shown, once. */
export interface Invitation {
  readonly device: string
  readonly code: string
  readonly expiresAt: string
}

interface Row {
  readonly device: string
  readonly proof_key: string
  readonly expires_at: string
  readonly attempts: number
  readonly used_serial: string | null
  readonly withdrawn_at: string | null
}

/** An invitation whose proof was right. `issuedSerial` is what it gave before, when the answer was lost. */
export interface ProvenInvitation {
  readonly id: string
  readonly device: string
  readonly key: Buffer
  readonly issuedSerial: string | null
}

/** One-time codes with which boxes join: what is kept of a code names it and checks proofs, and does not give it back. */
export class Invitations {
  readonly #database: Database.Database
  readonly #enrolment: Enrolment
  readonly #clock: Clock
  readonly #randomness: Randomness

  constructor(database: Database.Database, enrolment: Enrolment, clock: Clock, randomness: Randomness) {
    this.#database = database
    this.#enrolment = enrolment
    this.#clock = clock
    this.#randomness = randomness
  }

  /**
   * Makes a code for a device; earlier codes of the device end.
   * @throws {EnrolmentError} `device-name-invalid`, `device-revoked`.
   */
  invite(name: string, lifetimeMs: number): Invitation {
    const device = this.#enrolment.assertEnrollable(name)
    const code = makeEnrolmentCode(this.#randomness.bytes(RANDOM_BYTES))
    const { id, key } = enrolmentSecrets(normaliseEnrolmentCode(code) ?? '')
    const now = this.#clock.now()
    const expiresAt = toIsoInstant(now + lifetimeMs)
    this.#database.transaction(() => {
      this.#database.prepare(WITHDRAW).run(toIsoInstant(now), device)
      this.#database.prepare(INSERT).run(id, device, key.toString('hex'), toIsoInstant(now), expiresAt)
    })()
    return { device, code, expiresAt }
  }

  /** Invitations that wait, without their codes. */
  open(): { readonly device: string; readonly expiresAt: string }[] {
    const now = toIsoInstant(this.#clock.now())
    return this.#database.prepare(OPEN).all(now) as { device: string; expiresAt: string }[]
  }

  /**
   * Checks the proof of a request against its invitation.
   * @param binding keying material exported from the connection on which the request came.
   * @throws {EnrolmentError} `invitation-unknown`, `invitation-expired`, `enrolment-intercepted`, `device-mismatch`.
   */
  check({ proof, ...message }: JoinRequest, binding: Uint8Array): ProvenInvitation {
    const row = this.#database.prepare(READ).get(message.invitation) as Row | undefined
    if (row === undefined) throw refused('invitation-unknown', 'no invitation has this code')
    if (row.withdrawn_at !== null || row.attempts >= MOST_ATTEMPTS)
      throw refused('invitation-expired', 'the invitation was withdrawn', row.device)
    if (Date.parse(row.expires_at) <= this.#clock.now())
      throw refused('invitation-expired', 'the time of the code is over', row.device)
    const key = Buffer.from(row.proof_key, 'hex')
    const expected = Buffer.from(enrolmentProof(key, 'device', binding, message), 'hex')
    if (!timingSafeEqual(expected, Buffer.from(proof, 'hex'))) {
      this.#database.prepare(COUNT_ATTEMPT).run(message.invitation)
      throw refused('enrolment-intercepted', 'the request was not made for this connection', row.device)
    }
    if (message.device !== null && message.device !== row.device)
      throw refused('device-mismatch', 'the code is for another device', row.device)
    return { id: message.invitation, device: row.device, key, issuedSerial: row.used_serial }
  }

  /** Ends an invitation: it gave the certificate `serial`. */
  use(id: string, serial: string): void {
    this.#database.prepare(USE).run(serial, id)
  }
}

/** A refusal that knows whose invitation it was, for the alarm. */
export class InvitationError extends EnrolmentError {
  device: string | undefined
}

function refused(code: EnrolmentError['code'], message: string, device?: string): InvitationError {
  const error = new InvitationError(code, 'permanent', {
    message,
    effect: 'no certificate was issued',
    nextStep: 'invite the device again, and type the new code at the box',
  })
  error.device = device
  return error
}
