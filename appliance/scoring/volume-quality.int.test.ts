import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { importTfjs, type ManifestContent, type ModelPackage, packageTemplate, writePackage } from '@leadglass/models'
import { wrapSlices } from '@leadglass/models/dicom'
import { silentLogger, systemClock } from '@leadglass/sync-agent/foundation'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeMeshnet } from '../../models/testing/meshnet.ts'
import { defaultScoringLimits, fillGolden, type InstanceOutcome, ScoringPool, workerCodeRoots } from './index.ts'
import { runOnnx } from './run-onnx.ts'

const PROGRAM_ROOT = resolve(import.meta.dirname, '..', '..')
const SIDE = 16

describe('bounds of quality of a volume model', () => {
  let root: string
  let pool: ScoringPool
  let model: ModelPackage

  beforeAll(async () => {
    root = await realpath(await mkdtemp(join(tmpdir(), 'volume-quality-')))
    await mkdir(join(root, 'work'))
    await mkdir(join(root, 'models'))
    // A network of TensorFlow.js, from its folder to a package that scores.
    await writeMeshnet(join(root, 'meshnet'))
    const { compared } = await importTfjs(join(root, 'meshnet'), runOnnx)
    const template = packageTemplate({
      name: 'imported',
      kind: 'volume-3d',
      onnx: compared.onnx,
      goldenPng: new Uint8Array(),
    })
    const manifest: ManifestContent = {
      ...template.manifest,
      fit: {
        ...template.manifest.fit,
        minRows: SIDE,
        minColumns: SIDE,
        quality: [{ figure: 'quality.clipped-high', maximum: 0.3 }],
      },
      input: { name: 'input', type: 'float32', shape: [1, 1, SIDE, SIDE, SIDE] },
      preprocessing: [
        { step: 'modality-lut' },
        { step: 'volume-orient', axes: 'SPL' },
        { step: 'percentile-window', low: 0, high: 100 },
        { step: 'volume-resample', spacing: [1, 1, 1], interpolation: 'linear' },
        { step: 'volume-fit', depth: SIDE, height: SIDE, width: SIDE, fill: 0 },
      ],
    }
    const { content } = await fillGolden({ manifest, files: template.files })
    model = await writePackage(join(root, 'models', 'imported'), content)
    pool = new ScoringPool({
      workers: 1,
      codeRoots: workerCodeRoots(PROGRAM_ROOT),
      workFolder: join(root, 'work'),
      modelsFolder: join(root, 'models'),
      clock: systemClock,
      logger: silentLogger,
      limits: defaultScoringLimits,
    })
    await pool.start()
  }, 60_000)
  afterAll(async () => {
    await pool.stop()
    await rm(root, { recursive: true, force: true })
  })

  /** @param clipped share of the voxels that are as bright as can be. */
  async function scoreSeries(name: string, clipped: number): Promise<readonly InstanceOutcome[]> {
    const values = Uint16Array.from({ length: SIDE ** 3 }, (_, i) =>
      (i * 7919) % 1000 < clipped * 1000 ? 65_535 : (i * 31) % 4000,
    )
    const facts = {
      modality: 'MR',
      studySeed: name,
      patientId: 'X',
      patientName: '',
      studyDate: '20260105',
      studyTime: '120000',
      accessionNumber: '',
      description: name,
    } as const
    const volume = {
      dimensions: [SIDE, SIDE, SIDE],
      spacing: [1, 1, 1],
      origin: [0, 0, 0],
      directions: [
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
      ],
      values,
    } as const
    const files: string[] = []
    for (const object of wrapSlices(volume, facts)) {
      files.push(join(root, 'work', `${name}-${files.length}.dcm`))
      await writeFile(files.at(-1) ?? '', object)
    }
    const { model: reference, folder } = model
    const job = { jobId: name, packageFolder: folder, model: reference, files, timeoutMs: 30_000 }
    const outcome = await pool.score(job)
    if (outcome.kind === 'failed') throw new Error(`${outcome.reason}: ${outcome.detail}`)
    return outcome.instances
  }

  it('are held before the result counts, on the slice in the middle', async () => {
    const good = await scoreSeries('good', 0.1)
    const scored = good.flatMap((one) => (one.kind === 'scored' ? [one] : []))
    expect(scored).toHaveLength(1)
    expect(scored[0]?.quality['quality.clipped-high']).toBeCloseTo(0.1, 1)
    const bad = await scoreSeries('bad', 0.5)
    expect(bad).toHaveLength(SIDE)
    expect(bad.every((one) => one.kind === 'not-scored' && one.reason === 'no-fit-quality')).toBe(true)
  }, 60_000)
})
