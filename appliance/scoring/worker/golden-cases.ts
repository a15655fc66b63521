import { goldenExpectation, type ModelPackage, readPackageFile, readPackageJson } from '@leadglass/models'
import sharp from 'sharp'
import { type BodyVolume, type PixelArray, prepareVolume, preprocess } from '../../imaging/index.ts'
import { readNifti } from '../../imaging/radiomics/index.ts'
import { type LoadedModel, type ModelResult, runModel } from './model-sessions.ts'
import { goldenRowTensor } from './score-row.ts'

/** What a run of all golden cases gave. */
export interface GoldenRun {
  readonly cases: number
  readonly maximumDeviation: number
  readonly withinTolerance: boolean
}

/** Runs every golden case of a package on this box and compares with what its author saw. */
export async function runGolden(model: LoadedModel): Promise<GoldenRun> {
  let maximumDeviation = 0
  let withinTolerance = true
  for (const golden of model.package.manifest.golden) {
    const expected = await readPackageJson(model.package, golden.expected, goldenExpectation)
    const result = await runGoldenImage(model, golden.image, golden.prior)
    const scores = new Map(result.scores.map(({ code, value }) => [code, value]))
    const deviations = [
      ...expected.embedding.map((value, i) => Math.abs(value - (result.embedding[i] ?? Number.NaN))),
      ...Object.entries(expected.outputs).map(([code, value]) => Math.abs(value - (scores.get(code) ?? Number.NaN))),
    ]
    for (const deviation of deviations) {
      // A value that is missing or not finite is as far off as can be.
      const size = Number.isFinite(deviation) ? deviation : Number.MAX_VALUE
      maximumDeviation = Math.max(maximumDeviation, size)
      withinTolerance &&= size <= expected.tolerance
    }
  }
  return { cases: model.package.manifest.golden.length, maximumDeviation, withinTolerance }
}

/** What a model makes of one golden image, and of the one of an earlier study that goes with it. */
export async function runGoldenImage(model: LoadedModel, path: string, prior?: string): Promise<ModelResult> {
  const earlier = prior === undefined ? undefined : await prepare(model.package, prior)
  return runModel(model, await prepare(model.package, path), earlier)
}

/**
 * A golden image is a grey PNG of stored values; it has no modality LUT and is MONOCHROME2. Of a multi-frame model it is
 * one frame, of a volume model a NIfTI-1 volume that lies in the axes that the model wants, of a table a row in JSON.
 */
async function prepare(from: ModelPackage, path: string): Promise<Float32Array> {
  if (from.manifest.kind === 'tabular') return goldenRowTensor(from, path)
  if (from.manifest.kind === 'volume-3d') {
    const { dimensions, spacing, values } = readNifti(await readPackageFile(from, path))
    const volume: BodyVolume = {
      size: [dimensions[2], dimensions[1], dimensions[0]],
      spacing: [spacing[2], spacing[1], spacing[0]],
      values: new Float32Array(values),
    }
    return prepareVolume(volume, from.manifest.preprocessing)
  }
  const image = sharp(await readPackageFile(from, path))
  const { depth } = await image.metadata()
  const wide = depth === 'ushort'
  const plane = image.toColourspace(wide ? 'grey16' : 'b-w').extractChannel(0)
  const { data, info } = await plane.raw({ depth: wide ? 'ushort' : 'uchar' }).toBuffer({ resolveWithObject: true })
  const stored: PixelArray = wide
    ? new Uint16Array(Uint8Array.from(data).buffer)
    : new Uint8Array(data.buffer, data.byteOffset, data.length)
  const input = {
    rows: info.height,
    columns: info.width,
    photometric: 'MONOCHROME2',
    stored,
    modalityLut: { kind: 'identity' },
  } as const
  return preprocess(input, from.manifest.preprocessing).values
}
