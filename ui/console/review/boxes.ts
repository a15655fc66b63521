import type { PixelBox } from '../../contract/local-api.ts'

/** A picture's size. */
export interface PictureSize {
  readonly width: number
  readonly height: number
}

type Box = PixelBox['box']

/** How far a key moves or grows a box, in pixels of the picture; with Shift further. */
const STEP = 1
const FAR = 20

/** The box that a key makes of another: arrows move, with Alt they change its size. `undefined` for other keys. */
export function boxAfterKey(
  box: Box,
  key: { readonly key: string; readonly shiftKey: boolean; readonly altKey: boolean },
  size: PictureSize,
): Box | undefined {
  const by = key.shiftKey ? FAR : STEP
  const moves: Readonly<Record<string, readonly [number, number]>> = {
    ArrowLeft: [-by, 0],
    ArrowRight: [by, 0],
    ArrowUp: [0, -by],
    ArrowDown: [0, by],
  }
  const move = moves[key.key]
  if (move === undefined) return undefined
  const [x, y] = move
  const moved = key.altKey
    ? { ...box, width: box.width + x, height: box.height + y }
    : { ...box, left: box.left + x, top: box.top + y }
  return within(moved, size)
}

/** The box between two corners. */
export function boxBetween(a: readonly [number, number], b: readonly [number, number], size: PictureSize): Box {
  const left = Math.floor(Math.min(a[0], b[0]))
  const top = Math.floor(Math.min(a[1], b[1]))
  const box = { left, top, width: Math.ceil(Math.abs(a[0] - b[0])), height: Math.ceil(Math.abs(a[1] - b[1])) }
  return within(box, size)
}

/** The box with whole numbers and at least one pixel, inside of the picture. */
export function within({ left, top, width, height }: Box, size: PictureSize): Box {
  const wide = Math.min(size.width, Math.max(1, Math.round(width)))
  const high = Math.min(size.height, Math.max(1, Math.round(height)))
  return {
    left: Math.min(size.width - wide, Math.max(0, Math.round(left))),
    top: Math.min(size.height - high, Math.max(0, Math.round(top))),
    width: wide,
    height: high,
  }
}

/** A box in the middle, to be moved by keys. */
export function middleBox(size: PictureSize): Box {
  const width = Math.max(1, Math.round(size.width / 4))
  const height = Math.max(1, Math.round(size.height / 12))
  return within({ left: (size.width - width) / 2, top: (size.height - height) / 2, width, height }, size)
}
