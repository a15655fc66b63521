import 'reflect-metadata'
import { createHash, type webcrypto } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { type Clock, writeFileAtomically } from '@leadglass/sync-agent/foundation'
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  Pkcs10CertificateRequest,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'
import { EnrolmentError } from './errors.ts'

const AUTHORITY_COMMON_NAME = 'Leadglass hub device authority'
const DAY_MS = 86_400_000
const AUTHORITY_DAYS = 3650
const LEAF_DAYS = 90
/** Clocks in hospitals are wrong by minutes; a certificate is valid from a little before it was made. */
const BACKDATE_MS = 3_600_000
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

/** A certificate and its private key, PEM. `notAfter` is an ISO instant, `serial` hexadecimal. */
export interface Credential {
  readonly certificatePem: string
  readonly keyPem: string
  readonly serial: string
  readonly notAfter: string
}

/** A certificate for a key that the authority has not seen. `publicKey` is the SHA-256 of its SPKI, hexadecimal. */
export interface IssuedCertificate {
  readonly certificatePem: string
  readonly serial: string
  readonly notAfter: string
  readonly publicKey: string
}

/** The hub's own certificate authority: it names devices (CN = device id) and the broker, and nothing else. */
export class CertificateAuthority {
  readonly #folder: string
  readonly #clock: Clock

  /** @param folder where `ca.pem` and `ca.key.pem` lie; files are made with mode 0600. */
  constructor(folder: string, clock: Clock) {
    this.#folder = folder
    this.#clock = clock
  }

