import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { z } from 'zod'

const packageFile = z.object({ version: z.string() })

/** The product's one version, from the root package. */
export const SOFTWARE_VERSION: string = packageFile.parse(
  JSON.parse(readFileSync(resolve(import.meta.dirname, '..', '..', 'package.json'), 'utf8')),
).version
