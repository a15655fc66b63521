import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import { digestOf } from '@leadglass/sync-agent/foundation'
import type { TlsIdentity } from '../dimse/index.ts'
import type { Settings } from '../settings.ts'
import type { PeerTls } from '../settings-network.ts'

/** The three files of one identity. */
export interface IdentityFiles {
  readonly keyFile: string
  readonly certificateFile: string
  readonly authoritiesFile: string
}

/** What a certificate says of itself. `notAfter` in milliseconds since 1970. */
export interface CertificateFact {
  readonly file: string
  readonly subject: string
  readonly sha256: string
  readonly notAfter: number
}

/** An identity as read from its files. `digest` changes with any of them. */
export type ReadIdentity =
  | {
      readonly kind: 'read'
      readonly digest: string
      readonly identity: TlsIdentity
      readonly certificates: readonly CertificateFact[]
    }
  | { readonly kind: 'unusable'; readonly digest: string; readonly message: string }

/** The files towards a peer: its own where named, else those of `tls`. `undefined` where a file is named nowhere. */
export function peerFiles(peer: PeerTls, settings: Pick<Settings, 'tls'>): IdentityFiles | undefined {
  const keyFile = peer.keyFile ?? settings.tls?.keyFile
  const certificateFile = peer.certificateFile ?? settings.tls?.certificateFile
  const authoritiesFile = peer.authoritiesFile ?? settings.tls?.authoritiesFile
  if (keyFile === undefined || certificateFile === undefined || authoritiesFile === undefined) return undefined
  return { keyFile, certificateFile, authoritiesFile }
}

/** Every identity that the settings name, with the place that names it. */
export function identitiesOf(settings: Settings): { readonly where: string; readonly files: IdentityFiles }[] {
  const peers: readonly (readonly [string, PeerTls | undefined])[] = [
    ...settings.destinations.map(({ name, tls }) => [`destinations.${name}.tls`, tls] as const),
    ...settings.sources.map(({ name, tls }) => [`sources.${name}.tls`, tls] as const),
    ...settings.callers.map(({ aeTitle, reportTls }) => [`callers.${aeTitle.trim()}.reportTls`, reportTls] as const),
  ]
  return [
    ...(settings.tls === undefined ? [] : [{ where: 'tls', files: settings.tls }]),
    ...peers.flatMap(([where, tls]) => {
      const files = tls === undefined ? undefined : peerFiles(tls, settings)
      return files === undefined ? [] : [{ where, files }]
    }),
  ]
}

/** One name for the three files. */
export function keyOf({ keyFile, certificateFile, authoritiesFile }: IdentityFiles): string {
  return `${keyFile}\n${certificateFile}\n${authoritiesFile}`
}

/**
 * Reads an identity and tries it: the key must belong to the certificate. The message names a file and what is wrong with
 * it, never what it holds.
 */
export async function readIdentity({
  keyFile,
  certificateFile,
  authoritiesFile,
}: IdentityFiles): Promise<ReadIdentity> {
  const texts: string[] = []
  for (const file of [keyFile, certificateFile, authoritiesFile]) {
    try {
      texts.push(await readFile(file, 'utf8'))
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code ?? 'unknown'
      return { kind: 'unusable', digest: `${file}:${code}`, message: `${file} cannot be read (${code})` }
    }
  }
  const [key = '', certificate = '', authorities = ''] = texts
  const digest = digestOf(texts.join('\0'))
  const unusable = (message: string): ReadIdentity => ({ kind: 'unusable', digest, message })
  let certificates: CertificateFact[]
  try {
    certificates = pemBlocks(certificate).map((pem) => factOf(certificateFile, pem))
  } catch {
    return unusable(`${certificateFile} holds something that is not a certificate in PEM form`)
  }
  if (certificates.length === 0) return unusable(`${certificateFile} holds no certificate in PEM form`)
  const issuers = pemBlocks(authorities)
  try {
    for (const pem of issuers) factOf(authoritiesFile, pem)
  } catch {
    return unusable(`${authoritiesFile} holds something that is not a certificate in PEM form`)
  }
  if (issuers.length === 0) return unusable(`${authoritiesFile} holds no certificate in PEM form`)
  try {
    createSecureContext({ key, cert: certificate, ca: issuers })
  } catch {
    return unusable(`${keyFile} is no unencrypted private key in PEM form, or not that of ${certificateFile}`)
  }
  return { kind: 'read', digest, identity: { key, certificate, certificateAuthorities: issuers }, certificates }
}

function pemBlocks(text: string): string[] {
  return text.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? []
}

function factOf(file: string, pem: string): CertificateFact {
  const { subject, fingerprint256, validToDate } = new X509Certificate(pem)
  return {
    file,
    // Node gives one part a line, least specific first; a name is written most specific first (RFC 4514).
    subject: subject.split('\n').reverse().join(','),
    sha256: fingerprint256.replaceAll(':', '').toLowerCase(),
    notAfter: validToDate.getTime(),
  }
}
