import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { z } from 'zod'
import { PackageError } from './errors.ts'
import type { ModelManifest } from './manifest.ts'
import { MANIFEST_NAME } from './paths.ts'

/**
 * OpenSSF Model Signing 1.0: an in-toto statement over every file of a package, in a DSSE envelope, in a Sigstore bundle
 * with a plain key. It says nothing about approval, which is TUF's; it lets anybody check a package with public tools.
 */
const PREDICATE_TYPE = 'https://model_signing/signature/v1.0'
const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1'
const PAYLOAD_TYPE = 'application/vnd.in-toto+json'
const MEDIA_TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json'

/** Largest statement that is read, in bytes; a package has a thousand files at most. */
export const MAXIMUM_STATEMENT_BYTES = 2 << 20

const digest = z.string().regex(/^[0-9a-f]{64}$/)
const base64 = z.base64().max(MAXIMUM_STATEMENT_BYTES)

/** The bundle as far as a verifier needs it; what else stands in it is not believed. */
const bundle = z.looseObject({
  mediaType: z.literal(MEDIA_TYPE),
  verificationMaterial: z.looseObject({
    publicKey: z.looseObject({ hint: z.string().max(200).nullish() }),
  }),
  dsseEnvelope: z.looseObject({
    payload: base64,
    payloadType: z.literal(PAYLOAD_TYPE),
    signatures: z.array(z.looseObject({ sig: base64 })).length(1),
  }),
})

const statement = z.looseObject({
  _type: z.literal(STATEMENT_TYPE),
  predicateType: z.literal(PREDICATE_TYPE),
  subject: z.array(z.looseObject({ name: z.string().max(300), digest: z.looseObject({ sha256: digest }) })).length(1),
  predicate: z.looseObject({
    resources: z
      .array(z.looseObject({ name: z.string().min(1).max(400), algorithm: z.literal('sha256'), digest }))
      .min(1)
      .max(2000),
    serialization: z.looseObject({ method: z.literal('files'), hash_type: z.literal('sha256') }),
  }),
})

/** One file that a statement speaks of. */
export interface StatedFile {
  readonly path: string
  /** SHA-256, hexadecimal. */
  readonly sha256: string
}

/** Every file of a package, the manifest included, in order of path. */
export function statedFiles(manifestDigest: string, manifest: Pick<ModelManifest, 'files'>): StatedFile[] {
  const files = [{ path: MANIFEST_NAME, sha256: manifestDigest }, ...manifest.files]
  return files.map(({ path, sha256 }) => ({ path, sha256 })).sort((a, b) => (a.path < b.path ? -1 : 1))
}

/**
 * Signs a statement.
 * @param name what the package is called, such as `chest-radiograph@1.0.0`.
 * @param key a private key on the curve P-256.
 * @returns the bytes of the bundle.
 */
export function signStatement(name: string, files: readonly StatedFile[], key: KeyObject): Uint8Array {
  const payload = Buffer.from(
    JSON.stringify({
      _type: STATEMENT_TYPE,
      subject: [{ name, digest: { sha256: rootDigest(files) } }],
      predicateType: PREDICATE_TYPE,
      predicate: {
        resources: files.map(({ path, sha256 }) => ({ name: path, algorithm: 'sha256', digest: sha256 })),
        serialization: { method: 'files', hash_type: 'sha256', allow_symlinks: false, ignore_paths: [] },
      },
    }),
  )
  const signature = sign('sha256', authenticated(payload), key)
  return Buffer.from(
    JSON.stringify({
      mediaType: MEDIA_TYPE,
      verificationMaterial: { publicKey: { hint: hintOf(createPublicKey(key)) }, tlogEntries: [] },
      dsseEnvelope: {
        payload: payload.toString('base64'),
        payloadType: PAYLOAD_TYPE,
        signatures: [{ sig: signature.toString('base64'), keyid: '' }],
      },
    }),
  )
}

/**
 * Verifies a bundle's signature and that it agrees with itself.
 * @returns the files that it speaks of.
 * @throws {PackageError} `statement-invalid`
 */
export function verifyStatement(bytes: Uint8Array, key: KeyObject): readonly StatedFile[] {
  const parsed = parse(bytes, bundle)
  const hint = parsed.verificationMaterial.publicKey.hint
  if (hint != null && hint !== '' && hint !== hintOf(key)) throw invalid('it was signed with another key')
  const { payload, signatures } = parsed.dsseEnvelope
  const content = Buffer.from(payload, 'base64')
  const signature = Buffer.from(signatures[0]?.sig ?? '', 'base64')
  if (!isSigned(content, signature, key)) throw invalid('its signature does not verify')
  const { subject, predicate } = parse(content, statement)
  const files = predicate.resources.map((resource) => ({ path: resource.name, sha256: resource.digest }))
  if (subject[0]?.digest.sha256 !== rootDigest(files)) throw invalid('its digest is not that of the files it names')
  if (new Set(files.map((file) => file.path)).size !== files.length) throw invalid('it names a file twice')
  return files
}

/**
 * Verifies that a bundle speaks of exactly these files.
 * @throws {PackageError} `statement-invalid`, `statement-differs`
 */
export function verifyPackageStatement(bytes: Uint8Array, files: readonly StatedFile[], key: KeyObject): void {
  const stated = new Map(verifyStatement(bytes, key).map((file) => [file.path, file.sha256]))
  const differing = files.find((file) => stated.get(file.path) !== file.sha256)
  if (differing !== undefined) {
    throw new PackageError('statement-differs', `the signed statement does not speak of ${differing.path} as it is`)
  }
  if (stated.size !== files.length) {
    throw new PackageError('statement-differs', 'the signed statement speaks of files that the package does not have')
  }
}

/** SHA-256 over the digests of all files, in order: what stands as the subject. */
function rootDigest(files: readonly StatedFile[]): string {
  const hash = createHash('sha256')
  for (const file of files) hash.update(Buffer.from(file.sha256, 'hex'))
  return hash.digest('hex')
}

/** DSSE 1.0: pre-authentication encoding. */
function authenticated(payload: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`DSSEv1 ${PAYLOAD_TYPE.length} ${PAYLOAD_TYPE} ${payload.length} `), payload])
}

function hintOf(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ format: 'pem', type: 'spki' }))
    .digest('hex')
}

function isSigned(payload: Uint8Array, signature: Uint8Array, key: KeyObject): boolean {
  try {
    return verify('sha256', authenticated(payload), key, signature)
  } catch {
    return false
  }
}

function parse<T>(bytes: Uint8Array, schema: z.ZodType<T>): T {
  if (bytes.length > MAXIMUM_STATEMENT_BYTES) throw invalid('it is larger than a statement may be')
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    throw invalid('it is not JSON')
  }
  const parsed = schema.safeParse(value)
  if (!parsed.success) throw invalid('it is not in the form of OpenSSF Model Signing 1.0')
  return parsed.data
}

function invalid(why: string): PackageError {
  return new PackageError('statement-invalid', `the signed statement is refused: ${why}`)
}
