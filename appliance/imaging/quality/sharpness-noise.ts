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
    // A window of three columns that moves: of each column its middle value and the sum of those above and below.
    let i = row * columns
    let left = values[i] as number
    let leftEnds = ends(values, i, columns)
    let centre = values[i + 1] as number
    let centreEnds = ends(values, i + 1, columns)
    for (const end = i + columns - 1; i < end - 1; i += 1) {
      const right = values[i + 2] as number
      const rightEnds = ends(values, i + 2, columns)
      const sides = left + right + centreEnds
      const laplacian = sides - 4 * centre
      sum += laplacian
      squares += laplacian * laplacian
      responses += Math.abs(leftEnds + rightEnds - 2 * sides + 4 * centre)
      left = centre
      leftEnds = centreEnds
      centre = right
      centreEnds = rightEnds
    }
  }
  const mean = sum / count
  return {
    sharpness: (squares / count - mean * mean) / (scale * scale),
    noise: (Math.sqrt(Math.PI / 2) * responses) / (6 * count * scale),
  }
}

function ends(values: ArrayLike<number>, i: number, columns: number): number {
  return (values[i - columns] as number) + (values[i + columns] as number)
}
