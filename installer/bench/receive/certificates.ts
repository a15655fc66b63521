import { spawnSync } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { InstallerError } from '../../errors.ts'

/** One self-signed identity that everybody on this machine trusts. PEM files. */
export interface BenchIdentity {
  readonly keyFile: string
  readonly certificateFile: string
}

/** Makes the identity. @param openssl path of the program. @throws InstallerError `process-failed`. */
export async function makeBenchIdentity(openssl: string, folder: string): Promise<BenchIdentity> {
  await mkdir(folder, { recursive: true })
  const identity = { keyFile: join(folder, 'key.pem'), certificateFile: join(folder, 'certificate.pem') }
  const { status, stderr } = spawnSync(
    openssl,
    [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'],
      ...['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
      ...['-keyout', identity.keyFile, '-out', identity.certificateFile],
    ],
    { encoding: 'utf8' },
  )
  if (status === 0) return identity
  throw new InstallerError('process-failed', {
    message: `openssl made no certificate: ${stderr}`,
    effect: 'there are no figures over TLS',
    nextStep: 'install openssl and run the bench again',
  })
}
