import { decodeFrames, imageQuality, instanceFacts, type QualityFigures } from '../../imaging/index.ts'
import type { WorkerLimits } from '../messages.ts'
import { readObject } from './read-object.ts'

/** Figures of quality of one slice as it was stored. It is read again: keeping all stored slices would double a volume. */
export async function sliceQuality(path: string, limits: WorkerLimits): Promise<QualityFigures> {
  const { dataSet, meta } = await readObject(path, limits)
  const image = await decodeFrames(dataSet, meta.transferSyntaxUid, { maximumBytes: limits.maximumDecodedBytes })
  const stored = image.pixels.subarray(0, image.rows * image.columns)
  return imageQuality(image, stored, instanceFacts(dataSet)).quality
}
