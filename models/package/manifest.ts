import { modelReference, vocabularyCode } from '@leadglass/sync-agent/contract'
import { digestOfJson, type Sha256Hex, sha256Hex } from '@leadglass/sync-agent/foundation'
import { z } from 'zod'
import { trainingMember } from './augmentation.ts'
import { column, MOST_COLUMNS } from './columns.ts'
import { graphEntry, tensorSource, wiringProblems } from './graphs.ts'
import { priorRule, seriesRule } from './inputs.ts'
import { packagePath } from './paths.ts'
import { preprocessingShape, preprocessingStep } from './preprocessing.ts'
import { declaredRadiomics, radiomicsProblems } from './radiomics.ts'

export const MODEL_PACKAGE_SCHEMA = 'leadglass.model-package/1'

/** What one input is: a frame, the frames of one object, a whole series, or a row of figures of a study. */
export const MODEL_KINDS = ['image-2d', 'multi-frame', 'volume-3d', 'tabular'] as const

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

const qualityBound = z
  .strictObject({ figure: vocabularyCode, minimum: z.number().optional(), maximum: z.number().optional() })
  .refine((bound) => bound.minimum !== undefined || bound.maximum !== undefined, { message: 'a bound needs an end' })

/** Which instances the model is meant for. An empty list of body parts or views means that the header decides nothing. */
export const fitRules = z.strictObject({
  modalities: z.array(codeString).min(1).max(16),
  sopClasses: z.array(uid).min(1).max(64),
  bodyParts: z.array(codeString).max(64),
  views: z.array(codeString).max(16),
  minRows: z.number().int().min(1).max(65_535),
  minColumns: z.number().int().min(1).max(65_535),
  /** Number of frames of an instance; without it exactly one. */
  frames: z
    .strictObject({ minimum: z.number().int().min(1).max(65_535), maximum: z.number().int().min(1).max(65_535) })
    .refine((frames) => frames.minimum <= frames.maximum)
    .optional(),
  /** Whole years of Patient's Age (0010,1010), both ends included. A header without an age does not fit. */
  age: z
    .strictObject({ minimumYears: z.number().int().min(0).max(150), maximumYears: z.number().int().min(0).max(150) })
    .refine((age) => age.minimumYears <= age.maximumYears)
    .optional(),
  /** Bounds on measured quality figures, both ends included. A figure that was not measured decides nothing. */
  quality: z.array(qualityBound).min(1).max(16).optional(),
})
export type FitRules = z.infer<typeof fitRules>

const colourPart = z.number().int().min(0).max(65_535)
const channels = z.number().int().min(1).max(16)
const side = z.number().int().min(1).max(4096)

/** Of an image or a frame `[N, channels, height, width]`, N being 1 or free; of a volume `[1, channels, depth, height, width]`, of a row `[N, columns]`. */
const inputTensor = z.strictObject({
  name: z.string().min(1).max(128),
  type: z.literal('float32'),
  shape: z.union([
    z.tuple([z.union([z.literal('N'), z.literal(1)]), channels, side, side]),
    z.tuple([z.literal(1), channels, side, side, side]),
    z.tuple([z.union([z.literal('N'), z.literal(1)]), z.number().int().min(1).max(MOST_COLUMNS)]),
  ]),
})

/** With `class-fractions` the tensor is a segmentation `[1, length, depth, height, width]`: the share of voxels of each class. */
const embedding = z.strictObject({
  from: tensorSource,
  length: z.number().int().min(1).max(8192),
  reduce: z.literal('class-fractions').optional(),
})

const codedConcept = z.strictObject({
  scheme: z.string().regex(/^[A-Za-z0-9_-]{1,16}$/),
  value: z.string().regex(/^[\x21-\x7e]{1,16}$/),
  meaning: z.string().min(1).max(64),
})

/**
 * What the voxels of a class are, as a segmentation object says it (PS3.16 CID 7150, 7151): with it the class is drawn for
 * destinations that want segments. `colour`: recommended for display, CIELab scaled to 16 bits (PS3.3 C.10.7.1.1).
 */
const segment = z.strictObject({
  category: codedConcept,
  type: codedConcept,
  colour: z.tuple([colourPart, colourPart, colourPart]).optional(),
})
export type SegmentMeaning = z.infer<typeof segment>

/**
 * One score: which element of which tensor, what it means as a coded concept, and where the operating point lies. With
 * `class-millilitres` the tensor is a segmentation, `index` a class, and the score the volume of the voxels whose
 * largest value is of that class.
 */
export const scoreOutput = z.strictObject({
  code: vocabularyCode,
  title: line,
  from: tensorSource,
  index: z.number().int().min(0).max(65_535),
  reduce: z.literal('class-millilitres').optional(),
  segment: segment.optional(),
  unit: line,
  meaning: codedConcept,
  operatingPoint: z.strictObject({ thresholdMilli: z.number().int().min(0).max(1_000_000), chosenBy: text }),
})
export type ScoreOutput = z.infer<typeof scoreOutput>

