import { z } from 'zod'
import { modelReference, type ReleaseStatement } from '../contract/index.ts'
import { digestOf, type Sha256Hex, sha256Hex } from '../foundation/index.ts'
import { UpdateRefusedError } from './attacks.ts'

/** Largest manifest, in bytes. */
export const MAXIMUM_MANIFEST_BYTES = 1 << 20
/** Largest package, all files together, in bytes. */
export const MAXIMUM_PACKAGE_BYTES = 8 * 2 ** 30

const filePath = z
  .string()
  .max(200)
  .regex(/^[A-Za-z0-9_][A-Za-z0-9._-]*(?:\/[A-Za-z0-9_][A-Za-z0-9._-]*){0,7}$/)

/** One file of a package: path within the package, digest, and length in bytes. */
export const packageFile = z.strictObject({
  path: filePath,
  sha256: sha256Hex,
  bytes: z.number().int().min(0).max(MAXIMUM_PACKAGE_BYTES),
})
export type PackageFile = z.infer<typeof packageFile>

/** The members of a package manifest that delivery depends on; the rest is the model format's business. */
export const deliveredManifest = z.looseObject({
  schema: z.literal('leadglass.model-package/1'),
  name: modelReference.shape.name,
  version: modelReference.shape.version,
  releaseCounter: z.number().int().min(1),
  files: z
    .array(packageFile)
    .min(1)
    .max(1000)
    .refine((files) => new Set(files.map((file) => file.path)).size === files.length, { message: 'a path twice' })
    .refine((files) => files.reduce((sum, file) => sum + file.bytes, 0) <= MAXIMUM_PACKAGE_BYTES, {
      message: 'too large',
    }),
})
export type DeliveredManifest = z.infer<typeof deliveredManifest>

/**
 * Reads manifest bytes and holds them against the approved statement.
 * @throws {UpdateRefusedError} `tampered-file`, `malformed-metadata` or `statement-mismatch`
 */
export function readManifest(bytes: Uint8Array, statement: ReleaseStatement): DeliveredManifest {
  const name = `${statement.model.name} ${statement.model.version}`
  if (digestOf(bytes) !== (statement.model.digest as Sha256Hex)) {
    throw new UpdateRefusedError('tampered-file', `The manifest of ${name} differs from the one that was approved.`)
  }
  const parsed = deliveredManifest.safeParse(parse(bytes))
  if (!parsed.success) {
    throw new UpdateRefusedError('malformed-metadata', `The manifest of ${name} is not one that this device can read.`)
  }
  const manifest = parsed.data
  const counterAgrees =
    manifest.releaseCounter === statement.releaseCounter ||
    (statement.rollbackOf !== null && manifest.releaseCounter < statement.releaseCounter)
  if (manifest.name !== statement.model.name || manifest.version !== statement.model.version || !counterAgrees) {
    throw new UpdateRefusedError('statement-mismatch', `The package of ${name} says that it is another one.`)
  }
  return manifest
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    return undefined
  }
}
