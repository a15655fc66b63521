import type { DeviceId } from '@leadglass/sync-agent/contract'
import type { Clock } from '@leadglass/sync-agent/foundation'
import { parseUsername } from './names.ts'
import type { DeviceDirectory, PolicyDirectory } from './ports.ts'
import { type SasRefusal, verifySas } from './sas-token.ts'

/** What came with a connection or a request. */
export interface Presented {
  /** CN of a client certificate that the hub's authority issued; empty without one. */
  readonly commonName: string
  readonly token: string | undefined
}

/** Why somebody is not let in. Logged by code, never told to the peer. */
export type AuthenticationRefusal =
  | SasRefusal
  | 'username'
  | 'client-id'
  | 'foreign-hub'
  | 'not-admitted'
  | 'certificate'

export type Authenticated =
  | { readonly kind: 'admitted'; readonly device: DeviceId; readonly expiresAtMs: number | undefined }
  | { readonly kind: 'refused'; readonly code: AuthenticationRefusal }

/** Decides who may come in, for MQTT and HTTPS alike. */
export class Authentication {
  readonly #hostName: string
  readonly #devices: DeviceDirectory
  readonly #policies: PolicyDirectory
  readonly #clock: Clock

  /** @param hostName the hub's own name, as it stands in user names and tokens; it may carry a port. */
  constructor(hostName: string, devices: DeviceDirectory, policies: PolicyDirectory, clock: Clock) {
    this.#hostName = hostName.toLowerCase()
    this.#devices = devices
    this.#policies = policies
    this.#clock = clock
  }

  /**
   * A service that speaks for the whole hub, under a policy's key. Its token may name the hub with or without the port that
   * its calls come to.
   */
  proveService(token: string | undefined, host: string | undefined): boolean {
    const keys = (policy: string): readonly string[] => this.#policies.keysOf(policy)
    return [this.#hostName, host ?? ''].some(
      (name) => name !== '' && verifySas(token ?? '', name, keys, this.#clock.now()).kind === 'valid',
    )
  }

  /** An MQTT connection: the user name names hub and device, the client id must be the device. */
  connect(clientId: string, username: string | undefined, presented: Presented): Authenticated {
    const claimed = parseUsername(username ?? '')
    if (claimed === undefined) return { kind: 'refused', code: 'username' }
    if (claimed.hostName.toLowerCase() !== this.#hostName) return { kind: 'refused', code: 'foreign-hub' }
    if (clientId !== claimed.device) return { kind: 'refused', code: 'client-id' }
    return this.prove(claimed.device, presented)
  }

  /** Proof that somebody is `device`: a token when there is one, else the certificate. */
  prove(device: DeviceId, presented: Presented): Authenticated {
    // The token is checked before the device is looked up, so that time does not tell which devices exist.
    const { token, commonName } = presented
    if (token !== undefined && token !== '') {
      const verdict = verifySas(
        token,
        `${this.#hostName}/devices/${device}`,
        this.#devices.keysOf(device),
        this.#clock.now(),
      )
      if (verdict.kind === 'refused') return verdict
      if (!this.#devices.isAdmitted(device)) return { kind: 'refused', code: 'not-admitted' }
      return { kind: 'admitted', device, expiresAtMs: verdict.expiresAtMs }
    }
    if (commonName !== device) return { kind: 'refused', code: 'certificate' }
    if (!this.#devices.isAdmitted(device)) return { kind: 'refused', code: 'not-admitted' }
    return { kind: 'admitted', device, expiresAtMs: undefined }
  }
}
