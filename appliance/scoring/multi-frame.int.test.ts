import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type ModelPackage, packageTemplate, writePackage } from '@leadglass/models'
import { text, unsigned, writePart10 } from '@leadglass/models/dicom'
import { silentLogger, systemClock } from '@leadglass/sync-agent/foundation'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { defaultScoringLimits, type Execution, fillGolden, ScoringPool, workerCodeRoots } from './index.ts'
import { probeProviders } from './providers.ts'
import { meanBackbone } from './testing/tiny-onnx.ts'

const programRoot = resolve(import.meta.dirname, '..', '..')
const US_MULTI_FRAME = '1.2.840.10008.5.1.4.1.1.3.1'

/** Flat frames of 64 x 64, one for each value. */
function cine(values: readonly number[]): Uint8Array {
  const pixels = new Uint8Array(values.length * 64 * 64)
  for (const [frame, value] of values.entries()) pixels.fill(value, frame * 4096, (frame + 1) * 4096)
  return writePart10(US_MULTI_FRAME, '2.25.7', [
    text('00080016', 'UI', US_MULTI_FRAME),
    text('00080018', 'UI', '2.25.7'),
    text('00080060', 'CS', 'US'),
    unsigned('00280002', 1),
    text('00280004', 'CS', 'MONOCHROME2'),
    text('00280008', 'IS', String(values.length)),
    unsigned('00280010', 64),
    unsigned('00280011', 64),
    unsigned('00280100', 8),
    unsigned('00280101', 8),
    unsigned('00280102', 7),
    unsigned('00280103', 0),
    { tag: '7FE00010', vr: 'OB', value: pixels },
  ])
}

describe('a model of several frames', () => {
  let root: string
  let model: ModelPackage
  const pools: ScoringPool[] = []

  beforeAll(async () => {
    root = await realpath(await mkdtemp(join(tmpdir(), 'frames-')))
    await mkdir(join(root, 'work'))
    await mkdir(join(root, 'models'))
    const flat = { create: { width: 16, height: 16, channels: 3, background: '#808080' } } as const
    const goldenPng = await sharp(flat).toColourspace('b-w').png().toBuffer()
    const template = packageTemplate({ name: 'cine', kind: 'multi-frame', onnx: meanBackbone(), goldenPng })
    const resize = { step: 'resize', width: 8, height: 8, interpolation: 'area' } as const
    const preprocessing = [resize, { step: 'rescale', slope: 0.01, intercept: 0 } as const]
    const frames = { sample: 3, aggregate: 'maximum' } as const
    const fit = { ...template.manifest.fit, quality: [{ figure: 'quality.clipped-high', maximum: 0.5 }] }
    const manifest = { ...template.manifest, preprocessing, frames, fit }
    const { content } = await fillGolden({ ...template, manifest })
    model = await writePackage(join(root, 'models', 'cine'), content)
  })
  afterAll(async () => {
    await Promise.all(pools.map((pool) => pool.stop()))
    await rm(root, { recursive: true, force: true })
  })

  async function score(values: readonly number[], execution?: Execution) {
    const file = join(root, 'work', `${values.join('-')}.dcm`)
    await writeFile(file, cine(values))
    const pool = new ScoringPool({
      workers: 1,
      codeRoots: workerCodeRoots(programRoot),
      workFolder: join(root, 'work'),
      modelsFolder: join(root, 'models'),
      clock: systemClock,
      logger: silentLogger,
      limits: defaultScoringLimits,
      ...(execution === undefined ? {} : { execution }),
    })
    pools.push(pool)
    await pool.start()
    const { folder: packageFolder, model: reference } = model
    return pool.score({ jobId: 'cine', packageFolder, model: reference, files: [file], timeoutMs: 30_000 })
  }

  it('looks at frames spread over the object, and the largest score stands for it', async () => {
    // Of nine frames in three parts the second, fifth and eighth: 20, 50, 80.
    const outcome = await score([10, 20, 30, 40, 50, 60, 70, 80, 90])
    if (outcome.kind === 'failed') throw new Error(outcome.detail)
    const [scored] = outcome.instances
    if (scored?.kind !== 'scored') throw new Error('not scored')
    expect(scored.scores[0]?.value).toBeCloseTo(0.8, 5)
    expect(scored.embedding[0]).toBeCloseTo(0.5, 5)
  })

  it('gives its reason for a single frame, and for a clipped one', async () => {
    expect(await score([10])).toMatchObject({ instances: [{ kind: 'not-scored', reason: 'no-fit-frames' }] })
    expect(await score([10, 255, 10])).toMatchObject({ instances: [{ kind: 'not-scored', reason: 'no-fit-quality' }] })
  })

  it('runs on the processor instead of a card that is not there by policy only, and says what ran it', async (context) => {
    const probes = await probeProviders()
    expect(probes.find(({ provider }) => provider === 'cpu')).toMatchObject({ available: true })
    if (probes.some(({ provider, available }) => provider === 'cuda' && available))
      return context.skip('a card is there')
    const cuda = { provider: 'cuda', threads: 1 } as const
    expect(await score([10, 20], { ...cuda, cpuFallback: true })).toMatchObject({ kind: 'completed', provider: 'cpu' })
    expect(await score([10, 20], { ...cuda, cpuFallback: false })).toMatchObject({
      kind: 'failed',
      reason: 'package-invalid',
    })
  })
})
