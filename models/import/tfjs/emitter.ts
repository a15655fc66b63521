import { TfjsError } from './errors.ts'
import { type Attribute, OnnxGraph } from './onnx-graph.ts'
import type { Weight } from './weights.ts'

/**
 * A tensor of the original, whose order of axes is channels last. `first` is the same tensor with channels first, which is
 * what ONNX convolves. Either may be missing until it is asked for.
 */
export interface Value {
  readonly rank: number
  /** Size of the last axis of the original, when it is known. */
  readonly channels: number | undefined
  readonly constant?: Weight
  last?: string
  first?: string
}

/** Emits nodes, and keeps the order of axes apart: a transposition is only written where an operation needs another order. */
export class Emitter {
  readonly graph = new OnnxGraph()

  constant(weight: Weight): Value {
    return { rank: weight.shape.length, channels: weight.shape.at(-1), constant: weight }
  }

  /** The tensor in the original's order of axes. */
  last(value: Value): string {
    if (value.last === undefined) {
      if (value.constant !== undefined) value.last = this.graph.floats(value.constant.values, value.constant.shape)
      else value.last = this.graph.node('Transpose', [value.first ?? ''], { perm: toLast(value.rank) })
    }
    return value.last
  }

  /** The tensor with channels first. @throws {TfjsError} for a tensor without spatial axes. */
  first(value: Value): string {
    if (value.rank < 3) throw new TfjsError('tfjs-unsupported', 'a tensor without channels is convolved or pooled')
    if (value.first === undefined) {
      value.first = this.graph.node('Transpose', [this.last(value)], { perm: toFirst(value.rank) })
    }
    return value.first
  }

  /** An operation on each element by itself, in whichever order is at hand. */
  map(value: Value, opType: string, attributes: Readonly<Record<string, Attribute>> = {}, more: string[] = []): Value {
    const { rank, channels } = value
    const apply = (name: string): string => this.graph.node(opType, [name, ...more], attributes)
    if (value.first !== undefined) return { rank, channels, first: apply(value.first) }
    return { rank, channels, last: apply(this.last(value)) }
  }

  /** An operation on two tensors that broadcast as in TensorFlow. */
  pair(opType: string, a: Value, b: Value): Value {
    const rank = Math.max(a.rank, b.rank)
    const channels = a.channels === 1 ? b.channels : (a.channels ?? b.channels)
    const inFirst = [a, b].some((one) => one.first !== undefined)
    const left = inFirst ? this.#broadcastFirst(a, rank) : undefined
    const right = inFirst ? this.#broadcastFirst(b, rank) : undefined
    if (left !== undefined && right !== undefined) {
      return { rank, channels, first: this.graph.node(opType, [left, right]) }
    }
    return { rank, channels, last: this.graph.node(opType, [this.last(a), this.last(b)]) }
  }

  /** A tensor as an operand beside one with channels first; a constant for each channel gets axes of size 1. */
  #broadcastFirst(value: Value, rank: number): string | undefined {
    if (value.constant !== undefined) {
      const { shape, values } = value.constant
      if (values.length === 1) return this.graph.floats(values, [])
      if (values.length !== shape.at(-1)) return undefined
      return this.graph.floats(values, [values.length, ...new Array<number>(rank - 2).fill(1)])
    }
    return value.rank === rank ? this.first(value) : undefined
  }
}

function toFirst(rank: number): readonly number[] {
  return [0, rank - 1, ...Array.from({ length: rank - 2 }, (_, i) => i + 1)]
}

function toLast(rank: number): readonly number[] {
  return [0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2), 1]
}