  /** Makes the authority's key and certificate unless both are there already. */
  async initialise(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    if ((await this.#readOptional('ca.pem')) !== undefined) return
    const keys = await generateKeys()
    const now = this.#clock.now()
    const certificate = await X509CertificateGenerator.createSelfSigned({
      name: `CN=${AUTHORITY_COMMON_NAME}`,
      keys,
      signingAlgorithm: ALGORITHM,
      notBefore: new Date(now - BACKDATE_MS),
      notAfter: new Date(now + AUTHORITY_DAYS * DAY_MS),
      extensions: [
        // RFC 5280 4.2.1.9: pathLenConstraint 0, so that no device certificate can act as an authority.
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      ],
    })
    // The key first: a certificate whose key is missing would be taken for a complete authority after a power cut.
    await writeFileAtomically(join(this.#folder, 'ca.key.pem'), await exportKey(keys.privateKey))
    await writeFileAtomically(join(this.#folder, 'ca.pem'), certificate.toString('pem'))
  }

  /** The authority's certificate, PEM. @throws {EnrolmentError} `authority-missing` before `initialise`. */
  async certificatePem(): Promise<string> {
    return this.#read('ca.pem')
  }

  /** A key and a client certificate whose CN is `commonName`; valid for 90 days unless told. */
  async issueClient(commonName: string, lifetimeMs = LEAF_DAYS * DAY_MS): Promise<Credential & IssuedCertificate> {
    const keys = await generateKeys()
    const issued = await this.#sign(commonName, ExtendedKeyUsage.clientAuth, [], keys.publicKey, lifetimeMs)
    return { ...issued, keyPem: await exportKey(keys.privateKey) }
  }

  /**
   * A client certificate for the key of a PKCS#10 request. Nothing but the key is taken from the request: the name is the
   * hub's to give.
   * @throws {EnrolmentError} `request-malformed` unless it is signed by the P-256 key that it names (RFC 2986 4.2).
   */
  async issueForRequest(commonName: string, request: string, lifetimeMs: number): Promise<IssuedCertificate> {
    const publicKey = await requestedKey(request)
    return this.#sign(commonName, ExtendedKeyUsage.clientAuth, [], publicKey, lifetimeMs)
  }

  /** A server certificate for `names` (DNS names and IP addresses); valid for 90 days. */
  async issueServer(commonName: string, names: readonly string[]): Promise<Credential> {
    const keys = await generateKeys()
    const issued = await this.#sign(commonName, ExtendedKeyUsage.serverAuth, names, keys.publicKey, LEAF_DAYS * DAY_MS)
    return { ...issued, keyPem: await exportKey(keys.privateKey) }
  }

  async #sign(
    commonName: string,
    usage: string,
    names: readonly string[],
    publicKey: webcrypto.CryptoKey,
    lifetimeMs: number,
  ): Promise<IssuedCertificate> {
    const authority = new X509Certificate(await this.#read('ca.pem'))
    const authorityKey = await importKey(await this.#read('ca.key.pem'))
    const now = this.#clock.now()
    const certificate = await X509CertificateGenerator.create({
      subject: [{ CN: [commonName] }],
      issuer: authority.subject,
      publicKey,
      signingKey: authorityKey,
      signingAlgorithm: ALGORITHM,
      notBefore: new Date(now - Math.min(BACKDATE_MS, lifetimeMs)),
      notAfter: new Date(now + lifetimeMs),
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([usage]),
        ...(names.length === 0 ? [] : [new SubjectAlternativeNameExtension(names.map(generalName))]),
      ],
    })
    return {
      certificatePem: certificate.toString('pem'),
      serial: certificate.serialNumber,
      notAfter: certificate.notAfter.toISOString(),
      publicKey: await keyDigest(publicKey),
    }
  }

  async #readOptional(name: string): Promise<string | undefined> {
    try {
      return await readFile(join(this.#folder, name), 'utf8')
    } catch {
      return undefined
    }
  }

  async #read(name: string): Promise<string> {
    const text = await this.#readOptional(name)
    if (text !== undefined) return text
    throw new EnrolmentError('authority-missing', 'permanent', {
      message: `the hub's certificate authority has no ${name}`,
      effect: 'no certificate can be issued and the broker cannot start',
      nextStep: 'initialise the hub folder, or restore hub/ca from the backup',
    })
  }
}

/** When the certificate in `pem` ends, in milliseconds. */
export function certificateEnd(pem: string): number {
  return new X509Certificate(pem).notAfter.getTime()
}

/** SHA-256 of a certificate, hexadecimal: what people compare. */
export function authorityFingerprint(pem: string): string {
  return createHash('sha256')
    .update(Buffer.from(new X509Certificate(pem).rawData))
    .digest('hex')
}

/** SHA-256 of the key of a PKCS#10 request. @throws {EnrolmentError} `request-malformed`. */
export async function requestedKeyDigest(request: string): Promise<string> {
  return keyDigest(await requestedKey(request))
}

async function requestedKey(request: string): Promise<webcrypto.CryptoKey> {
  try {
    const parsed = new Pkcs10CertificateRequest(request)
    // Import first: a key of another kind is refused here.
    const key = await crypto.subtle.importKey('spki', parsed.publicKey.rawData, ALGORITHM, true, ['verify'])
    if (await parsed.verify()) return key
  } catch {
    // What cannot be read is answered as what is signed by another key.
  }
  throw new EnrolmentError('request-malformed', 'permanent', {
    message: 'the certificate request is not signed by a P-256 key of its own',
    effect: 'no certificate was issued',
    nextStep: 'use the leadglass command of the same version as the hub',
  })
}

async function keyDigest(key: webcrypto.CryptoKey): Promise<string> {
  return createHash('sha256')
    .update(Buffer.from(await crypto.subtle.exportKey('spki', key)))
    .digest('hex')
}

function generalName(name: string): { readonly type: 'ip' | 'dns'; readonly value: string } {
  return { type: isIP(name) === 0 ? 'dns' : 'ip', value: name }
}

async function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  return PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')
}

async function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  const der = PemConverter.decodeFirst(pem)
  return crypto.subtle.importKey('pkcs8', der, ALGORITHM, false, ['sign'])
}
