import {
  type GoldenExpectation,
  goldenExpectation,
  type ModelPackage,
  parseSource,
  readPackageFile,
  readPackageJson,
} from '@leadglass/models'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { TrainingError } from '../errors.ts'
import { readGreyPng } from './png.ts'
import { preprocess } from './preprocess.ts'

/** A golden case of a package, with the whole embedding of its image. */
export interface GoldenEmbedding {
  readonly path: string
  readonly expectation: GoldenExpectation
  readonly embedding: Float32Array
}

/**
 * Embeds the golden images of a package with its own backbone and compares the beginning with what the package expects.
 * @throws {TrainingError} `golden-differs` when the package does not keep its own word here.
 */
export async function goldenEmbeddings(from: ModelPackage): Promise<GoldenEmbedding[]> {
  const { manifest } = from
  const source = parseSource(manifest.embedding.from)
  const backbone = manifest.graphs.find((graph) => graph.id === source?.graph)
  const [input, ...others] = Object.entries(backbone?.inputs ?? {})
  if (backbone === undefined || source === undefined || input?.[1] !== '$input' || others.length > 0) {
    throw new TrainingError('head-not-linear', 'the embedding does not come from the image by one graph')
  }
  const session = await InferenceSession.create(await readPackageFile(from, backbone.file), { logSeverityLevel: 3 })
  try {
    const result: GoldenEmbedding[] = []
    for (const golden of manifest.golden) {
      const expectation = await readPackageJson(from, golden.expected, goldenExpectation)
      const image = readGreyPng(await readPackageFile(from, golden.image))
      const [, channels = 1, height = 1, width = 1] = manifest.input.shape
      const tensor = new Tensor('float32', preprocess(image, manifest.preprocessing), [1, channels, height, width])
      const output = (await session.run({ [input[0]]: tensor }))[source.output]
      const embedding = Float32Array.from((output?.data ?? []) as Float32Array)
      const differs = expectation.embedding.some(
        (value, i) => !(Math.abs(value - (embedding[i] ?? Number.NaN)) <= expectation.tolerance),
      )
      if (differs) throw new TrainingError('golden-differs', `the embedding of ${golden.image} is not what is expected`)
      result.push({ path: golden.expected, expectation, embedding })
    }
    return result
  } finally {
    await session.release()
  }
}
