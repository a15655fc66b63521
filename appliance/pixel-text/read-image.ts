import type { DecodedImage } from '../imaging/index.ts'
import { type Contrast, type GreyFrame, greyFrame } from './frame.ts'
import type { FrameLine } from './messages.ts'
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

/** How hard a frame is looked at: small frames also magnified. */
export function magnificationsOf({ width, height }: Pick<GreyFrame, 'width' | 'height'>): readonly number[] {
  return Math.max(width, height) <= SMALL_SIDE ? [1, 2] : [1]
}

/**
 * Reads one frame in both contrasts; a line that both show is told once.
 * @returns `undefined` when the frame has more shapes like letters than text has: a doubt.
 */
export async function readFrame(
  reader: TextReader,
  image: DecodedImage,
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
      const known = lines.some((line) => line.text === words && overlaps(line.box, box))
      if (!known) lines.push({ frame, text: words, confidence, box })
    }
  }
  return lines
}

function overlaps(a: Box, b: Box): boolean {
  return (
    Math.min(a.left + a.width, b.left + b.width) > Math.max(a.left, b.left) &&
    Math.min(a.top + a.height, b.top + b.height) > Math.max(a.top, b.top)
  )
}
