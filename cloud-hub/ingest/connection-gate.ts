import type { TLSSocket } from 'node:tls'

/** A client certificate that the TLS layer has verified. */
export interface ShownCertificate {
  readonly commonName: string
  /** Hexadecimal. */
  readonly serial: string
}

export type GateAnswer = { readonly outcome: 'admitted' } | { readonly outcome: 'refused'; readonly code: string }

/** Who decides about connections of devices beyond what TLS proves. */
export interface ConnectionGate {
  admitCertificate(shown: ShownCertificate): GateAnswer
  /** @param userName of the MQTT CONNECT; empty when there is none. */
  admitSession(device: string, userName: string): GateAnswer
  /** @param reason OpenSSL's code, such as `CERT_HAS_EXPIRED`. */
  refuseCertificate(claimedName: string, reason: string): void
}

/** Takes a connection that asked for enrolment by its ALPN name; it may have no client certificate. */
export type EnrolmentDoorPort = (socket: TLSSocket) => void
