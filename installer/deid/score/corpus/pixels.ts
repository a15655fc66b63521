import type { Dice } from '../dice.ts'
import type { PixelBox } from '../key.ts'

/** The shape of native pixel data. */
export interface PixelShape {
  readonly rows: number
  readonly columns: number
  readonly bits: 8 | 16
  readonly samples: 1 | 3
  readonly frames: number
}

/** A smooth made-up anatomy with a little noise: an ellipse on a ramp, little endian. */
export function phantomPixels(shape: PixelShape, dice: Dice): Buffer {
  const { rows, columns, bits, samples, frames } = shape
  const bytes = bits / 8
  const pixels = Buffer.alloc(rows * columns * samples * frames * bytes)
  const [a, b] = [0.2 + dice.below(20) / 100, 0.25 + dice.below(20) / 100]
  const high = bits === 8 ? 220 : 3000
  let at = 0
  for (let frame = 0; frame < frames; frame += 1)
    for (let y = 0; y < rows; y += 1)
      for (let x = 0; x < columns; x += 1) {
        const inside = ((x / columns - 0.5) / a) ** 2 + ((y / rows - 0.5) / b) ** 2 < 1
        const value = Math.floor(high * (inside ? 0.7 : 0.2 * (y / rows))) + dice.below(8) + frame
        for (let sample = 0; sample < samples; sample += 1) {
          if (bits === 8) pixels[at] = value & 0xff
          else pixels.writeUInt16LE(value, at)
          at += bytes
        }
      }
  return pixels
}

/** Glyphs of 3 x 5 dots, 15 bits each from the top left. Letters that look alike share one. */
const GLYPHS: Readonly<Record<string, number>> = {
  ...{ A: 0o25755, B: 0o65656, C: 0o34443, D: 0o65556, E: 0o74647, F: 0o74644, G: 0o34553, H: 0o55755, I: 0o72227 },
  ...{ J: 0o11152, K: 0o55655, L: 0o44447, M: 0o57755, N: 0o65555, O: 0o25552, P: 0o65644, Q: 0o25563, R: 0o65655 },
  ...{ S: 0o34216, T: 0o72222, U: 0o55557, V: 0o55552, W: 0o55775, X: 0o55255, Y: 0o55222, Z: 0o71247 },
  ...{ 0: 0o75557, 1: 0o26227, 2: 0o61247, 3: 0o61216, 4: 0o55711, 5: 0o74616, 6: 0o34757, 7: 0o71222, 8: 0o75757 },
  9: 0o75716,
}

/** How burned-in text looks. */
export interface Lettering {
  readonly scale: number
  readonly value: number
  /** What stands behind the letters: a bar of this value (inverse video), or the image itself. */
  readonly ground: number | undefined
  readonly frame: number
  readonly vertical: boolean
}

/** Writes text into native pixels in place and gives the box that it fills. What does not fit is cut off. */
export function burnText(pixels: Buffer, shape: PixelShape, text: string, top: number, lettering: Lettering): PixelBox {
  const { scale, value, ground, frame, vertical } = lettering
  const dot = (x: number, y: number, shade = value): void => {
    const [column, row] = vertical ? [top + y, x + 2] : [x + 2, top + y]
    if (column >= shape.columns || row >= shape.rows) return
    const first = ((frame * shape.rows + row) * shape.columns + column) * shape.samples
    for (let sample = 0; sample < shape.samples; sample += 1)
      if (shape.bits === 8) pixels[first + sample] = shade & 0xff
      else pixels.writeUInt16LE(shade, (first + sample) * 2)
  }
  const letters = [...text.toUpperCase()]
  if (ground !== undefined)
    for (let x = -2; x < letters.length * 4 * scale + 2; x += 1)
      for (let y = -2; y < 5 * scale + 2; y += 1) dot(x, y, ground)
  for (const [index, letter] of letters.entries())
    for (let cell = 0; cell < 15; cell += 1) {
      if ((((GLYPHS[letter] ?? 0) >> (14 - cell)) & 1) === 0) continue
      for (let inner = 0; inner < scale * scale; inner += 1)
        dot(
          (index * 4 + (cell % 3)) * scale + (inner % scale),
          Math.floor(cell / 3) * scale + Math.floor(inner / scale),
        )
    }
  const length = Math.min(letters.length * 4 * scale, (vertical ? shape.rows : shape.columns) - 2)
  const [height, width] = vertical ? [length, 5 * scale] : [5 * scale, length]
  return { frame, top: vertical ? 2 : top, left: vertical ? top : 2, height, width }
}

/** True where a mask covers the box: all its pixels have one value. Text that is still there has two at least. */
export function isHidden(pixels: Buffer, shape: PixelShape, box: PixelBox): boolean {
  const bytes = (shape.bits / 8) * shape.samples
  const values = new Set<string>()
  for (let y = box.top; y < Math.min(box.top + box.height, shape.rows); y += 1)
    for (let x = box.left; x < Math.min(box.left + box.width, shape.columns); x += 1) {
      const at = ((box.frame * shape.rows + y) * shape.columns + x) * bytes
      values.add(pixels.toString('latin1', at, at + bytes))
    }
  return values.size <= 1
}
