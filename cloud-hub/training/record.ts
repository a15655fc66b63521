import { createRequire } from 'node:module'
import { vocabularyCode } from '@leadglass/sync-agent/contract'
import { sha256Hex } from '@leadglass/sync-agent/foundation'
import { z } from 'zod'

/** What a run was executed by: the same bytes are promised for the same record only. */
const runtime = z.strictObject({
  node: z.string().max(40),
  onnxRuntime: z.string().max(40),
  platform: z.string().max(40),
  architecture: z.string().max(40),
})

/**
 * Everything that a run can be done again from, and what it gave. Written when the dataset is fixed, so that a run that is
 * taken up after a kill goes on from the same one; `release` and `results` come later.
 */
export const runRecord = z.strictObject({
  schema: z.literal('leadglass.run-record/1'),
  executor: vocabularyCode,
  runtime,
  /** The job as the executor was told it, without its folders; read by the schema of jobs when it is done again. */
  job: z.record(z.string(), z.json()),
  snapshot: sha256Hex,
  parent: sha256Hex,
  /** The number that the candidate has; part of its package's bytes. */
  release: z.strictObject({ version: z.string(), releaseCounter: z.number().int() }).nullable(),
  results: z.strictObject({ head: sha256Hex, report: sha256Hex, package: sha256Hex.nullable() }).nullable(),
})
export type RunRecord = z.infer<typeof runRecord>

/** The runtime of this process. */
export function runtimeVersions(): RunRecord['runtime'] {
  const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { readonly version: string }
  return { node: process.version, onnxRuntime: version, platform: process.platform, architecture: process.arch }
}
