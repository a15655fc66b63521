import type { ParityTensor } from '../parity.ts'
import { seededValues } from '../parity.ts'
import type { Conversion, ConvertedTensor } from './convert.ts'
import { TfjsError } from './errors.ts'
import type { TfjsModel } from './read-tfjs.ts'
import { type PlainTensor, runTfjs } from './run-tfjs.ts'

/** Voxels and pixels beyond which plain JavaScript takes minutes. */
const MOST_VALUES = 3 * 224 * 224
const SMALL_SIZES: readonly number[] = [24, 12, 20]
const FREE_SIZE = 32

/** Whether the model's own input is too large to run in plain JavaScript. */
export function isTooLargeForParity({ inputs }: Conversion): boolean {
  return inputs.some(
    ({ dims }) => dims.reduce<number>((n, size) => n * (typeof size === 'number' ? size : 1), 1) > MOST_VALUES,
  )
}

/** Seeded inputs of a conversion; free sizes become small and unequal, so that axes that are mixed up show. */
export function parityInputs({ inputs }: Conversion, seed: number): readonly ParityTensor[] {
  return inputs.map(({ name, dims }, position) => {
    let free = 0
    const shape = dims.map((size, axis) => {
      if (typeof size === 'number') return size
      if (axis === 0) return 1
      free += 1
      return SMALL_SIZES[free - 1] ?? FREE_SIZE
    })
    const count = shape.reduce((product, size) => product * size, 1)
    return { name, shape, values: seededValues(count, seed + position) }
  })
}

/** Runs the original on inputs of its conversion, and gives its outputs as the conversion orders them. */
export async function runOriginal(
  model: TfjsModel,
  conversion: Conversion,
  inputs: readonly ParityTensor[],
): Promise<readonly ParityTensor[]> {
  const given = inputs.map((tensor, i) => (conversion.inputs[i]?.moved === true ? toLast(tensor) : tensor))
  const made = await runTfjs(model, given).catch((cause: unknown) => {
    throw new TfjsError('tfjs-malformed', 'TensorFlow.js does not run the original', cause)
  })
  return made.map((tensor, i) => named(tensor, conversion.outputs[i]))
}

function named(tensor: PlainTensor, as: ConvertedTensor | undefined): ParityTensor {
  const name = as?.name ?? 'output'
  return { name, ...(as?.moved === true ? toFirst(tensor) : tensor) }
}

/** Channels from the second place to the last. */
function toLast({ shape, values }: PlainTensor): PlainTensor {
  const [batch = 1, channels = 1, ...spatial] = shape
  const inner = spatial.reduce((product, size) => product * size, 1)
  return { shape: [batch, ...spatial, channels], values: swapped(values, batch, channels, inner) }
}

/** Channels from the last place to the second. */
function toFirst({ shape, values }: PlainTensor): PlainTensor {
  const batch = shape[0] ?? 1
  const channels = shape.at(-1) ?? 1
  const spatial = shape.slice(1, -1)
  const inner = spatial.reduce((product, size) => product * size, 1)
  return { shape: [batch, channels, ...spatial], values: swapped(values, batch, inner, channels) }
}

/** Transposes the inner two of [outer, rows, columns]. */
function swapped(values: Float32Array, outer: number, rows: number, columns: number): Float32Array {
  const result = new Float32Array(values.length)
  for (let o = 0; o < outer; o += 1) {
    const base = o * rows * columns
    for (let r = 0; r < rows; r += 1) {
      for (let c = 0; c < columns; c += 1) result[base + c * rows + r] = values[base + r * columns + c] ?? 0
    }
  }
  return result
}
