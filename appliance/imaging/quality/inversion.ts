import weights from './inversion-weights.generated.json' with { type: 'json' }
import { cellMeans, type Thumbnail } from './thumbnail.ts'

/** Cells of a side on which the content is judged. */
export const INVERSION_CELLS = 8

/**
 * How likely a frontal chest radiograph is shown black for white, 0 to 1: a logistic classifier on the means of 8 x 8 cells,
 * centred. It has no constant, so an image and its negative always get opposite answers. Its weights are trained by
 * `testing/train-inversion.ts` on the patients of the part `shipped`; it knows frontal chests and nothing else.
 */
export function inversionLikelihood(thumbnail: Thumbnail): number {
  const inputs = inversionInputs(thumbnail)
  const sum = inputs.reduce((total, input, cell) => total + input * (weights[cell] ?? 0), 0)
  return 1 / (1 + Math.exp(-sum))
}

/** Means of the cells less one half. */
export function inversionInputs(thumbnail: Thumbnail): Float64Array {
  return cellMeans(thumbnail, INVERSION_CELLS, INVERSION_CELLS).map((mean) => mean - 0.5)
}
