import { isIP } from 'node:net'
import type { ConnectionOptions, PeerCertificate, SecureContextOptions, TlsOptions } from 'node:tls'

/** Our side of a TLS connection: PEM texts. */
export interface TlsIdentity {
  readonly key: string | Buffer
  readonly certificate: string | Buffer
  /** Who signs the peers' certificates. */
  readonly certificateAuthorities: readonly (string | Buffer)[]
}

/** TLS for callers of ours. */
export interface AcceptorTls extends TlsIdentity {
  /** True (mutual authentication) unless a site has callers that own no certificate. */
  readonly requireClientCertificate: boolean
}

/** TLS for the peers that we call. */
export interface RequesterTls extends TlsIdentity {
  /** True unless the peer's certificate does not name its host, as certificates of modalities often do not. */
  readonly verifyHostName: boolean
}

/**
 * PS3.15 B.12, the BCP 195 RFC 8996 profile: TLS 1.2 or newer, no downgrade, only suites with forward secrecy and
 * authenticated encryption.
 */
export const TLS_PROFILE = {
  minVersion: 'TLSv1.2',
  ciphers: [
    'TLS_AES_128_GCM_SHA256',
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES128-GCM-SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-RSA-AES256-GCM-SHA384',
    'DHE-RSA-AES128-GCM-SHA256',
    'DHE-RSA-AES256-GCM-SHA384',
  ].join(':'),
} as const

/** Options for `tls.createServer`. */
export function acceptorTlsOptions(tls: AcceptorTls, handshakeTimeoutMs: number): TlsOptions {
  return {
    ...TLS_PROFILE,
    key: tls.key,
    cert: tls.certificate,
    ca: [...tls.certificateAuthorities],
    dhparam: 'auto',
    // Asked for even where it is not required: a caller may be bound to its certificate by the caller policy.
    requestCert: true,
    rejectUnauthorized: tls.requireClientCertificate,
    handshakeTimeout: handshakeTimeoutMs,
    noDelay: true,
    keepAlive: true,
  }
}

/** Options for `tls.connect`. */
export function requesterTlsOptions(tls: RequesterTls, host: string): ConnectionOptions {
  return {
    ...TLS_PROFILE,
    key: tls.key,
    cert: tls.certificate,
    ca: [...tls.certificateAuthorities],
    rejectUnauthorized: true,
    // RFC 6066 3: a server name indication is never an address.
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(tls.verifyHostName ? {} : { checkServerIdentity: () => undefined }),
  }
}

/** The identity of a listener that runs, anew: for `setSecureContext`. Connections that are open keep the old one. */
export function renewedIdentity(tls: TlsIdentity): SecureContextOptions {
  return {
    ...TLS_PROFILE,
    key: tls.key,
    cert: tls.certificate,
    ca: [...tls.certificateAuthorities],
    dhparam: 'auto',
  }
}

/** The SHA-256 fingerprint of a peer's certificate as 64 lower-case hexadecimal digits, or `null` without one. */
export function certificateSha256(certificate: PeerCertificate | Record<string, never>): string | null {
  const fingerprint = certificate.fingerprint256 as string | undefined
  return fingerprint?.replaceAll(':', '').toLowerCase() ?? null
}

/** The subject of a verified certificate as one line, most specific part first (RFC 4514), or `null` without one. */
export function certificateSubject(certificate: PeerCertificate | Record<string, never>): string | null {
  const subject = certificate.subject as unknown as Record<string, string | string[]> | undefined
  if (subject === undefined) return null
  const parts = Object.entries(subject).flatMap(([type, value]) =>
    [value].flat().map((text) => `${type}=${text.replace(/([,+"\\<>;])/g, '\\$1').replace(/[^\x20-\x7e]/g, '?')}`),
  )
  return parts.reverse().join(',')
}
