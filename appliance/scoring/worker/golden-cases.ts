import { goldenExpectation, type ModelPackage, readPackageFile, readPackageJson } from '@leadglass/models'
import sharp from 'sharp'
import { type PixelArray, preprocess } from '../../imaging/index.ts'
import { type LoadedModel, runModel } from './model-sessions.ts'

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
    const result = await runModel(model, await prepare(model.package, golden.image))
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

/** A golden image is a grey PNG of stored values; it has no modality LUT and is MONOCHROME2. */
async function prepare(from: ModelPackage, path: string): Promise<Float32Array> {
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
