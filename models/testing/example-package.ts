import type { PackageContent } from '../package/write-package.ts'

const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))

/** A small valid package; its graphs are not ONNX, since the format does not look into them. */
export function examplePackage(): PackageContent {
  return {
    manifest: {
      name: 'example-model',
      version: '1.0.0',
      releaseCounter: 1,
      title: 'Example',
      kind: 'image-2d',
      intendedUse: 'Tests of the package format.',
      fit: {
        modalities: ['CR', 'DX'],
        sopClasses: ['1.2.840.10008.5.1.4.1.1.1.1'],
        bodyParts: ['CHEST'],
        views: ['AP', 'PA'],
        minRows: 8,
        minColumns: 8,
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
      embedding: { from: 'backbone.embedding', length: 4 },
      outputs: [
        {
          code: 'finding',
          title: 'Finding',
          from: 'head.probability',
          index: 0,
          unit: '1',
          meaning: { scheme: 'SCT', value: '404684003', meaning: 'Clinical finding' },
          operatingPoint: { thresholdMilli: 500, chosenBy: 'example' },
        },
      ],
      golden: [{ image: 'golden/a.png', expected: 'golden/a.json' }],
      reference: 'reference.json',
      card: 'card.json',
      runtime: { timeoutMs: 1000, memoryMiB: 256 },
      lineage: { parent: null, trainedBy: 'example', dataset: 'none', split: 'none' },
    },
    files: new Map([
      ['backbone.onnx', Uint8Array.of(1, 2, 3)],
      ['head.onnx', Uint8Array.of(4, 5)],
      ['golden/a.png', Uint8Array.of(6)],
      ['golden/a.json', encode({ embedding: [0], outputs: { finding: 0.5 }, tolerance: 0.001 })],
      ['reference.json', encode(EXAMPLE_REFERENCE)],
      ['card.json', encode(EXAMPLE_CARD)],
    ]),
  }
}

const EXAMPLE_REFERENCE = {
  schema: 'leadglass.reference-distributions/1',
  features: [{ feature: 'score.finding', edges: [0, 0.5, 1], counts: [11, 12] }],
}

const EXAMPLE_CARD = {
  schema: 'leadglass.model-card/1',
  name: 'example-model',
  version: '1.0.0',
  summary: 'Example.',
  intendedUse: 'Tests.',
  outOfScope: ['Everything else.'],
  data: {},
  training: {},
  metrics: {},
  knownShortcuts: [],
  limits: ['It is an example.'],
  licence: 'MIT',
  statement: 'Not for diagnosis.',
}
