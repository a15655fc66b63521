import { X509Certificate } from 'node:crypto'
import { confirmationAnswer, type DeviceId, renewalAnswer } from '../contract/index.ts'
import { type Clock, isCodedError } from '../foundation/index.ts'
import type { Credentials } from '../transport/index.ts'
import { certificateRequest, generateDeviceKey } from './certificate-request.ts'
import { askDoor, openDoor } from './door-client.ts'
import type { Identity, IdentityStore } from './identity-store.ts'

/** Part of its life after which a certificate is renewed: well before two thirds, so that a hub may be away for days. */
const RENEW_AFTER = 0.6
/** Refusals after which the certificate that was asked for is given up. */
const NOT_IN_FORCE: ReadonlySet<string> = new Set(['certificate-unknown', 'certificate-superseded'])

/** What a look at the identity came to. `code` is for people: why the box is not well, null when it is. */
export interface RenewalOutcome {
  readonly outcome: 'unchanged' | 'renewed' | 'failed'
  readonly code: string | null
  readonly notAfter: string
}

/** When a certificate is renewed, in milliseconds since 1970. @param certificatePem PEM. */
export function renewalDue(certificatePem: string): number {
  const { validFromDate, validToDate } = new X509Certificate(certificatePem)
  const begin = validFromDate.getTime()
  return begin + RENEW_AFTER * (validToDate.getTime() - begin)
}

/** Where the box's identity is, and where its hub. */
export interface RenewalParts {
  readonly device: DeviceId
  /** `mqtts://host:port`. */
  readonly hubUrl: string
  readonly store: IdentityStore
  /** The identity that the box was set up with, for as long as the store has none. */
  readonly provisioned: () => Promise<Credentials>
  readonly clock: Clock
}

/**
 * Keeps the certificate young. Each step leaves the disk in a state from which the next start goes on: the new key lies
 * there before the hub is asked, the new certificate before it is shown, and the old one stays until the hub has seen the
 * new one.
 */
export class Renewal {
  readonly #parts: RenewalParts

  constructor(parts: RenewalParts) {
    this.#parts = parts
  }

  /** What to connect with now: the newest complete identity. */
  async credentials(): Promise<Credentials> {
    const current = await this.#current()
    const next = await this.#parts.store.readNext()
    if (next?.certificatePem == null || next.invitation !== null) return current
    return { caPem: current.caPem, certificatePem: next.certificatePem, keyPem: next.keyPem }
  }

  /** Renews when it is time, and finishes what was begun. Never rejects for a hub that is away or refuses. */
  async step(): Promise<RenewalOutcome> {
    const { store, clock } = this.#parts
    const current = await this.#current()
    const { validToDate } = new X509Certificate(current.certificatePem)
    const end = validToDate.getTime()
    const notAfter = validToDate.toISOString()
    const next = await store.readNext()
    const begun = next !== undefined && next.invitation === null
    if (!begun && clock.now() < renewalDue(current.certificatePem))
      return { outcome: 'unchanged', code: null, notAfter }
    if (!(begun && next.certificatePem !== null) && clock.now() >= end)
      return { outcome: 'failed', code: 'certificate-expired', notAfter }
    try {
      const certificatePem =
        (begun ? next.certificatePem : null) ?? (await this.#ask(current, begun ? next.keyPem : null))
      await this.#confirm(current, certificatePem)
      return { outcome: 'renewed', code: null, notAfter: new X509Certificate(certificatePem).validToDate.toISOString() }
    } catch (error) {
      const code = isCodedError(error) ? error.code : 'renewal-failed'
      // A hub that was restored from an older backup does not know the new certificate; it knows the old one.
      if (NOT_IN_FORCE.has(code) && begun && next.certificatePem !== null) await store.dropNext()
      return { outcome: 'failed', code, notAfter }
    }
  }

  /** Asks for the next certificate, for a key that is on disk. */
  async #ask(current: Credentials, begunKey: string | null): Promise<string> {
    const { store, hubUrl, device } = this.#parts
    const keyPem = begunKey ?? generateDeviceKey()
    if (begunKey === null) await store.writeNext({ invitation: null, keyPem, certificatePem: null })
    const body = { schema: 'leadglass.renewal/1', csr: certificateRequest(keyPem, device) }
    const { certificate } = await askDoor(await openDoor(hubUrl, current), '/renew', body, renewalAnswer)
    await store.writeNext({ invitation: null, keyPem, certificatePem: certificate })
    return certificate
  }

  /** Shows the new certificate to the hub; only then is the old one given up. */
  async #confirm(current: Credentials, certificatePem: string): Promise<void> {
    const { store, hubUrl, device } = this.#parts
    const next = await store.readNext()
    if (next === undefined) return
    const { caPem } = current
    const door = await openDoor(hubUrl, { caPem, certificatePem, keyPem: next.keyPem })
    await askDoor(door, '/confirm', {}, confirmationAnswer)
    const { hubKeys = [], hub } = (await store.read()) ?? {}
    const kept = hub === undefined ? {} : { hub }
    await store.write({ device, keyPem: next.keyPem, certificatePem, caPem, hubKeys, ...kept })
  }

  async #current(): Promise<Credentials> {
    const stored: Identity | undefined = await this.#parts.store.read()
    return stored ?? this.#parts.provisioned()
  }
}
