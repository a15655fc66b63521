/** Letters of 5 x 7 dots, one number a row, the highest of five bits at the left. Only what `PHANTOM` needs. */
const LETTERS: Readonly<Record<string, readonly number[]>> = {
  P: [0b11110, 0b10001, 0b10001, 0b11110, 0b10000, 0b10000, 0b10000],
  H: [0b10001, 0b10001, 0b10001, 0b11111, 0b10001, 0b10001, 0b10001],
  A: [0b01110, 0b10001, 0b10001, 0b11111, 0b10001, 0b10001, 0b10001],
  N: [0b10001, 0b11001, 0b10101, 0b10011, 0b10001, 0b10001, 0b10001],
  T: [0b11111, 0b00100, 0b00100, 0b00100, 0b00100, 0b00100, 0b00100],
  O: [0b01110, 0b10001, 0b10001, 0b10001, 0b10001, 0b10001, 0b01110],
  M: [0b10001, 0b11011, 0b10101, 0b10101, 0b10001, 0b10001, 0b10001],
}

const DOTS_WIDE = 5
const DOTS_HIGH = 7
const ADVANCE = 6

/** Where and how large a word is written; `scale` is the side of one dot in pixels. */
export interface TextPlacement {
  readonly top: number
  readonly left: number
  readonly scale: number
  readonly value: number
}

/**
 * Sets the pixels of a word to `value`; dots that fall outside the image are left out.
 * @param columns length of a row of `pixels`.
 */
export function burnIn(pixels: Uint16Array, columns: number, word: string, placement: TextPlacement): void {
  const { top, left, scale, value } = placement
  const rows = pixels.length / columns
  ;[...word].forEach((letter, position) => {
    const dots = LETTERS[letter] ?? []
    for (let y = 0; y < DOTS_HIGH * scale && top + y < rows; y += 1) {
      const line = dots[Math.floor(y / scale)] ?? 0
      for (let x = 0; x < DOTS_WIDE * scale; x += 1) {
        const column = left + position * ADVANCE * scale + x
        const lit = ((line >> (DOTS_WIDE - 1 - Math.floor(x / scale))) & 1) === 1
        if (lit && column < columns) pixels[(top + y) * columns + column] = value
      }
    }
  })
}
