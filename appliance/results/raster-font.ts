/** Width and height of a character in dots, without the gap to the next. */
export const GLYPH_WIDTH = 5
export const GLYPH_HEIGHT = 7

/** Rows of a glyph from the top; bit 4 is the leftmost dot. Small letters are drawn as capitals. */
const GLYPHS: Readonly<Record<string, readonly number[]>> = {
  ' ': [0, 0, 0, 0, 0, 0, 0],
  A: [14, 17, 17, 31, 17, 17, 17],
  B: [30, 17, 17, 30, 17, 17, 30],
  C: [14, 17, 16, 16, 16, 17, 14],
  D: [30, 17, 17, 17, 17, 17, 30],
  E: [31, 16, 16, 30, 16, 16, 31],
  F: [31, 16, 16, 30, 16, 16, 16],
  G: [14, 17, 16, 23, 17, 17, 15],
  H: [17, 17, 17, 31, 17, 17, 17],
  I: [14, 4, 4, 4, 4, 4, 14],
  J: [7, 2, 2, 2, 2, 18, 12],
  K: [17, 18, 20, 24, 20, 18, 17],
  L: [16, 16, 16, 16, 16, 16, 31],
  M: [17, 27, 21, 21, 17, 17, 17],
  N: [17, 25, 25, 21, 19, 19, 17],
  O: [14, 17, 17, 17, 17, 17, 14],
  P: [30, 17, 17, 30, 16, 16, 16],
  Q: [14, 17, 17, 17, 21, 18, 13],
  R: [30, 17, 17, 30, 20, 18, 17],
  S: [15, 16, 16, 14, 1, 1, 30],
  T: [31, 4, 4, 4, 4, 4, 4],
  U: [17, 17, 17, 17, 17, 17, 14],
  V: [17, 17, 17, 17, 17, 10, 4],
  W: [17, 17, 17, 21, 21, 27, 17],
  X: [17, 17, 10, 4, 10, 17, 17],
  Y: [17, 17, 10, 4, 4, 4, 4],
  Z: [31, 1, 2, 4, 8, 16, 31],
  0: [14, 17, 19, 21, 25, 17, 14],
  1: [4, 12, 4, 4, 4, 4, 14],
  2: [14, 17, 1, 2, 4, 8, 31],
  3: [14, 17, 1, 6, 1, 17, 14],
  4: [2, 6, 10, 18, 31, 2, 2],
  5: [31, 16, 30, 1, 1, 17, 14],
  6: [6, 8, 16, 30, 17, 17, 14],
  7: [31, 1, 2, 4, 8, 8, 8],
  8: [14, 17, 17, 14, 17, 17, 14],
  9: [14, 17, 17, 15, 1, 2, 12],
  '.': [0, 0, 0, 0, 0, 12, 12],
  ',': [0, 0, 0, 0, 12, 4, 8],
  ':': [0, 12, 12, 0, 12, 12, 0],
  ';': [0, 12, 12, 0, 12, 4, 8],
  '-': [0, 0, 0, 31, 0, 0, 0],
  _: [0, 0, 0, 0, 0, 0, 31],
  '+': [0, 4, 4, 31, 4, 4, 0],
  '=': [0, 0, 31, 0, 31, 0, 0],
  '/': [1, 1, 2, 4, 8, 16, 16],
  '%': [25, 25, 2, 4, 8, 19, 19],
  '(': [2, 4, 8, 8, 8, 4, 2],
  ')': [8, 4, 2, 2, 2, 4, 8],
  '<': [2, 4, 8, 16, 8, 4, 2],
  '>': [8, 4, 2, 1, 2, 4, 8],
  "'": [4, 4, 8, 0, 0, 0, 0],
  '#': [10, 10, 31, 10, 31, 10, 10],
  '?': [14, 17, 1, 2, 4, 0, 4],
}
const UNKNOWN = GLYPHS['?'] ?? []

/** An 8-bit grey picture, row by row. */
export interface GreyPicture {
  readonly rows: number
  readonly columns: number
  readonly pixels: Uint8Array
}

/**
 * Draws lines of text, white on black. A character without a glyph is drawn as `?`; what is too long is cut.
 * @param scale pixels for one dot of a glyph. @param columns width of the picture.
 */
export function drawText(lines: readonly string[], columns: number, scale: number): GreyPicture {
  const advance = (GLYPH_WIDTH + 1) * scale
  const lineHeight = (GLYPH_HEIGHT + 3) * scale
  const margin = 4 * scale
  const rows = lines.length * lineHeight + 2 * margin
  const pixels = new Uint8Array(rows * columns)
  const fits = Math.floor((columns - 2 * margin) / advance)
  lines.forEach((line, number) => {
    ;[...line.toUpperCase()].slice(0, fits).forEach((character, position) => {
      const glyph = GLYPHS[character] ?? UNKNOWN
      for (let y = 0; y < GLYPH_HEIGHT * scale; y += 1) {
        const bits = glyph[Math.floor(y / scale)] ?? 0
        const start = (margin + number * lineHeight + y) * columns + margin + position * advance
        for (let x = 0; x < GLYPH_WIDTH * scale; x += 1)
          if ((bits >> (GLYPH_WIDTH - 1 - Math.floor(x / scale))) & 1) pixels[start + x] = 255
      }
    })
  })
  return { rows, columns, pixels }
}
