import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { goldenExpectation, type ModelPackage, packageTemplate, writePackage } from '@leadglass/models'
import { seededUid, text, unsigned, writePart10 } from '@leadglass/models/dicom'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sharedData } from '../../installer/testing/peers.ts'
import { readNifti } from '../imaging/radiomics/index.ts'
import { fillGolden, type InstanceOutcome, type ScoringPool } from './index.ts'
import { ScoringRoom } from './testing/scoring-room.ts'

const MR = '1.2.840.10008.5.1.4.1.1.4'
const brain = sharedData('models/brainchop_meshnet')
const SIDE = 256

/** A real head, 256 slices of 256 x 256 of 1 mm; depth grows to the front, rows to the feet, columns to the left. */
function coronalSlice(values: ArrayLike<number>, k: number, series: string): Uint8Array {
  const pixels = Uint16Array.from({ length: SIDE * SIDE }, (_, i) => values[k * SIDE * SIDE + i] ?? 0)
  const instance = seededUid(`head ${k}`)
  return writePart10(MR, instance, [
    text('00080016', 'UI', MR),
    text('00080018', 'UI', instance),
    text('00080060', 'CS', 'MR'),
    text('0020000D', 'UI', seededUid('head')),
    text('0020000E', 'UI', series),
    text('00200032', 'DS', `0\\${-k}\\0`),
    text('00200037', 'DS', '1\\0\\0\\0\\0\\-1'),
    unsigned('00280002', 1),
    text('00280004', 'CS', 'MONOCHROME2'),
    unsigned('00280010', SIDE),
    unsigned('00280011', SIDE),
    text('00280030', 'DS', '1\\1'),
    unsigned('00280100', 16),
    unsigned('00280101', 16),
    unsigned('00280102', 15),
    unsigned('00280103', 0),
    { tag: '7FE00010', vr: 'OW', value: new Uint8Array(pixels.buffer) },
  ])
}

