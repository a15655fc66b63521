import { createHash } from 'node:crypto'

/** The variants of `models/training/degrade.py`, in its order. */
export const VARIANTS = [
  '',
  'inverted',
  'rotated',
  'clipped',
  'noisy',
  'inverted rotated',
  'rotated noisy',
  'inverted clipped',
] as const

/** What a variant is, in the order inverted, rotated, exposure. */
export function labelsOf(variant: string): readonly [boolean, boolean, boolean] {
  return [
    variant.includes('inverted'),
    variant.includes('rotated'),
    variant.includes('clipped') || variant.includes('noisy'),
  ]
}

/** The same pixels as `degrade` of `models/training/degrade.py` makes of the same square image and file name. */
export function degrade(pixels: Uint8Array, side: number, variant: string, name: string): Uint8Array {
  const seed = createHash('sha256').update(name).digest().readUInt32BE(0)
  let values = Float64Array.from(pixels)
  if (variant.includes('clipped')) {
    const lost = values.toSorted()[Math.floor(0.45 * (values.length - 1))] ?? 0
    values = values.map((value) => Math.max(value - lost, 0))
  }
  if (variant.includes('noisy')) {
    const random = mulberry32(seed)
    values = values.map((value) => {
      const total = random() + random() + random() + random() - 2
      return Math.min(255, Math.max(0, Math.floor(value + 3 * Math.sqrt(value + 1) * total + 0.5)))
    })
  }
  if (variant.includes('inverted')) values = values.map((value) => 255 - value)
  if (variant.includes('rotated')) {
    for (let turn = 0; turn < 1 + (seed % 3); turn += 1) values = quarterTurn(values, side)
  }
  return Uint8Array.from(values)
}

/** A quarter turn to the left. */
function quarterTurn(values: Float64Array, side: number): Float64Array<ArrayBuffer> {
  return Float64Array.from(values, (_, i) => values[(i % side) * side + side - 1 - Math.floor(i / side)] ?? 0)
}

function mulberry32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
