import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import {
  DataSetError,
  DecodeError,
  decodeFrames,
  greyQuality,
  imageQuality,
  instanceFacts,
  modalityLut,
  type Part10File,
  parsePart10,
  preprocess,
} from '../../imaging/index.ts'
import { fits } from '../fit.ts'
import type { WorkerLimits } from '../messages.ts'
import type { InstanceOutcome, NotScoredReason } from '../outcome.ts'
import { type LoadedModel, runModel } from './model-sessions.ts'

/** Signals that a model failed on an image in a way that says nothing of the image. */
export class ModelFailure extends Error {}

/**
 * Scores one file. Everything that a file can do wrong is an outcome.
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
    if (error instanceof DataSetError) return notScored(instance, 'unreadable', error.code)
    if (error instanceof DecodeError) return notScored(instance, 'undecodable', error.code)
    return notScored(instance, 'internal-error', systemCode(error))
  }
}

/** Never follows a link: Node's permission model would let it lead out of the work folder. */
async function readObject(path: string, limits: WorkerLimits): Promise<Part10File> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  try {
    const { size } = await handle.stat()
    if (size > limits.maximumFileBytes) throw new DataSetError('too-large', 'the file is too large')
    return parsePart10(await handle.readFile())
  } finally {
    await handle.close()
  }
}

async function scoreReadable(
  model: LoadedModel,
  file: Part10File,
  instance: number,
  limits: WorkerLimits,
): Promise<InstanceOutcome> {
  const { manifest } = model.package
  const facts = instanceFacts(file.dataSet)
  const fit = fits(manifest.fit, facts)
  if (fit.kind === 'no-fit') return notScored(instance, fit.reason)
  const image = await decodeFrames(file.dataSet, file.meta.transferSyntaxUid, {
    maximumBytes: limits.maximumDecodedBytes,
  })
  const prepared = preprocess(
    {
      rows: image.rows,
      columns: image.columns,
      photometric: image.photometric,
      stored: image.pixels,
      modalityLut: modalityLut(file.dataSet, image),
    },
    manifest.preprocessing,
  )
  const quality = { ...imageQuality(image, image.pixels, facts), ...greyQuality(prepared.grey) }
  const result = await runModel(model, prepared.values).catch((cause: unknown) => {
    throw new ModelFailure('the model runtime failed', { cause })
  })
  const finite = result.embedding.every(Number.isFinite) && result.scores.every(({ value }) => Number.isFinite(value))
  if (!finite) return { ...notScored(instance, 'not-finite'), quality }
  return { kind: 'scored', instance, embedding: result.embedding, scores: [...result.scores], quality }
}

type NotScored = Extract<InstanceOutcome, { kind: 'not-scored' }>

function notScored(instance: number, reason: NotScoredReason, detail?: string): NotScored {
  return { kind: 'not-scored', instance, reason, ...(detail === undefined ? {} : { detail }) }
}

/** `ENOENT` as the vocabulary code `enoent`, so that no path leaves in a message. */
function systemCode(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'defect'
  return code
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
}
