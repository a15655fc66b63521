import { type Contrast, type GreyFrame, greyFrame } from './frame.ts'
import type { FrameLine } from './messages.ts'
import type { VisibleImage } from './palette.ts'
import type { Box } from './regions.ts'
import type { TextReader } from './text-reader.ts'

/** Frames up to this many pixels a side are also looked at magnified: their letters may be small. */
const SMALL_SIDE = 800

/** The frames to read: all, or so many evenly spread ones, the first and the last among them. */
export function framesToRead(frames: number, most: number): readonly number[] {
  if (frames <= most) return Array.from({ length: frames }, (_, frame) => frame)
  if (most === 1) return [0]
  return Array.from({ length: most }, (_, i) => Math.round((i * (frames - 1)) / (most - 1)))
}

/** In thumbnails a letter may be five pixels high: they are magnified up to this many pixels a side. */
const THUMBNAIL_SIDE = 256
const LARGEST_MAGNIFIED = 512

/** How hard a frame is looked at: small frames also magnified. */
export function magnificationsOf({ width, height }: Pick<GreyFrame, 'width' | 'height'>): readonly number[] {
  const side = Math.max(width, height)
  if (side <= THUMBNAIL_SIDE) return [1, 2, 4, 8].filter((times) => times === 1 || times * side <= LARGEST_MAGNIFIED)
  return side <= SMALL_SIDE ? [1, 2] : [1]
}

/**
 * Reads one frame in both contrasts; a line that both show is told once.
 * @returns `undefined` when the frame has more shapes like letters than text has: a doubt.
 */
export async function readFrame(
  reader: TextReader,
  image: VisibleImage,
  frame: number,
): Promise<readonly FrameLine[] | undefined> {
  const lines: FrameLine[] = []
  let before: GreyFrame | undefined
  for (const contrast of ['whole', 'anatomy'] as const satisfies readonly Contrast[]) {
    const grey = greyFrame(image, frame, contrast)
    // Images of 8 bits mostly look alike in both.
    if (before !== undefined && Buffer.compare(before.values, grey.values) === 0) continue
    before = grey
    const text = await reader.read(grey, magnificationsOf(grey))
    if (text.kind === 'unreadable') return undefined
    for (const { box, text: words, confidence } of text.lines) {
      if (confidence < DOUBTFUL && !mayBeLetters(box)) continue
      const known = lines.some((line) => line.text === words && overlaps(line.box, box))
      if (!known) lines.push({ frame, text: words, confidence, box })
    }
  }
  return lines
}

/** Below this mean probability of its characters nothing is made out. */
const DOUBTFUL = 0.5

/** The recogniser reads lines at this height; what is as large and cannot be made out is anatomy. */
const LEGIBLE_SIDE = 48
/** No letter has fewer pixels. */
const SMALLEST_SIDE = 4

/** Whether a region that the detector marked, and in which nothing is made out, may hold letters all the same. */
export function mayBeLetters({ width, height }: Pick<Box, 'width' | 'height'>): boolean {
  const side = Math.min(width, height)
  return side >= SMALLEST_SIDE && side < LEGIBLE_SIDE
}

function overlaps(a: Box, b: Box): boolean {
  return (
    Math.min(a.left + a.width, b.left + b.width) > Math.max(a.left, b.left) &&
    Math.min(a.top + a.height, b.top + b.height) > Math.max(a.top, b.top)
  )
}
