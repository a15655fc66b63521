import { inspectOnnx, type OnnxTensor } from '../import/inspect-onnx.ts'
import type { Column, GoldenRow } from '../package/columns.ts'
import type { ModelManifest } from '../package/manifest.ts'
import type { PreprocessingStep } from '../package/preprocessing.ts'
import type { ManifestContent, PackageContent } from '../package/write-package.ts'
import { AuthoringError } from './errors.ts'
import { ballVolume } from './nifti-volume.ts'

/** What a new author's folder is made from. */
export interface TemplateRequest {
  readonly name: string
  readonly kind: ModelManifest['kind']
  /** The network; its input and outputs fill in the manifest. */
  readonly onnx: Uint8Array
  /** A grey PNG as the first golden image; a volume model is given a computed ball instead. */
  readonly goldenPng: Uint8Array
}

const FIT: Readonly<Record<ModelManifest['kind'], Pick<ManifestContent['fit'], 'modalities' | 'sopClasses'>>> = {
  'image-2d': { modalities: ['CR', 'DX'], sopClasses: ['1.2.840.10008.5.1.4.1.1.1', '1.2.840.10008.5.1.4.1.1.1.1'] },
  'multi-frame': {
    modalities: ['US', 'XA'],
    sopClasses: ['1.2.840.10008.5.1.4.1.1.3.1', '1.2.840.10008.5.1.4.1.1.12.1'],
  },
  'volume-3d': { modalities: ['MR'], sopClasses: ['1.2.840.10008.5.1.4.1.1.4'] },
  tabular: { modalities: ['CR', 'DX'], sopClasses: ['1.2.840.10008.5.1.4.1.1.1', '1.2.840.10008.5.1.4.1.1.1.1'] },
}
const FREE_SIDE = 128
const MEANING = { scheme: 'SCT', value: '404684003', meaning: 'Clinical finding' } as const

/**
 * A folder to begin with: everything that an ONNX file says of itself is filled in, everything else holds a value that
 * passes the schema and that the author must think about. Golden expectations are left out; packing fills them in.
 * @throws {AuthoringError} `graph-unsuitable`, {@link OnnxError}.
 */
export function packageTemplate(request: TemplateRequest): PackageContent {
  const { name, kind, onnx } = request
  const inspection = inspectOnnx(onnx)
  const [input, ...others] = inspection.inputs
  const isTable = kind === 'tabular'
  // A classifier of ai.onnx.ml gives its labels first, as integers.
  const output = isTable ? inspection.outputs.find(({ elementType }) => elementType === 1) : inspection.outputs[0]
  const rank = isTable ? 2 : kind === 'volume-3d' ? 5 : 4
  if (inspection.problems[0] !== undefined) throw unsuitable(inspection.problems[0])
  if (input === undefined || others.length > 0 || input.dimensions.length !== rank || output === undefined) {
    throw unsuitable(`a model of the kind ${kind} has one input of ${rank} dimensions, and an output`)
  }
  const sides = input.dimensions.slice(1).map((size) => (typeof size === 'number' && size > 0 ? size : undefined))
  const [channels = 1, first = FREE_SIDE, second = FREE_SIDE, third = FREE_SIDE] = sides
  const isVolume = kind === 'volume-3d'
  const classes = lengthOf(output, isVolume)
  const image = isTable ? 'golden/first-row.json' : isVolume ? 'golden/first.nii.gz' : 'golden/first.png'
  const columns = isTable ? columnsOf(input) : undefined
  const manifest: ManifestContent = {
    name,
    version: '0.1.0',
    releaseCounter: 1,
    title: name,
    kind,
    intendedUse: 'To be written: for whom, on which images, for which decision.',
    fit: {
      ...FIT[kind],
      bodyParts: [],
      views: [],
      minRows: 64,
      minColumns: 64,
      ...(kind === 'multi-frame' ? { frames: { minimum: 2, maximum: 1000 } } : {}),
    },
    input: {
      name: input.name,
      type: 'float32',
      shape: isTable
        ? ['N', channels]
        : isVolume
          ? [1, channels, first, second, third]
          : ['N', channels, first, second],
    },
    preprocessing: isTable ? [] : isVolume ? volumeSteps(first, second, third) : imageSteps(channels, first, second),
    graphs: [{ id: 'net', file: 'net.onnx', inputs: { [input.name]: '$input' }, outputs: [output.name] }],
    embedding: {
      from: `net.${output.name}`,
      length: classes,
      ...(isVolume ? { reduce: 'class-fractions' as const } : {}),
    },
    outputs: outputsOf(output, classes, isVolume),
    ...(kind === 'multi-frame' ? { frames: { sample: 8, aggregate: 'maximum' as const } } : {}),
    ...(columns === undefined ? {} : { columns }),
    golden: [{ image, expected: 'golden/first.json' }],
    reference: 'reference.json',
    card: 'card.json',
    runtime: { timeoutMs: isVolume ? 60_000 : 10_000, memoryMiB: isVolume ? 4096 : 512 },
    lineage: { parent: null, trainedBy: 'to be written', dataset: 'to be written', split: 'to be written' },
  }
  const features = manifest.outputs.map(({ code }) => ({
    feature: `score.${code}`,
    edges: [0, 0.5, 1],
    counts: [0, 0],
  }))
  return {
    manifest,
    files: new Map<string, Uint8Array>([
      ['net.onnx', onnx],
      [image, columns === undefined ? (isVolume ? ballVolume(32) : request.goldenPng) : json(rowOf(columns))],
      ['reference.json', json({ schema: 'leadglass.reference-distributions/1', features })],
      ['card.json', json(cardOf(name))],
    ]),
  }
}

