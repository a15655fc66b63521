import type { SecureContextOptions, TLSSocket } from 'node:tls'

/** CN of a client certificate that the hub's authority vouches for; empty without one, and when it has several. */
export function commonNameOf(socket: TLSSocket): string {
  if (!socket.authorized) return ''
  // Typed as always present; Node gives `{}` without a certificate and an array for a repeated CN.
  const subject = socket.getPeerCertificate().subject as { readonly CN?: unknown } | undefined
  return typeof subject?.CN === 'string' ? subject.CN : ''
}

/** What a server shows, and whose client certificates it believes. All PEM. */
export function secureContext(
  caPem: string,
  credential: { readonly certificatePem: string; readonly keyPem: string },
): SecureContextOptions {
  return { ca: caPem, cert: credential.certificatePem, key: credential.keyPem, minVersion: 'TLSv1.2' }
}