/** `prior`: the image of an earlier study, for a model that is given one. */
const goldenCase = z.strictObject({ image: packagePath, prior: packagePath.optional(), expected: packagePath })

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

/** How many frames of a multi-frame object are looked at, spread evenly, and how their scores become one. */
const frameSampling = z.strictObject({
  sample: z.number().int().min(1).max(256),
  aggregate: z.enum(['maximum', 'mean']),
})

const members = z.strictObject({
  schema: z.literal(MODEL_PACKAGE_SCHEMA),
  name: modelReference.shape.name,
  version: modelReference.shape.version,
  releaseCounter: z.number().int().min(1).max(1_000_000_000),
  title: line,
  kind: z.enum(MODEL_KINDS),
  intendedUse: text,
  fit: fitRules,
  input: inputTensor,
  preprocessing: z.array(preprocessingStep).max(16),
  graphs: z.array(graphEntry).min(1).max(8),
  embedding,
  outputs: z.array(scoreOutput).min(1).max(64),
  frames: frameSampling.optional(),
  /** `tabular` only: what stands in each column, in the order of the network's input. */
  columns: z.array(column).min(1).max(MOST_COLUMNS).optional(),
  /** How images were changed where the model was trained; a box never does it. */
  training: trainingMember.optional(),
  /** An earlier study that the model looks at too; the graphs read it as `$prior`. */
  priors: priorRule.optional(),
  /** Which series of a study the model is given; without it every instance that fits. */
  series: seriesRule.optional(),
  /** Radiomic features to compute of each scored image or volume. */
  radiomics: declaredRadiomics.optional(),
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
  return [
    ...wiringProblems(manifest.graphs, consumers, manifest.priors !== undefined),
    ...kindProblems(manifest),
    ...radiomicsProblems(manifest.radiomics, manifest.kind, manifest.embedding.length),
    ...shapeProblems(manifest),
    ...fileProblems(manifest),
  ]
}

function shapeProblems(manifest: z.infer<typeof members>): readonly string[] {
  if (manifest.kind === 'tabular') return tableProblems(manifest)
  const isVolume = manifest.kind === 'volume-3d'
  const made = preprocessingShape(manifest.preprocessing, isVolume ? 'volume' : 'image')
  if (made.kind === 'invalid') return [`preprocessing: ${made.reason}`]
  const shape = [made.channels, ...(made.depth === undefined ? [] : [made.depth]), made.height, made.width]
  const declared = manifest.input.shape.slice(1)
  const equal = shape.length === declared.length && shape.every((size, axis) => size === declared[axis])
  return equal ? [] : ['preprocessing makes another shape than the input declares']
}

/** A table has columns instead of steps. */
function tableProblems({ columns = [], input, preprocessing, radiomics }: z.infer<typeof members>): readonly string[] {
  const problems: string[] = []
  if (preprocessing.length > 0) problems.push('preprocessing is for images and volumes')
  if (radiomics !== undefined) problems.push('radiomics are computed of images and volumes')
  if (input.shape.length !== 2 || input.shape[1] !== columns.length)
    problems.push('the input is not as wide as columns')
  if (new Set(columns.map(({ name }) => name)).size !== columns.length) problems.push('a column stands twice')
  return problems
}

/** Members that one kind needs and another must not have. */
function kindProblems(manifest: z.infer<typeof members>): readonly string[] {
  const { kind, frames, fit, outputs, embedding: features } = manifest
  const isMultiFrame = kind === 'multi-frame'
  const isVolume = kind === 'volume-3d'
  const problems: string[] = []
  if ((manifest.columns !== undefined) !== (kind === 'tabular')) {
    problems.push('columns belongs to the kind tabular, which needs it')
  }
  if ((frames !== undefined) !== isMultiFrame) problems.push('frames belongs to the kind multi-frame, which needs it')
  if ((fit.frames !== undefined) !== isMultiFrame) problems.push('fit.frames belongs to the kind multi-frame')
  if (manifest.training !== undefined && (isVolume || kind === 'tabular')) {
    problems.push('training.augmentation is for images and frames')
  }
  if (manifest.priors !== undefined && kind !== 'image-2d') problems.push('priors belong to the kind image-2d')
  if (manifest.priors === undefined && manifest.golden.some(({ prior }) => prior !== undefined)) {
    problems.push('a golden case names a prior, and the model is given none')
  }
  const reduced = [features.reduce, ...outputs.map((output) => output.reduce)]
  if (reduced.some((reduce) => (reduce !== undefined) !== isVolume)) {
    problems.push('reduce belongs to the kind volume-3d, whose embedding and outputs need it')
  }
  if (outputs.some((output) => output.segment !== undefined && output.reduce === undefined)) {
    problems.push('segment belongs to the classes of a segmentation')
  }
  if (isVolume && outputs.some((output) => output.from !== features.from || output.index >= features.length)) {
    problems.push('an output is no class of the segmentation')
  }
  return problems
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
    ...manifest.golden.flatMap(({ image, prior, expected }) => [
      image,
      ...(prior === undefined ? [] : [prior]),
      expected,
    ]),
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
