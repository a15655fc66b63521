import type { GraphConstant, GraphNode } from './onnx-graph.ts'
import { attribute } from './tree-ensemble.ts'

/**
 * A tensor whose every element depends on one feature only: its values for the row that is explained and for the reference
 * row. What is linear on top of it can be taken apart exactly.
 */
export interface Separable {
  readonly kind: 'separable'
  readonly row: Float64Array
  readonly reference: Float64Array
}

/** Where a separable tensor is missing (`IsNaN`). */
export interface Missing {
  readonly kind: 'missing'
  readonly row: readonly boolean[]
  readonly reference: readonly boolean[]
}

const ELEMENTWISE: Readonly<Record<string, (a: number, b: number) => number>> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => a / b,
}

/** The operator as a function of two numbers, when it works element by element. */
export function elementwise(operator: string): ((a: number, b: number) => number) | undefined {
  return Object.hasOwn(ELEMENTWISE, operator) ? ELEMENTWISE[operator] : undefined
}

/** A constant's element for a feature: a single one stands for all. */
export function elementOf(constant: GraphConstant, at: number): number {
  return constant.values[constant.values.length === 1 ? 0 : at] ?? Number.NaN
}

/** Whether a constant has one value, or one for each feature. */
export function spreadsOver(constant: GraphConstant, length: number): boolean {
  return constant.values.length === 1 || constant.values.length === length
}

/** Changes a separable tensor element by element. */
export function mapped(of: Separable, change: (value: number, at: number) => number): Separable {
  return { kind: 'separable', row: of.row.map(change), reference: of.reference.map(change) }
}

/** Scaler (ai.onnx.ml): `(x - offset) * scale`. */
export function scaled(of: Separable, node: GraphNode): Separable {
  const [offset, scale] = [attribute(node, 'offset').floats, attribute(node, 'scale').floats]
  const at = (list: readonly number[], i: number, absent: number): number => list[list.length === 1 ? 0 : i] ?? absent
  return mapped(of, (value, i) => (value - at(offset, i, 0)) * at(scale, i, 1))
}

/** Imputer (ai.onnx.ml): what equals `replaced_value_float`, or is NaN, becomes the imputed value. */
export function imputed(of: Separable, node: GraphNode): Separable {
  const values = attribute(node, 'imputed_value_floats').floats
  const replaced = attribute(node, 'replaced_value_float').floats[0] ?? 0
  const isReplaced = (value: number): boolean => (Number.isNaN(replaced) ? Number.isNaN(value) : value === replaced)
  return mapped(of, (value, i) => (isReplaced(value) ? (values[values.length === 1 ? 0 : i] ?? value) : value))
}

/** `Where(missing, constant, present)`. */
export function chosen(where: Missing, constant: GraphConstant, present: Separable): Separable {
  const pick = (flags: readonly boolean[], values: Float64Array): Float64Array =>
    values.map((value, i) => (flags[i] === true ? elementOf(constant, i) : value))
  return {
    kind: 'separable',
    row: pick(where.row, present.row),
    reference: pick(where.reference, present.reference),
  }
}
