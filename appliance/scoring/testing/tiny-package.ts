import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type DeclaredRadiomics, type ManifestContent, type ModelPackage, writePackage } from '@leadglass/models'
import sharp from 'sharp'
import { type HeadKind, head, meanBackbone } from './tiny-onnx.ts'

/** Which tiny package to write. */
export interface TinyPackage {
  readonly name: string
  readonly head: HeadKind
  /** What the golden case expects; 0.5 is right, since the golden image is flat and its embedding 0. */
  readonly expectedScore?: number
  readonly radiomics?: DeclaredRadiomics
}

/** Writes a package with real, very small graphs into a models folder. */
export async function writeTinyPackage(modelsFolder: string, tiny: TinyPackage): Promise<ModelPackage> {
  const folder = join(modelsFolder, tiny.name, '1.0.0')
  await mkdir(dirname(folder), { recursive: true })
  const golden = await sharp({ create: { width: 16, height: 16, channels: 3, background: '#808080' } })
    .toColourspace('b-w')
    .png()
    .toBuffer()
  const expected = { embedding: [0], outputs: { finding: tiny.expectedScore ?? 0.5 }, tolerance: 0.001 }
  return writePackage(folder, {
    manifest: {
      ...manifestOf(tiny.name),
      ...(tiny.radiomics === undefined ? {} : { radiomics: tiny.radiomics }),
    },
    files: new Map([
      ['backbone.onnx', meanBackbone()],
      ['head.onnx', head(tiny.head)],
      ['golden/flat.png', golden],
      ['golden/flat.json', json(expected)],
      ['reference.json', json(REFERENCE)],
      ['card.json', json({ ...CARD, name: tiny.name })],
    ]),
  })
}

function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value))
}

const REFERENCE = {
  schema: 'leadglass.reference-distributions/1',
  features: [{ feature: 'score.finding', edges: [0, 0.5, 1], counts: [1, 1] }],
}

const CARD = {
  schema: 'leadglass.model-card/1',
  version: '1.0.0',
  summary: 'The mean of an image.',
  intendedUse: 'Tests of the scoring pool.',
  outOfScope: ['Everything else.'],
  data: {},
  training: {},
  metrics: {},
  knownShortcuts: [],
  limits: ['It knows nothing.'],
  licence: 'MIT',
  statement: 'Not for diagnosis.',
}

function manifestOf(name: string): ManifestContent {
  return {
    name,
    version: '1.0.0',
    releaseCounter: 1,
    title: 'Mean of an image',
    kind: 'image-2d',
    intendedUse: 'Tests of the scoring pool.',
    fit: {
      modalities: ['DX'],
      sopClasses: ['1.2.840.10008.5.1.4.1.1.1.1'],
      bodyParts: ['CHEST'],
      views: ['AP', 'PA'],
      minRows: 16,
      minColumns: 16,
    },
    input: { name: 'image', type: 'float32', shape: ['N', 1, 8, 8] },
    preprocessing: [
      { step: 'modality-lut' },
      { step: 'monochrome2' },
      { step: 'percentile-window', low: 0.5, high: 99.5 },
      { step: 'resize', width: 8, height: 8, interpolation: 'area' },
    ],
    graphs: [
      { id: 'backbone', file: 'backbone.onnx', inputs: { image: '$input' }, outputs: ['embedding'] },
      { id: 'head', file: 'head.onnx', inputs: { embedding: 'backbone.embedding' }, outputs: ['probability'] },
    ],
    embedding: { from: 'backbone.embedding', length: 1 },
    outputs: [
      {
        code: 'finding',
        title: 'Finding',
        from: 'head.probability',
        index: 0,
        unit: '1',
        meaning: { scheme: 'SCT', value: '404684003', meaning: 'Clinical finding' },
        operatingPoint: { thresholdMilli: 500, chosenBy: 'test' },
      },
    ],
    golden: [{ image: 'golden/flat.png', expected: 'golden/flat.json' }],
    reference: 'reference.json',
    card: 'card.json',
    runtime: { timeoutMs: 5000, memoryMiB: 256 },
    lineage: { parent: null, trainedBy: 'test', dataset: 'none', split: 'none' },
  }
}
