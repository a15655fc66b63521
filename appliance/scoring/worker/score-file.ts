import {
  type DecodedImage,
  decodeFrames,
  greyQuality,
  type InstanceFacts,
  imageQuality,
  instanceFacts,
  modalityLut,
  type Part10File,
  preprocess,
  type QualityFigures,
} from '../../imaging/index.ts'
import { fits, fitsQuality } from '../fit.ts'
import type { WorkerLimits } from '../messages.ts'
import type { InstanceOutcome } from '../outcome.ts'
import { combineFrames, sampledFrames } from './frames.ts'
import { type LoadedModel, type ModelResult, runModel } from './model-sessions.ts'
import { notScored, outcomeOfError, readObject } from './read-object.ts'

/** Signals that a model failed on an image in a way that says nothing of the image. */
export class ModelFailure extends Error {}

/**
 * Scores one file: its frame, or the sampled frames of a multi-frame object. Everything that a file can do wrong is an
 * outcome.
 * @throws {ModelFailure} when the runtime fails.
 */
export async function scoreFile(
  model: LoadedModel,
  path: string,
  instance: number,
  limits: WorkerLimits,
): Promise<InstanceOutcome> {
  try {
    return await scoreReadable(model, await readObject(path, limits), instance, limits)
  } catch (error) {
    if (error instanceof ModelFailure) throw error
    return outcomeOfError(instance, error)
  }
}

/** Runs the graphs; what the runtime throws becomes a failure of the model. @throws {ModelFailure} */
export async function runOrFail(model: LoadedModel, values: Float32Array): Promise<ModelResult> {
  return runModel(model, values).catch((cause: unknown) => {
    throw new ModelFailure('the model runtime failed', { cause })
  })
}

/** Whether every figure of a result is a number that can be kept. */
export function isUsable(result: ModelResult): boolean {
  return result.embedding.every(Number.isFinite) && result.scores.every(({ value }) => Number.isFinite(value))
}

async function scoreReadable(
  model: LoadedModel,
  file: Part10File,
  instance: number,
  limits: WorkerLimits,
): Promise<InstanceOutcome> {
  const { manifest } = model.package
  const facts = instanceFacts(file.dataSet)
  // The age was held against the original; the de-identified object here need not say it.
  const fit = fits({ ...manifest.fit, age: undefined }, facts)
  if (fit.kind === 'no-fit') return notScored(instance, fit.reason)
  const image = await decodeFrames(file.dataSet, file.meta.transferSyntaxUid, {
    maximumBytes: limits.maximumDecodedBytes,
  })
  const lut = modalityLut(file.dataSet, image)
  const frames = sampledFrames(image.frames, manifest.frames?.sample ?? 1)
  const results: ModelResult[] = []
  let quality: QualityFigures = {}
  for (const [position, frame] of frames.entries()) {
    const perFrame = image.rows * image.columns
    const stored = image.pixels.subarray(frame * perFrame, (frame + 1) * perFrame)
    const { rows, columns, photometric } = image
    const prepared = preprocess({ rows, columns, photometric, stored, modalityLut: lut }, manifest.preprocessing)
    if (position === frames.length >> 1) quality = qualityOf(image, stored, facts, prepared.grey)
    results.push(await runOrFail(model, prepared.values))
  }
  if (!fitsQuality(manifest.fit, quality)) return { ...notScored(instance, 'no-fit-quality'), quality }
  const result = combineFrames(results, manifest.frames?.aggregate ?? 'mean')
  if (!isUsable(result)) return { ...notScored(instance, 'not-finite'), quality }
  return { kind: 'scored', instance, embedding: result.embedding, scores: [...result.scores], quality }
}

/** Of the frame in the middle, which stands for the object. */
function qualityOf(
  image: DecodedImage,
  stored: DecodedImage['pixels'],
  facts: InstanceFacts,
  grey: Float64Array,
): QualityFigures {
  return { ...imageQuality(image, stored, facts), ...greyQuality(grey) }
}
