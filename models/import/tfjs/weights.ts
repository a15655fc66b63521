import { TfjsError } from './errors.ts'
import type { WeightSpec } from './manifest.ts'

/** A weight in the order of TensorFlow; integers and booleans as numbers. */
export interface Weight {
  readonly shape: readonly number[]
  readonly isInteger: boolean
  readonly values: Float32Array
}

const BYTES = { float32: 4, int32: 4, bool: 1, uint8: 1, uint16: 2, float16: 2 } as const
const LARGEST_WEIGHT = 2 ** 28

/** The number of elements of a shape. @throws {TfjsError} `tfjs-too-large`. */
export function elementsOf(shape: readonly number[]): number {
  const count = shape.reduce((product, size) => product * size, 1)
  if (!Number.isSafeInteger(count) || count > LARGEST_WEIGHT) {
    throw new TfjsError('tfjs-too-large', 'a weight has more elements than a model may have')
  }
  return count
}

/**
 * Cuts the bytes of all shards of one group into its weights, in the order listed, and undoes quantisation.
 * @throws {TfjsError} `tfjs-shard-length` when bytes lack or are left over, `tfjs-weight-type` for text and complex numbers.
 */
export function decodeWeights(specs: readonly WeightSpec[], bytes: Uint8Array): Map<string, Weight> {
  const weights = new Map<string, Weight>()
  let at = 0
  for (const spec of specs) {
    const stored = spec.quantization?.dtype ?? spec.dtype
    if (stored === 'string' || stored === 'complex64') {
      throw new TfjsError('tfjs-weight-type', `the weight ${spec.name} holds ${stored}`)
    }
    if (weights.has(spec.name)) throw new TfjsError('tfjs-malformed', `the weight ${spec.name} stands twice`)
    const count = elementsOf(spec.shape)
    const length = count * BYTES[stored]
    if (length > bytes.length - at) {
      throw new TfjsError('tfjs-shard-length', `the shards end before the weight ${spec.name} does`)
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, length)
    const values = read(view, stored, count)
    if (spec.quantization !== undefined) dequantise(values, spec)
    weights.set(spec.name, { shape: spec.shape, isInteger: spec.dtype !== 'float32', values })
    at += length
  }
  if (at !== bytes.length) throw new TfjsError('tfjs-shard-length', 'the shards hold more than the weights listed')
  return weights
}

function read(view: DataView, type: keyof typeof BYTES, count: number): Float32Array {
  const of: Readonly<Record<keyof typeof BYTES, (i: number) => number>> = {
    float32: (i) => view.getFloat32(4 * i, true),
    int32: (i) => view.getInt32(4 * i, true),
    bool: (i) => view.getUint8(i),
    uint8: (i) => view.getUint8(i),
    uint16: (i) => view.getUint16(2 * i, true),
    float16: (i) => halfFloat(view.getUint16(2 * i, true)),
  }
  const get = of[type]
  const values = new Float32Array(count)
  for (let i = 0; i < count; i += 1) values[i] = get(i)
  return values
}

/** Affine: value * scale + min; integers are rounded. float16 has neither. */
function dequantise(values: Float32Array, { name, dtype, quantization }: WeightSpec): void {
  if (quantization === undefined || quantization.dtype === 'float16') return
  const { scale, min } = quantization
  if (scale === undefined || min === undefined) {
    throw new TfjsError('tfjs-malformed', `the quantised weight ${name} has no scale and minimum`)
  }
  for (let i = 0; i < values.length; i += 1) {
    const value = (values[i] ?? 0) * scale + min
    values[i] = dtype === 'int32' ? Math.round(value) : value
  }
}

/** IEEE 754 binary16. */
export function halfFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}
