import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { canonicalJson, digestOf, type JsonValue } from '@leadglass/sync-agent/foundation'
import { describe, expect, it } from 'vitest'
import { examplePackage } from '../testing/example-package.ts'
import { parseManifest } from './read-package.ts'
import { type ManifestContent, sealManifest } from './write-package.ts'

const SHIPPED = join(import.meta.dirname, '..', 'packages', 'chest-radiograph', '1.0.0', 'manifest.json')
const SHIPPED_DIGEST = 'f6c357341ee0eed68a4b71e494646ef0b24d2c36978d48b49c94e2b7bc7c9893'

const image = examplePackage()

const multiFrame: ManifestContent = {
  ...image.manifest,
  kind: 'multi-frame',
  fit: { ...image.manifest.fit, frames: { minimum: 2, maximum: 100 } },
  frames: { sample: 4, aggregate: 'maximum' },
}

const volume: ManifestContent = {
  ...image.manifest,
  kind: 'volume-3d',
  input: { name: 'x', type: 'float32', shape: [1, 1, 4, 6, 8] },
  preprocessing: [
    { step: 'modality-lut' },
    { step: 'volume-orient', axes: 'SPL' },
    { step: 'volume-resample', spacing: [1, 1, 1], interpolation: 'linear' },
    { step: 'volume-fit', depth: 4, height: 6, width: 8, fill: 0 },
  ],
  graphs: [{ id: 'net', file: 'backbone.onnx', inputs: { x: '$input' }, outputs: ['logits'] }],
  embedding: { from: 'net.logits', length: 3, reduce: 'class-fractions' },
  outputs: image.manifest.outputs.map((one) => ({
    ...one,
    from: 'net.logits',
    index: 2,
    reduce: 'class-millilitres' as const,
  })),
}

/** The reason of a refusal, or `accepted`. */
function refusal(manifest: ManifestContent): string {
  try {
    sealManifest({ ...image, manifest })
    return 'accepted'
  } catch (error) {
    return error instanceof Error ? error.message : 'unknown'
  }
}

describe('kinds of models', () => {
  it('are accepted with what each needs', () => {
    expect([multiFrame, volume, image.manifest].map(refusal)).toEqual(['accepted', 'accepted', 'accepted'])
  })

  it.each<[string, ManifestContent, RegExp]>([
    ['frames of an image', { ...image.manifest, frames: { sample: 2, aggregate: 'mean' } }, /frames belongs/],
    ['several frames without a sampling', { ...multiFrame, frames: undefined }, /frames belongs/],
    ['several frames without bounds', { ...multiFrame, fit: image.manifest.fit }, /fit\.frames/],
    ['a volume without a reduction', { ...volume, embedding: { from: 'net.logits', length: 3 } }, /reduce belongs/],
    ['a class that is none', { ...volume, embedding: { ...volume.embedding, length: 2 } }, /no class/],
    [
      'a volume in the steps of an image',
      { ...volume, preprocessing: image.manifest.preprocessing },
      /not for this kind/,
    ],
    [
      'an image in the steps of a volume',
      { ...image.manifest, preprocessing: volume.preprocessing },
      /not for this kind/,
    ],
    [
      'voxels without a size',
      { ...volume, preprocessing: volume.preprocessing.filter((one) => one.step !== 'volume-resample') },
      /no size/,
    ],
    ['another depth', { ...volume, input: { ...volume.input, shape: [1, 1, 5, 6, 8] } }, /another shape/],
    [
      'axes that repeat one',
      { ...volume, preprocessing: [{ step: 'volume-orient', axes: 'SPI' }, ...volume.preprocessing.slice(2)] },
      /body axes/,
    ],
    [
      'ages upside down',
      { ...image.manifest, fit: { ...image.manifest.fit, age: { minimumYears: 9, maximumYears: 3 } } },
      /refused at fit\.age/,
    ],
    [
      'a bound without an end',
      { ...image.manifest, fit: { ...image.manifest.fit, quality: [{ figure: 'quality.noise' }] } },
      /needs an end/,
    ],
  ])('are refused with %s', (_, manifest, reason) => {
    expect(refusal(manifest)).toMatch(reason)
  })

  it('leave the shipped package as it was: its manifest is accepted and has the digest that was approved', async () => {
    const bytes = await readFile(SHIPPED)
    expect(digestOf(bytes)).toBe(SHIPPED_DIGEST)
    const manifest = parseManifest(bytes)
    expect(canonicalJson(manifest as unknown as JsonValue)).toBe(bytes.toString('utf8'))
  })

  it('take the windows, crops, sizes and scales of images in one order only', () => {
    const steps = (preprocessing: ManifestContent['preprocessing']): string =>
      refusal({ ...image.manifest, preprocessing })
    const resize = { step: 'resize', width: 8, height: 8, interpolation: 'bilinear' } as const
    const window = { step: 'voi-linear', centre: 40, width: 400 } as const
    const scale = { step: 'rescale', slope: 2048, intercept: -1024 } as const
    expect(steps([{ step: 'modality-lut' }, window, { step: 'centre-square' }, resize, scale])).toBe('accepted')
    expect(steps([resize, window])).toMatch(/too late/)
    expect(steps([window, { step: 'percentile-window', low: 1, high: 99 }, resize])).toMatch(/too late/)
  })
})
