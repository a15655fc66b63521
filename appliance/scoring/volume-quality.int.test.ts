import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { importTfjs, type ManifestContent, type ModelPackage, packageTemplate, writePackage } from '@leadglass/models'
import { wrapSlices } from '@leadglass/models/dicom'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeMeshnet } from '../../models/testing/meshnet.ts'
import { fillGolden, type InstanceOutcome, type ScoringPool } from './index.ts'
import { runOnnx } from './run-onnx.ts'
import { ScoringRoom } from './testing/scoring-room.ts'

const SIDE = 16

describe('bounds of quality of a volume model', () => {
  let room: ScoringRoom
  let pool: ScoringPool
  let model: ModelPackage

  beforeAll(async () => {
    room = await ScoringRoom.open()
    // A network of TensorFlow.js, from its folder to a package that scores.
    await writeMeshnet(join(room.root, 'meshnet'))
    const { compared } = await importTfjs(join(room.root, 'meshnet'), runOnnx)
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
    model = await writePackage(join(room.models, 'imported'), content)
    pool = await room.started()
  }, 60_000)
  afterAll(() => room.close())

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
      files.push(join(room.work, `${name}-${files.length}.dcm`))
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