/** Every column as the age, and refused when missing: which figure it really is, only the author knows. */
function columnsOf({ dimensions }: OnnxTensor): Column[] {
  const width = dimensions[1]
  if (typeof width !== 'number' || width < 1) throw unsuitable('the input must say how many columns it has')
  return Array.from({ length: width }, (_, i) => ({
    name: `column-${i}`,
    source: 'header.age-years',
    unit: 'to be written',
    missing: 'refuse' as const,
  }))
}

function rowOf(columns: readonly Column[]): GoldenRow {
  return { schema: 'leadglass.golden-row/1', values: Object.fromEntries(columns.map(({ name }) => [name, 0])) }
}

function imageSteps(channels: number, height: number, width: number): PreprocessingStep[] {
  return [
    { step: 'modality-lut' },
    { step: 'monochrome2' },
    { step: 'percentile-window', low: 0.5, high: 99.5 },
    { step: 'resize', width, height, interpolation: 'area' },
    ...(channels === 1 ? [] : [{ step: 'replicate-channels' as const, channels }]),
  ]
}

function volumeSteps(depth: number, height: number, width: number): PreprocessingStep[] {
  return [
    { step: 'modality-lut' },
    { step: 'volume-orient', axes: 'SPL' },
    { step: 'percentile-window', low: 0.5, high: 99.5 },
    { step: 'volume-resample', spacing: [1, 1, 1], interpolation: 'linear' },
    { step: 'volume-fit', depth, height, width, fill: 0 },
  ]
}

/** A score for every element of the output; of a segmentation for every class but the first, the background. */
function outputsOf(output: OnnxTensor, classes: number, isVolume: boolean): ManifestContent['outputs'] {
  return Array.from({ length: Math.min(classes, 64) }, (_, index) => index)
    .filter((index) => !isVolume || index > 0)
    .map((index) => ({
      code: `output-${index}`,
      title: `Output ${index}`,
      from: `net.${output.name}`,
      index,
      ...(isVolume ? { reduce: 'class-millilitres' as const } : {}),
      unit: isVolume ? 'mL' : '1',
      meaning: MEANING,
      operatingPoint: { thresholdMilli: 500, chosenBy: 'to be written' },
    }))
}

function lengthOf({ dimensions }: OnnxTensor, isVolume: boolean): number {
  const length = isVolume ? dimensions[1] : dimensions.at(-1)
  const rank = isVolume ? 5 : 2
  if (dimensions.length === rank && typeof length === 'number' && length > 0) return length
  throw unsuitable(
    `the first output must have ${rank} dimensions and say how many ${isVolume ? 'classes' : 'values'} it has`,
  )
}

function unsuitable(message: string): AuthoringError {
  return new AuthoringError(
    'graph-unsuitable',
    message,
    'Export the model in another way, or write model.json by hand.',
  )
}

function cardOf(name: string): unknown {
  return {
    schema: 'leadglass.model-card/1',
    name,
    version: '0.1.0',
    summary: 'To be written.',
    intendedUse: 'To be written.',
    outOfScope: ['Everything that is not written under intended use.'],
    data: {},
    training: {},
    metrics: {},
    knownShortcuts: [],
    limits: ['To be written.'],
    licence: 'To be written.',
    statement: 'Not for diagnosis.',
    declaration: {},
  }
}

function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`)
}
