/** A part of the grid that is hidden at once: cells from `top`, `left`, both ends exclusive at `bottom`, `right`. */
interface Patch {
  readonly top: number
  readonly left: number
  readonly bottom: number
  readonly right: number
}

/** A tensor of an image: channels x height x width. */
export interface ImageTensor {
  readonly values: Float32Array
  readonly channels: number
  readonly height: number
  readonly width: number
}

/** How the image is hidden piece by piece. Sizes and strides are in cells of the grid. */
export interface OcclusionPlan {
  readonly cells: number
  readonly patches: readonly { readonly size: number; readonly stride: number }[]
}

/**
 * Patches of two sizes over a grid of 14 x 14: the larger find what fills half a lung, the smaller where it
 * ends. Chosen by measuring; see docs/explanations.md.
 */
export const OCCLUSION_PLAN: OcclusionPlan = {
  cells: 14,
  patches: [
    { size: 2, stride: 1 },
    { size: 4, stride: 2 },
  ],
}

/** Every patch of a plan, in a fixed order. */
export function patchesOf({ cells, patches }: OcclusionPlan): readonly (Patch & { readonly size: number })[] {
  return patches.flatMap(({ size, stride }) => {
    const starts = Array.from({ length: Math.ceil((cells - size) / stride) + 1 }, (_, i) =>
      Math.min(i * stride, cells - size),
    )
    return starts.flatMap((top) => starts.map((left) => ({ top, left, bottom: top + size, right: left + size, size })))
  })
}

/**
 * How much the score falls, cell by cell, when what lies there is replaced by the mean of the image. A cell's value is the mean
 * over the patches of a size that hide it, and over the sizes. Nothing is drawn at random: the same image and model give the same
 * map.
 * @param score of the whole image.
 * @param run the score of a changed tensor; the tensor is used again after it.
 */
export async function occlusionMap(
  image: ImageTensor,
  score: number,
  run: (values: Float32Array) => Promise<number>,
  plan: OcclusionPlan = OCCLUSION_PLAN,
): Promise<{
  readonly rows: number
  readonly columns: number
  readonly values: Float32Array<ArrayBuffer>
  readonly passes: number
}> {
  const { cells } = plan
  const means = channelMeans(image)
  const hidden = image.values.slice()
  const sums = new Float64Array(cells * cells)
  const patches = patchesOf(plan)
  for (const { size } of plan.patches) {
    const fall = new Float64Array(cells * cells)
    const times = new Float64Array(cells * cells)
    for (const patch of patches.filter((one) => one.size === size)) {
      fill(hidden, image, patch, cells, (channel) => means[channel] ?? 0)
      const difference = score - (await run(hidden))
      restore(hidden, image, patch, cells)
      for (let row = patch.top; row < patch.bottom; row += 1) {
        for (let column = patch.left; column < patch.right; column += 1) {
          const at = row * cells + column
          fall[at] = (fall[at] ?? 0) + difference
          times[at] = (times[at] ?? 0) + 1
        }
      }
    }
    for (const [at, value] of fall.entries()) sums[at] = (sums[at] ?? 0) + value / (times[at] ?? 1)
  }
  const values = Float32Array.from(sums, (sum) => sum / plan.patches.length)
  return { rows: cells, columns: cells, values, passes: patches.length }
}

/** The mean of each channel. */
export function channelMeans({ values, channels, height, width }: ImageTensor): Float64Array {
  const plane = height * width
  return Float64Array.from({ length: channels }, (_, channel) => {
    let sum = 0
    for (let i = channel * plane; i < (channel + 1) * plane; i += 1) sum += values[i] ?? 0
    return sum / plane
  })
}

/** Writes a value into every pixel of a patch. */
export function fill(
  target: Float32Array,
  { channels, height, width }: ImageTensor,
  patch: Patch,
  cells: number,
  shadeOf: (channel: number) => number,
): void {
  const [top, bottom] = [edge(patch.top, height, cells), edge(patch.bottom, height, cells)]
  const [left, right] = [edge(patch.left, width, cells), edge(patch.right, width, cells)]
  for (let channel = 0; channel < channels; channel += 1) {
    for (let row = top; row < bottom; row += 1) {
      const from = (channel * height + row) * width
      target.fill(shadeOf(channel), from + left, from + right)
    }
  }
}

function restore(target: Float32Array, image: ImageTensor, patch: Patch, cells: number): void {
  const { channels, height, width, values } = image
  const [top, bottom] = [edge(patch.top, height, cells), edge(patch.bottom, height, cells)]
  const [left, right] = [edge(patch.left, width, cells), edge(patch.right, width, cells)]
  for (let channel = 0; channel < channels; channel += 1) {
    for (let row = top; row < bottom; row += 1) {
      const from = (channel * height + row) * width
      target.set(values.subarray(from + left, from + right), from + left)
    }
  }
}

/** Where a line of the grid lies in pixels. */
function edge(cell: number, pixels: number, cells: number): number {
  return Math.round((cell * pixels) / cells)
}