describe.skipIf(brain === undefined)('a model of volumes, on a real head (needs ../shared/data/models)', () => {
  let room: ScoringRoom
  let pool: ScoringPool
  let model: ModelPackage
  let files: readonly string[]
  let golden: { readonly outputs: Readonly<Record<string, number>> }

  beforeAll(async () => {
    room = await ScoringRoom.open()
    const nifti = await readFile(join(brain ?? '', 't1_crop.nii.gz'))
    const onnx = await readFile(join(brain ?? '', 'mn_model5_gw_ae.onnx'))
    const template = packageTemplate({ name: 'brain', kind: 'volume-3d', onnx, goldenPng: new Uint8Array() })
    // At 2 mm, 128 voxels a side: an eighth of the work, and the resampling is on the way.
    const manifest = {
      ...template.manifest,
      fit: { ...template.manifest.fit, minRows: SIDE, minColumns: SIDE },
      input: {
        name: 'x',
        type: 'float32' as const,
        shape: [1, 1, 128, 128, 128] as [1, number, number, number, number],
      },
      preprocessing: [
        { step: 'modality-lut' as const },
        { step: 'volume-orient' as const, axes: 'AIL' },
        { step: 'percentile-window' as const, low: 0, high: 100 },
        {
          step: 'volume-resample' as const,
          spacing: [2, 2, 2] as [number, number, number],
          interpolation: 'linear' as const,
        },
        { step: 'volume-fit' as const, depth: 128, height: 128, width: 128, fill: 0 },
      ],
      runtime: { timeoutMs: 60_000, memoryMiB: 1500 },
    }
    const sources = new Map([...template.files, ['golden/first.nii.gz', nifti] as const])
    const { content, filled } = await fillGolden({ manifest, files: sources })
    golden = goldenExpectation.parse(JSON.parse(Buffer.from(filled.get('golden/first.json') ?? '').toString('utf8')))
    model = await writePackage(join(room.models, 'brain'), content)
    const { values } = readNifti(nifti)
    const order = Array.from({ length: SIDE }, (_, i) => (i * 101) % SIDE)
    files = await Promise.all(
      order.map(async (k) => {
        const path = await room.write(`${k}.dcm`, coronalSlice(values, k, seededUid('head series')))
        return path
      }),
    )
    pool = await room.started({ limits: { memoryBudgetMiB: 2000 } })
  }, 120_000)
  afterAll(() => room.close())

  async function score(given: readonly string[], memoryMiB = 1500, timeoutMs = 60_000) {
    return pool.score({
      jobId: 'head',
      packageFolder: model.folder,
      model: model.model,
      files: given,
      timeoutMs,
      memoryMiB,
    })
  }

  async function outcomesOf(given: readonly string[]): Promise<readonly InstanceOutcome[]> {
    const outcome = await score(given)
    if (outcome.kind === 'failed') throw new Error(`${outcome.reason}: ${outcome.detail}`)
    expect(outcome.provider).toBe('cpu')
    return outcome.instances
  }

  it('gives one result for a series in any order of files: the millilitres that the same volume gives as NIfTI', async () => {
    const outcomes = await outcomesOf(files)
    const scored = outcomes.flatMap((one) => (one.kind === 'scored' ? [one] : []))
    expect(outcomes).toHaveLength(SIDE)
    expect(scored).toHaveLength(1)
    expect(outcomes.filter((one) => one.kind === 'not-scored' && one.reason === 'part-of-volume')).toHaveLength(
      SIDE - 1,
    )
    const scores = Object.fromEntries((scored[0]?.scores ?? []).map(({ code, value }) => [code, value]))
    expect(scores['output-1']).toBeCloseTo(golden.outputs['output-1'] ?? Number.NaN, 3)
    expect(scores['output-2']).toBeCloseTo(golden.outputs['output-2'] ?? Number.NaN, 3)
    // An adult has roughly half a litre of white and three quarters of grey matter.
    expect(scores['output-1']).toBeGreaterThan(250)
    expect(scores['output-2']).toBeLessThan(1300)
    expect([...(scored[0]?.embedding ?? [])].reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5)
  }, 120_000)

  it('replaces the worker that has held a volume, and works on', async () => {
    await expect.poll(() => pool.figures().ready, { timeout: 20_000 }).toBe(1)
    expect(pool.figures().deaths).toBe(0)
    expect(await pool.runGoldenCases(model.folder, 1500)).toMatchObject({ kind: 'passed', cases: 1 })
  }, 120_000)

  it('has no result for a series with a hole or an unreadable slice', async () => {
    const hole = await outcomesOf(files.toSpliced(100, 1))
    expect(new Set(hole.map((one) => (one.kind === 'not-scored' ? `${one.reason} ${one.detail}` : one.kind)))).toEqual(
      new Set(['no-volume slices-irregular']),
    )
    const broken = join(room.work, 'broken.dcm')
    await writeFile(broken, 'not an object')
    const torn = await outcomesOf([broken, ...files.slice(0, 8)])
    expect(torn).toContainEqual(expect.objectContaining({ instance: 0, reason: 'unreadable' }))
    expect(torn.filter((one) => one.kind === 'not-scored' && one.detail === 'slice-missing')).toHaveLength(8)
  }, 120_000)

  it('is refused before loading when it declares more memory than the box has', async () => {
    const started = performance.now()
    expect(await score(files, 2001)).toMatchObject({ kind: 'failed', reason: 'memory' })
    expect(await pool.runGoldenCases(model.folder, 2001)).toMatchObject({ kind: 'failed', reason: 'memory' })
    expect(performance.now() - started).toBeLessThan(100)
    expect(pool.figures().deaths).toBe(0)
  })

  it('is killed when it takes longer than it may', async () => {
    expect(await score(files, 0, 400)).toMatchObject({ kind: 'failed', reason: 'timed-out' })
    expect(pool.figures().deaths).toBe(1)
  }, 60_000)
})
