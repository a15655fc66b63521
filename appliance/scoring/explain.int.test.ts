import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type ModelPackage, packageTemplate, writePackage } from '@leadglass/models'
import { text, unsigned, writePart10 } from '@leadglass/models/dicom'
import { silentLogger, systemClock } from '@leadglass/sync-agent/foundation'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { defaultScoringLimits, type ExplainJob, fillGolden, ScoringPool, workerCodeRoots } from './index.ts'
import { meanBackbone } from './testing/tiny-onnx.ts'
import { writeTinyPackage } from './testing/tiny-package.ts'

const programRoot = resolve(import.meta.dirname, '..', '..')
const US_MULTI_FRAME = '1.2.840.10008.5.1.4.1.1.3.1'
const DIGITAL_XRAY = '1.2.840.10008.5.1.4.1.1.1.1'

/** Dark frames of 64 x 64, each with an upper left corner of one value. */
function object(sopClass: string, modality: string, values: readonly number[]): Uint8Array {
  const pixels = new Uint8Array(values.length * 4096)
  for (const [frame, value] of values.entries()) {
    pixels.fill(10, frame * 4096, (frame + 1) * 4096)
    for (let row = 0; row < 16; row += 1) pixels.fill(value, frame * 4096 + row * 64, frame * 4096 + row * 64 + 16)
  }
  return writePart10(sopClass, '2.25.7', [
    text('00080016', 'UI', sopClass),
    text('00080018', 'UI', '2.25.7'),
    text('00080060', 'CS', modality),
    text('00180015', 'CS', 'CHEST'),
    text('00185101', 'CS', 'PA'),
    unsigned('00280002', 1),
    text('00280004', 'CS', 'MONOCHROME2'),
    ...(values.length === 1 ? [] : [text('00280008', 'IS', String(values.length))]),
    unsigned('00280010', 64),
    unsigned('00280011', 64),
    unsigned('00280100', 8),
    unsigned('00280101', 8),
    unsigned('00280102', 7),
    unsigned('00280103', 0),
    { tag: '7FE00010', vr: 'OB', value: pixels },
  ])
}

describe('explaining in killable workers', () => {
  let root: string
  let pool: ScoringPool
  let cine: ModelPackage
  let good: ModelPackage
  let endless: ModelPackage
  const fileOf = async (name: string, bytes: Uint8Array): Promise<string> => {
    const file = join(root, 'work', name)
    await writeFile(file, bytes)
    return file
  }
  const explain = (model: ModelPackage, file: string, change: Partial<ExplainJob> = {}) =>
    pool.explain({
      packageFolder: model.folder,
      model: model.model,
      file,
      output: model.manifest.outputs[0]?.code ?? '',
      frame: null,
      method: 'occlusion',
      timeoutMs: 30_000,
      ...change,
    })

  beforeAll(async () => {
    root = await realpath(await mkdtemp(join(tmpdir(), 'explain-')))
    await mkdir(join(root, 'work'))
    await mkdir(join(root, 'models'))
    const flat = { create: { width: 16, height: 16, channels: 3, background: '#808080' } } as const
    const goldenPng = await sharp(flat).toColourspace('b-w').png().toBuffer()
    const template = packageTemplate({ name: 'cine', kind: 'multi-frame', onnx: meanBackbone(), goldenPng })
    const resize = { step: 'resize', width: 8, height: 8, interpolation: 'area' } as const
    const preprocessing = [resize, { step: 'rescale', slope: 0.01, intercept: 0 } as const]
    const frames = { sample: 3, aggregate: 'maximum' } as const
    const { content } = await fillGolden({ ...template, manifest: { ...template.manifest, preprocessing, frames } })
    cine = await writePackage(join(root, 'models', 'cine'), content)
    good = await writeTinyPackage(join(root, 'models'), { name: 'good', head: 'sigmoid' })
    endless = await writeTinyPackage(join(root, 'models'), { name: 'endless', head: 'endless' })
    pool = new ScoringPool({
      workers: 2,
      codeRoots: workerCodeRoots(programRoot),
      workFolder: join(root, 'work'),
      modelsFolder: join(root, 'models'),
      clock: systemClock,
      logger: silentLogger,
      limits: defaultScoringLimits,
    })
    await pool.start()
  })
  afterAll(async () => {
    await pool.stop()
    await rm(root, { recursive: true, force: true })
  })

  it('explains the frame that speaks most, or the one that is asked for, and each has a digest of its own', async () => {
    const file = await fileOf('cine.dcm', object(US_MULTI_FRAME, 'US', [40, 90, 240, 60, 80, 30]))
    const first = await explain(cine, file)
    if (first.kind !== 'explained' || first.content.method !== 'occlusion') throw new Error(JSON.stringify(first))
    // Of six frames the second, fourth and sixth are looked at: 90, 60, 30.
    expect(first.frame).toBe(1)
    const { values } = first.content
    const largest = [...values.keys()].toSorted((a, b) => (values[b] ?? 0) - (values[a] ?? 0))[0] ?? -1
    expect(
      [Math.floor(largest / 14), largest % 14].every((place) => place < 4),
      'the bright corner',
    ).toBe(true)
    const asked = await explain(cine, file, { frame: 2 })
    if (asked.kind !== 'explained') throw new Error(JSON.stringify(asked))
    expect(asked.frame).toBe(2)
    expect(asked.score).toBeGreaterThan(first.score)
    expect(asked.pixelDigest).not.toBe(first.pixelDigest)
    expect(await explain(cine, file, { frame: 6 })).toEqual({ kind: 'not-explained', reason: 'frame-unknown' })
  })

  it('says why there is no explanation: no such score, no fit, no image, no sum', async () => {
    const file = await fileOf('good.dcm', object(DIGITAL_XRAY, 'DX', [200]))
    expect(await explain(good, file)).toMatchObject({ kind: 'explained', frame: 0, imageRows: 64 })
    expect(await explain(good, file, { output: 'other' })).toMatchObject({ reason: 'output-unknown' })
    expect(await explain(cine, file)).toMatchObject({ reason: 'no-fit' })
    expect(await explain(good, file, { method: 'attribution' })).toMatchObject({ reason: 'not-additive' })
    const cut = await fileOf('cut.dcm', object(DIGITAL_XRAY, 'DX', [200]).subarray(0, 2000))
    expect(await explain(good, cut)).toMatchObject({ kind: 'not-explained', reason: 'undecodable' })
    await expect(explain(good, '/etc/hostname')).rejects.toThrow('outside')
  })

  it('is killed when it takes too long, and keeps no live work waiting', async () => {
    const file = await fileOf('endless.dcm', object(DIGITAL_XRAY, 'DX', [200]))
    const stuck = explain(endless, file, { timeoutMs: 3000 })
    const live = await pool.score({
      jobId: 'live',
      packageFolder: good.folder,
      model: good.model,
      files: [file],
      timeoutMs: 10_000,
    })
    expect(live.kind).toBe('completed')
    expect(await stuck).toMatchObject({ kind: 'failed', reason: 'timed-out' })
    expect(await explain(good, file), 'and the next is explained').toMatchObject({ kind: 'explained' })
  })
})
