import 'reflect-metadata'
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, webcrypto } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Clock, writeFileAtomically } from '@leadglass/sync-agent/foundation'
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'

const DAY_MS = 86_400_000
/** A new certificate over the same key comes at the start of the process, so a pin outlives every one of them. */
const VALID_DAYS = 397
const RENEW_BEFORE_DAYS = 60
const BACKDATE_MS = 3_600_000
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

/** What the door shows itself with. PEM; `pin` is the SHA-256 of the public key's SPKI, base64url (RFC 7469 2.4). */
export interface DoorCredential {
  readonly keyPem: string
  readonly certificatePem: string
  readonly pin: string
}

/**
 * The door's key, made once, and a certificate over it that is still good for two months; a new one is made where not.
 * Consoles pin the key, so that no certificate authority is needed and a renewal is not noticed.
 * @param folder where `console.key.pem` and `console.pem` lie; files are made with mode 0600.
 */
export async function doorCredential(folder: string, device: string, clock: Clock): Promise<DoorCredential> {
  const keyFile = join(folder, 'console.key.pem')
  const certificateFile = join(folder, 'console.pem')
  let keyPem = await readOptional(keyFile)
  if (keyPem === undefined) {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    keyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    await writeFileAtomically(keyFile, keyPem)
  }
  const spki = createPublicKey(keyPem).export({ type: 'spki', format: 'der' })
  let certificatePem = await readOptional(certificateFile)
  if (certificatePem === undefined || !isGood(certificatePem, spki, clock.now())) {
    certificatePem = await selfSigned(keyPem, device, clock.now())
    await writeFileAtomically(certificateFile, certificatePem)
  }
  return { keyPem, certificatePem, pin: createHash('sha256').update(spki).digest('base64url') }
}

function isGood(pem: string, spki: Buffer, now: number): boolean {
  try {
    const certificate = new X509Certificate(pem)
    const isOurs = spki.equals(Buffer.from(certificate.publicKey.rawData))
    return isOurs && certificate.notAfter.getTime() - now > RENEW_BEFORE_DAYS * DAY_MS
  } catch {
    // Cut off by a power failure, or not ours: a new one costs nothing.
    return false
  }
}

async function selfSigned(keyPem: string, device: string, now: number): Promise<string> {
  const { subtle } = webcrypto
  const der = createPrivateKey(keyPem).export({ type: 'pkcs8', format: 'der' })
  const spki = createPublicKey(keyPem).export({ type: 'spki', format: 'der' })
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${device}`,
    keys: {
      privateKey: await subtle.importKey('pkcs8', der, ALGORITHM, false, ['sign']),
      publicKey: await subtle.importKey('spki', spki, ALGORITHM, true, ['verify']),
    },
    signingAlgorithm: ALGORITHM,
    notBefore: new Date(now - BACKDATE_MS),
    notAfter: new Date(now + VALID_DAYS * DAY_MS),
    extensions: [
      // RFC 5280 4.2.1.9: names this door and can name nothing else.
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension([{ type: 'dns', value: device }]),
    ],
  })
  return certificate.toString('pem')
}

async function readOptional(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined
    throw cause
  })
}
