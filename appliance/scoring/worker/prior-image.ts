import { DataSetError, DecodeError, decodeFrames, modalityLut, preprocess, voiLut } from '../../imaging/index.ts'
import type { WorkerLimits } from '../messages.ts'
import type { LoadedModel } from './model-sessions.ts'
import { readObject } from './read-object.ts'

/**
 * The image of an earlier study, prepared as the current one is; `undefined` where the model is given none. `absent`: the
 * model needs one, and there is none that can be decoded.
 */
export async function priorImage(
  { package: { manifest } }: LoadedModel,
  path: string | undefined,
  limits: WorkerLimits,
): Promise<Float32Array | 'absent' | undefined> {
  const { priors, preprocessing } = manifest
  if (priors === undefined) return undefined
  const none = priors.required ? 'absent' : undefined
  if (path === undefined) return none
  try {
    const { dataSet, meta } = await readObject(path, limits)
    const image = await decodeFrames(dataSet, meta.transferSyntaxUid, { maximumBytes: limits.maximumDecodedBytes })
    const { rows, columns, photometric } = image
    const stored = image.pixels.subarray(0, rows * columns)
    const lut = modalityLut(dataSet, image)
    const input = { rows, columns, photometric, stored, modalityLut: lut, voiLut: voiLut(dataSet, image) }
    return preprocess(input, preprocessing).values
  } catch (error) {
    if (error instanceof DataSetError || error instanceof DecodeError) return none
    throw error
  }
}
