import { renewalRequest } from '@leadglass/sync-agent/contract'
import type { HubAudit } from '../audit/index.ts'
import { type Enrolment, EnrolmentError, requestedKeyDigest, type ShownCertificate } from '../ingest/index.ts'
import type { DeviceGate } from './device-gate.ts'

/** What renewing works with. */
export interface RenewingParts {
  readonly enrolment: Enrolment
  readonly audit: HubAudit
  readonly gate: DeviceGate
}

/** Each certificate gives one next certificate, to one key. A second key for the same link is a second box. */
export class Renewing {
  readonly #parts: RenewingParts
  #turn: Promise<unknown> = Promise.resolve()

  constructor(parts: RenewingParts) {
    this.#parts = parts
  }

  /**
   * Gives the next certificate of a device whose present one was verified and judged. Repeated for the same key it gives
   * the same certificate.
   * @throws {EnrolmentError} `device-cloned` for another key, `request-malformed`, `device-revoked`.
   */
  async renew(shown: ShownCertificate, body: unknown): Promise<unknown> {
    const result = this.#turn.then(() => this.#renew(shown, body))
    this.#turn = result.catch(() => undefined)
    return result
  }

  async #renew({ commonName, serial }: ShownCertificate, body: unknown): Promise<unknown> {
    const { enrolment, audit, gate } = this.#parts
    const { csr } = renewalRequest.parse(body)
    const before = enrolment.chain.renewed(serial)
    if (before !== undefined) {
      if (before.publicKey === (await requestedKeyDigest(csr))) return answer(before.certificate)
      gate.holdAsCloned(commonName, 'renewal.conflict')
      throw new EnrolmentError('device-cloned', 'permanent', {
        message: 'this certificate was renewed by another key before',
        effect: 'the device is held, wherever it is',
        nextStep: 'find out which of the boxes is the real one, and enrol it again',
      })
    }
    const issued = await enrolment.issueNext(commonName, csr)
    enrolment.chain.append(serial, issued)
    audit.record({
      event: 'device.renewed',
      actor: { kind: 'device', id: commonName },
      subject: { kind: 'device', id: commonName },
      outcome: 'success',
    })
    return answer(issued.certificatePem)
  }
}

function answer(certificate: string): unknown {
  return { schema: 'leadglass.renewal-answer/1', certificate }
}
