/** A rectangle of pixels, from 0, row and column of its upper left corner first. */
export interface Box {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

/** What the detector says of each pixel: the probability that it lies within a line of text. */
export interface TextMap {
  readonly width: number
  readonly height: number
  readonly probabilities: Float32Array
}

/** Bounds of the detector's post-processing (differentiable binarisation). */
export interface RegionLimits {
  /** From this probability a pixel belongs to a line. */
  readonly pixel: number
  /** A line counts from this mean probability. */
  readonly line: number
  /** The map shows shrunken lines: they grow by area x this / perimeter on every side. */
  readonly growth: number
  /** More lines than this in one frame is no text but texture; the caller must treat the frame as unread. */
  readonly mostLines: number
}

export const REGION_LIMITS: RegionLimits = { pixel: 0.25, line: 0.4, growth: 1.8, mostLines: 400 }

interface Line {
  left: number
  top: number
  right: number
  bottom: number
  pixels: number
  sum: number
}

/** The lines of text in a map, upright rectangles, from the top down. `undefined`: too many to be text. */
export function textRegions(map: TextMap, limits: RegionLimits = REGION_LIMITS): readonly Box[] | undefined {
  const lines = connected(map, limits.pixel).filter((line) => line.pixels >= 6 && line.sum / line.pixels >= limits.line)
  if (lines.length > limits.mostLines) return undefined
  return lines.map((line) => grown(line, map, limits.growth)).sort((a, b) => a.top - b.top || a.left - b.left)
}

/** Components of pixels above the threshold, eight neighbours, by flood fill over an explicit stack. */
function connected({ width, height, probabilities }: TextMap, threshold: number): Line[] {
  const seen = new Uint8Array(width * height)
  const lines: Line[] = []
  const stack: number[] = []
  for (let start = 0; start < probabilities.length; start += 1) {
    if (seen[start] === 1 || (probabilities[start] ?? 0) < threshold) continue
    const line: Line = { left: width, top: height, right: 0, bottom: 0, pixels: 0, sum: 0 }
    seen[start] = 1
    stack.push(start)
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      const [x, y] = [at % width, Math.floor(at / width)]
      line.left = Math.min(line.left, x)
      line.right = Math.max(line.right, x)
      line.top = Math.min(line.top, y)
      line.bottom = Math.max(line.bottom, y)
      line.pixels += 1
      line.sum += probabilities[at] ?? 0
      for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny += 1)
        for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx += 1) {
          const next = ny * width + nx
          if (seen[next] === 1 || (probabilities[next] ?? 0) < threshold) continue
          seen[next] = 1
          stack.push(next)
        }
    }
    lines.push(line)
  }
  return lines
}

function grown(line: Line, { width, height }: TextMap, growth: number): Box {
  const [w, h] = [line.right - line.left + 1, line.bottom - line.top + 1]
  const by = Math.ceil((w * h * growth) / (2 * (w + h)))
  const left = Math.max(0, line.left - by)
  const top = Math.max(0, line.top - by)
  return {
    left,
    top,
    width: Math.min(width, line.right + 1 + by) - left,
    height: Math.min(height, line.bottom + 1 + by) - top,
  }
}

/** A box of one picture in the coordinates of another size of it, rounded outwards and cut to the picture. */
export function scaledBox(box: Box, from: Size, to: Size): Box {
  const [x, y] = [to.width / from.width, to.height / from.height]
  const left = Math.max(0, Math.floor(box.left * x))
  const top = Math.max(0, Math.floor(box.top * y))
  return {
    left,
    top,
    width: Math.min(to.width, Math.ceil((box.left + box.width) * x)) - left,
    height: Math.min(to.height, Math.ceil((box.top + box.height) * y)) - top,
  }
}

interface Size {
  readonly width: number
  readonly height: number
}
