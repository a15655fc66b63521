/**
 * Sharpness and noise of a plane in one pass over its inner pixels, in units of `scale` (the displayed range), so that
 * detectors of different depth compare.
 * Sharpness: variance of the 4-neighbour Laplacian. Noise: Immerkaer's fast estimate, the mean absolute response to the
 * difference of two Laplacians, times sqrt(pi / 2) / 6 (Immerkaer 1996).
 * @returns zeros for a plane under 3 x 3 or a scale of 0.
 */
export function sharpnessAndNoise(
  values: ArrayLike<number>,
  rows: number,
  columns: number,
  scale: number,
): { readonly sharpness: number; readonly noise: number } {
  const count = (rows - 2) * (columns - 2)
  if (rows < 3 || columns < 3 || !(scale > 0)) return { sharpness: 0, noise: 0 }
  let sum = 0
  let squares = 0
  let responses = 0
  for (let row = 1; row < rows - 1; row += 1) {
    for (let column = 1; column < columns - 1; column += 1) {
      const i = row * columns + column
      const centre = values[i] ?? 0
      const sides = at(values, i - 1) + at(values, i + 1) + at(values, i - columns) + at(values, i + columns)
      const corners =
        at(values, i - columns - 1) +
        at(values, i - columns + 1) +
        at(values, i + columns - 1) +
        at(values, i + columns + 1)
      const laplacian = sides - 4 * centre
      sum += laplacian
      squares += laplacian * laplacian
      responses += Math.abs(corners - 2 * sides + 4 * centre)
    }
  }
  const mean = sum / count
  return {
    sharpness: (squares / count - mean * mean) / (scale * scale),
    noise: (Math.sqrt(Math.PI / 2) * responses) / (6 * count * scale),
  }
}

function at(values: ArrayLike<number>, i: number): number {
  return values[i] ?? 0
}
