import { z } from 'zod'

/** The file that names all others; its SHA-256 is the digest of the package. */
export const MANIFEST_NAME = 'manifest.json'

/**
 * A path inside a package: up to three folders, forward slashes, no leading dot in any part, so neither `..`, an
 * absolute path, a drive letter nor a hidden file can be said.
 */
export const packagePath = z
  .string()
  .max(160)
  .regex(/^(?:[A-Za-z0-9][A-Za-z0-9_-]{0,39}\/){0,3}[A-Za-z0-9][A-Za-z0-9_-]{0,79}(?:\.[A-Za-z0-9]{1,12}){1,3}$/)
  .refine((path) => path.toLowerCase() !== MANIFEST_NAME, { message: 'the manifest does not list itself' })
export type PackagePath = z.infer<typeof packagePath>
