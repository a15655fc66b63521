import type { TLSSocket } from 'node:tls'
import { ENROLMENT_PROTOCOL } from '@leadglass/sync-agent/contract'
import type { ConnectionGate } from './connection-gate.ts'
import { type Peer, peerOf } from './topic-rules.ts'

/** Who decides about certificates. */
export interface AdmissionRules {
  /** True for the CN of an enrolled, unrevoked device. */
  readonly isAdmitted: (commonName: string) => boolean
  /** Judges certificates beyond `isAdmitted`, and hears of those that TLS refuses. */
  readonly gate?: ConnectionGate
}

/** Who holds a connection; undefined unless TLS verified the certificate, and it is one that is in force. */
export function admittedPeer(socket: TLSSocket, { gate, isAdmitted }: AdmissionRules): Peer | undefined {
  const commonName = commonNameOf(socket)
  if (!socket.authorized || socket.alpnProtocol === ENROLMENT_PROTOCOL) {
    if (commonName !== '') gate?.refuseCertificate(commonName, String(socket.authorizationError))
    return undefined
  }
  const peer = peerOf(commonName)
  if (peer?.kind !== 'device') return peer
  const serial = socket.getPeerCertificate().serialNumber
  if (gate !== undefined && gate.admitCertificate({ commonName, serial }).outcome === 'refused') return undefined
  return isAdmitted(commonName) ? peer : undefined
}

/** CN of the client certificate; empty when there is none, or when it has several. */
export function commonNameOf(socket: TLSSocket): string {
  // Typed as always present; Node gives `{}` without a certificate and an array for a repeated CN.
  const subject = socket.getPeerCertificate().subject as { readonly CN?: unknown } | undefined
  return typeof subject?.CN === 'string' ? subject.CN : ''
}
