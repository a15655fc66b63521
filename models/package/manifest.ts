import { modelReference, vocabularyCode } from '@leadglass/sync-agent/contract'
import { digestOfJson, type Sha256Hex, sha256Hex } from '@leadglass/sync-agent/foundation'
import { z } from 'zod'
import { graphEntry, tensorSource, wiringProblems } from './graphs.ts'
import { packagePath } from './paths.ts'
import { preprocessingShape, preprocessingStep } from './preprocessing.ts'

export const MODEL_PACKAGE_SCHEMA = 'leadglass.model-package/1'

/** Bounds of a package; a hospital's box must never be filled or stalled by one. */
export const PACKAGE_LIMITS = {
  manifestBytes: 1 << 20,
  files: 256,
  fileBytes: 512 * (1 << 20),
  totalBytes: 1024 * (1 << 20),
} as const

const line = z.string().min(1).max(200)
const text = z.string().min(1).max(4000)
const codeString = z.string().regex(/^[A-Z0-9_ ]{1,16}$/)
const uid = z.string().regex(/^(?=.{1,64}$)[0-9]+(?:\.[0-9]+)*$/)

/** Which instances the model is meant for. An empty list of body parts or views means that the header decides nothing. */
export const fitRules = z.strictObject({
  modalities: z.array(codeString).min(1).max(16),
  sopClasses: z.array(uid).min(1).max(64),
  bodyParts: z.array(codeString).max(64),
  views: z.array(codeString).max(16),
  minRows: z.number().int().min(1).max(65_535),
  minColumns: z.number().int().min(1).max(65_535),
})
export type FitRules = z.infer<typeof fitRules>

/** The image tensor: `[N, channels, height, width]`; N is 1 or free. */
const inputTensor = z.strictObject({
  name: z.string().min(1).max(128),
  type: z.literal('float32'),
  shape: z.tuple([
    z.union([z.literal('N'), z.literal(1)]),
    z.number().int().min(1).max(16),
    z.number().int().min(1).max(4096),
    z.number().int().min(1).max(4096),
  ]),
})

const embedding = z.strictObject({ from: tensorSource, length: z.number().int().min(1).max(8192) })

/** One score: which element of which tensor, what it means as a coded concept, and where the operating point lies. */
export const scoreOutput = z.strictObject({
  code: vocabularyCode,
  title: line,
  from: tensorSource,
  index: z.number().int().min(0).max(65_535),
  unit: line,
  meaning: z.strictObject({
    scheme: z.string().regex(/^[A-Za-z0-9_-]{1,16}$/),
    value: z.string().regex(/^[\x21-\x7e]{1,16}$/),
    meaning: z.string().min(1).max(64),
  }),
  operatingPoint: z.strictObject({ thresholdMilli: z.number().int().min(0).max(1_000_000), chosenBy: text }),
})
export type ScoreOutput = z.infer<typeof scoreOutput>

const goldenCase = z.strictObject({ image: packagePath, expected: packagePath })

const runtime = z.strictObject({
  timeoutMs: z.number().int().min(100).max(600_000),
  memoryMiB: z.number().int().min(64).max(65_536),
})

const lineage = z.strictObject({ parent: sha256Hex.nullable(), trainedBy: line, dataset: text, split: text })

/** One file of the package. */
export const packageFile = z.strictObject({
  path: packagePath,
  sha256: sha256Hex,
  bytes: z.number().int().min(0).max(PACKAGE_LIMITS.fileBytes),
})
export type PackageFile = z.infer<typeof packageFile>

const members = z.strictObject({
  schema: z.literal(MODEL_PACKAGE_SCHEMA),
  name: modelReference.shape.name,
  version: modelReference.shape.version,
  releaseCounter: z.number().int().min(1).max(1_000_000_000),
  title: line,
  kind: z.literal('image-2d'),
  intendedUse: text,
  fit: fitRules,
  input: inputTensor,
  preprocessing: z.array(preprocessingStep).min(1).max(16),
  graphs: z.array(graphEntry).min(1).max(8),
  embedding,
  outputs: z.array(scoreOutput).min(1).max(64),
  golden: z.array(goldenCase).min(1).max(64),
  reference: packagePath,
  card: packagePath,
  runtime,
  lineage,
  files: z.array(packageFile).min(1).max(PACKAGE_LIMITS.files),
})

/** `manifest.json`: everything the appliance must know to run a model, and the digest of every other file. */
export const modelManifest = members.superRefine((manifest, context) => {
  for (const message of manifestProblems(manifest)) context.addIssue({ code: 'custom', message })
})
export type ModelManifest = z.infer<typeof modelManifest>

function manifestProblems(manifest: z.infer<typeof members>): readonly string[] {
  const consumers = [manifest.embedding.from, ...manifest.outputs.map((output) => output.from)]
  return [...wiringProblems(manifest.graphs, consumers), ...shapeProblems(manifest), ...fileProblems(manifest)]
}

function shapeProblems(manifest: z.infer<typeof members>): readonly string[] {
  const made = preprocessingShape(manifest.preprocessing)
  if (made.kind === 'invalid') return [`preprocessing: ${made.reason}`]
  const [, channels, height, width] = manifest.input.shape
  const equal = made.channels === channels && made.height === height && made.width === width
  return equal ? [] : ['preprocessing makes another shape than the input declares']
}

function fileProblems(manifest: z.infer<typeof members>): readonly string[] {
  const problems: string[] = []
  const listed = new Set(manifest.files.map((file) => file.path))
  const folded = new Set(manifest.files.map((file) => file.path.toLowerCase()))
  if (folded.size !== manifest.files.length) problems.push('a file is listed twice')
  const used = [
    manifest.reference,
    manifest.card,
    ...manifest.graphs.map((graph) => graph.file),
    ...manifest.golden.flatMap((golden) => [golden.image, golden.expected]),
  ]
  for (const path of used) if (!listed.has(path)) problems.push('a file is used but not listed')
  if (manifest.files.reduce((sum, file) => sum + file.bytes, 0) > PACKAGE_LIMITS.totalBytes) {
    problems.push('the files together are too large')
  }
  if (new Set(manifest.outputs.map((output) => output.code)).size !== manifest.outputs.length) {
    problems.push('a score code stands twice')
  }
  return problems
}

/** The digest of a package: SHA-256 of its manifest in canonical JSON, which are the manifest's bytes. */
export function packageDigest(manifest: ModelManifest): Sha256Hex {
  return digestOfJson(manifest)
}
