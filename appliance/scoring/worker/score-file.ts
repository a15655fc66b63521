import {
  countValues,
  decodeFrames,
  greyQuality,
  imageQuality,
  instanceFacts,
  modalityLut,
  type Part10File,
  type PixelPrint,
  preprocess,
  type QualityFigures,
  voiLut,
} from '../../imaging/index.ts'
import { fits, fitsQuality } from '../fit.ts'
import type { WorkerLimits } from '../messages.ts'
import type { InstanceOutcome } from '../outcome.ts'
import { combineFrames, sampledFrames } from './frames.ts'
import { type LoadedModel, type ModelResult, runModel } from './model-sessions.ts'
import { priorImage } from './prior-image.ts'
import { frameRadiomics } from './radiomics.ts'
import { notScored, outcomeOfError, readObject } from './read-object.ts'

/** Signals that a model failed on an image in a way that says nothing of the image. */
export class ModelFailure extends Error {}

/**
 * Scores one file: its frame, or the sampled frames of a multi-frame object. Everything that a file can do wrong is an
 * outcome.
 * @param priorPath the image of an earlier study that goes with it. @throws {ModelFailure} when the runtime fails.
 */
export async function scoreFile(
  model: LoadedModel,
  path: string,
  instance: number,
  limits: WorkerLimits,
  priorPath?: string,
): Promise<InstanceOutcome> {
  try {
    const prior = await priorImage(model, priorPath, limits)
    if (prior === 'absent') return notScored(instance, 'no-prior')
    return await scoreReadable(model, await readObject(path, limits), instance, limits, prior)
  } catch (error) {
    if (error instanceof ModelFailure) throw error
    return outcomeOfError(instance, error)
  }
}

/** Runs the graphs; what the runtime throws becomes a failure of the model. @throws {ModelFailure} */
export async function runOrFail(model: LoadedModel, values: Float32Array, prior?: Float32Array): Promise<ModelResult> {
  const run = model.together?.(values) ?? runModel(model, values, prior)
  return run.catch((cause: unknown) => {
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
  prior: Float32Array | undefined,
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
  const voi = voiLut(file.dataSet, image)
  const frames = sampledFrames(image.frames, manifest.frames?.sample ?? 1)
  const results: ModelResult[] = []
  let quality: QualityFigures = {}
  let print: PixelPrint | undefined
  let extra: ReturnType<typeof frameRadiomics> = {}
  for (const [position, number] of frames.entries()) {
    const perFrame = image.rows * image.columns
    const stored = image.pixels.subarray(number * perFrame, (number + 1) * perFrame)
    const { rows, columns, photometric } = image
    const counted = countValues(stored)
    const frame = { rows, columns, photometric, stored, modalityLut: lut, voiLut: voi, counted }
    const prepared = preprocess(frame, manifest.preprocessing)
    // The frame in the middle stands for the object.
    if (position === frames.length >> 1) {
      const measured = imageQuality(image, stored, facts, counted)
      quality = { ...measured.quality, ...greyQuality(prepared.grey) }
      print = measured.print
      extra = frameRadiomics(manifest.radiomics, file.dataSet, frame)
    }
    results.push(await runOrFail(model, prepared.values, prior))
  }
  if (!fitsQuality(manifest.fit, quality)) return { ...notScored(instance, 'no-fit-quality'), quality, print }
  const result = combineFrames(results, manifest.frames?.aggregate ?? 'mean')
  if (!isUsable(result)) return { ...notScored(instance, 'not-finite'), quality, print }
  const { embedding, scores } = result
  return { kind: 'scored', instance, embedding, scores: [...scores], quality, print, ...extra }
}
