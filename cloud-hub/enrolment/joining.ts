import type { TLSSocket } from 'node:tls'
import { parseVerifierKey } from '@leadglass/sync-agent/audit-log'
import { CHANNEL_BINDING, enrolmentProof, type JoinAnswer, joinRequest } from '@leadglass/sync-agent/contract'
import type { Clock } from '@leadglass/sync-agent/foundation'
import type { HubAudit } from '../audit/index.ts'
import { siteLogOrigin } from '../audit/log-names.ts'
import {
  type CertificateAuthority,
  type Enrolment,
  type EnrolmentCode,
  EnrolmentError,
  requestedKeyDigest,
} from '../ingest/index.ts'
import type { Invitations } from './invitations.ts'

/** With a clock further off than this a certificate would seem not to be valid yet, or no longer. */
const MOST_CLOCK_OFFSET_MS = 86_400_000

/** What joining works with. */
export interface JoiningParts {
  readonly invitations: Invitations
  readonly enrolment: Enrolment
  readonly authority: CertificateAuthority
  readonly audit: HubAudit
  readonly clock: Clock
  /** Verifier keys of the hub's log and of the hub as a witness. */
  readonly hubKeys: readonly string[]
  /** Ends the connections of a device. */
  readonly disconnect: (device: string) => void
}

/** A box comes with a code and goes with a certificate. */
export class Joining {
  readonly #parts: JoiningParts
  /** One at a time: a code is for one box. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(parts: JoiningParts) {
    this.#parts = parts
  }

  /**
   * Answers one request.
   * @throws {EnrolmentError} for a code that is unknown, over or used, a proof made for another connection, a clock that
   * is more than a day off, a name that was revoked.
   */
  async join(body: unknown, socket: TLSSocket): Promise<JoinAnswer> {
    const result = this.#turn.then(() => this.#join(body, socket))
    this.#turn = result.catch(() => undefined)
    return result
  }

  async #join(body: unknown, socket: TLSSocket): Promise<JoinAnswer> {
    const { invitations, enrolment, authority, audit, clock, hubKeys, disconnect } = this.#parts
    const request = joinRequest.parse(body)
    const binding = socket.exportKeyingMaterial(CHANNEL_BINDING.length, CHANNEL_BINDING.label, Buffer.alloc(0))
    const { id, device, key, issuedSerial } = invitations.check(request, binding)
    if (Math.abs(Date.parse(request.at) - clock.now()) > MOST_CLOCK_OFFSET_MS)
      throw refused('clock-off', 'the clock of the box is more than a day off', 'set the clock of the box')
    if (request.auditKey !== null && parseVerifierKey(request.auditKey)?.name !== siteLogOrigin(device))
      throw refused('device-mismatch', 'the audit log is another device’s', 'use a code for the name of this box')
    const known = enrolment.isKnown(device)
    const pin = (): void => {
      if (request.auditKey === null || enrolment.pinAuditLogKey(device, request.auditKey)) return
      throw refused('device-mismatch', 'another audit log is known of this device', 'enrol the box under a new name')
    }
    // Of a known device first of all: what is refused must not have ended the certificate that works.
    if (known) pin()
    const before = issuedSerial === null ? undefined : enrolment.chain.certificate(issuedSerial)
    let certificate: string
    if (before !== undefined) {
      // The answer was lost: the same key gets the same certificate again, any other key nothing.
      if (before.publicKey !== (await requestedKeyDigest(request.csr)))
        throw refused('invitation-used', 'the code was used by another box', 'find out who used it, then invite again')
      certificate = before.certificate
    } else {
      const issued = await enrolment.enrolRequest(device, request.csr)
      invitations.use(id, issued.serial)
      certificate = issued.certificatePem
      audit.record({
        event: 'device.enrolled',
        actor: { kind: 'device', id: device },
        subject: { kind: 'device', id: device },
        outcome: 'success',
        codes: known ? ['enrolled.again'] : [],
      })
      disconnect(device)
    }
    if (!known) pin()
    const answer = {
      schema: 'leadglass.join-answer/1' as const,
      device: enrolment.assertEnrollable(device),
      certificate,
      authority: await authority.certificatePem(),
      hubKeys: [...hubKeys],
    }
    return { ...answer, proof: enrolmentProof(key, 'hub', binding, answer) }
  }
}

function refused(code: EnrolmentCode, message: string, nextStep: string): EnrolmentError {
  return new EnrolmentError(code, 'permanent', { message, effect: 'no certificate was issued', nextStep })
}
