import { AttributionError } from './errors.ts'
import { type GraphConstant, type GraphNode, type OnnxGraph, readOnnxGraph } from './onnx-graph.ts'
import {
  chosen,
  elementOf,
  elementwise,
  imputed,
  type Missing,
  mapped,
  type Separable,
  scaled,
  spreadsOver,
} from './separable.ts'
import { attribute, readTreeEnsemble } from './tree-ensemble.ts'
import { type Contributions, treeShap } from './tree-shap.ts'

/** A score taken apart: `expected + sum(contributions)` is `total`, and `link` makes of it what the graph says. */
export interface Attributions {
  readonly method: 'linear' | 'tree'
  /** The score of the reference: of the mean of the features (linear), or over the rows of the training (trees). */
  readonly expected: number
  /** The score of this row before the link: log odds, where the link is `Sigmoid` or `Softmax`. */
  readonly total: number
  /** For each feature, in the unit of `total`. */
  readonly contributions: Float64Array
  /** Operators between `total` and the output, in order; empty when there are none. */
  readonly link: readonly string[]
}

/** What a graph is asked. */
export interface AttributionRequest {
  /** Name of the graph's only input that is not a constant. */
  readonly input: string
  /** float32 values; NaN where missing. */
  readonly row: Float32Array
  /** Name of the output, and which element of it. */
  readonly output: string
  readonly index: number
}

/** Scores as sums over features, for each output. */
interface Additive {
  readonly kind: 'additive'
  readonly method: 'linear' | 'tree'
  readonly outputs: readonly Contributions[]
}

/** What is no sum any more: the sum it was made of, and by which operators. */
interface Linked {
  readonly kind: 'linked'
  readonly of: Additive
  readonly link: readonly string[]
  /** False for what mixes several scores: no element of it belongs to one of them. */
  readonly isOfOne: boolean
}

type Value = Separable | Missing | Additive | Linked

const SAME = new Set(['Identity', 'Cast'])

/** Links of several scores whose every element still belongs to one score: by itself, or in proportion to the others. */
const LINKS = new Set(['Sigmoid', 'Softmax', 'Clip', 'Div', 'LOGISTIC', 'SOFTMAX', 'SOFTMAX_ZERO', 'PROBIT', ...SAME])

/**
 * Takes a score of a linear or tree model apart into what each feature contributes. Linear: coefficient x (value - mean), after
 * whatever the graph does to each feature alone. Trees: path-dependent TreeSHAP.
 * @throws {AttributionError} `not-additive` for any other graph, `graph-malformed`, `no-node-weights`, `row-invalid`.
 */
export function attributionsOf(file: Uint8Array, request: AttributionRequest): Attributions {
  const graph = readOnnxGraph(file)
  const values = new Map<string, Value>([[request.input, inputOf(graph, request)]])
  for (const node of graph.nodes) evaluate(node, graph, values)
  const result = values.get(request.output)
  const additive = result?.kind === 'linked' && result.isOfOne ? result.of : result
  if (additive?.kind !== 'additive') throw notAdditive()
  const link = result?.kind === 'linked' ? result.link : []
  const one = additive.outputs[request.index]
  if (one === undefined) throw new AttributionError('row-invalid', 'the output has fewer elements')
  const total = one.contributions.reduce((sum, value) => sum + value, one.expected)
  if (!Number.isFinite(total)) throw new AttributionError('row-invalid', 'the score of this row is not a number')
  return { method: additive.method, ...one, total, link }
}

/** The reference is what the graph itself subtracts from the features, their mean; without that it is 0. */
function inputOf({ nodes, constants }: OnnxGraph, { input, row }: AttributionRequest): Separable {
  const following = new Set([input])
  let mean: ((at: number) => number) | undefined
  for (const node of nodes) {
    if (!following.has(node.inputs[0] ?? '') && !(node.operator === 'Where' && following.has(node.inputs[2] ?? '')))
      continue
    if (node.operator === 'Where' || SAME.has(node.operator) || node.operator === 'ai.onnx.ml::Imputer') {
      following.add(node.outputs[0] ?? '')
    }
    const constant = constants.get(node.inputs[1] ?? '')
    if (node.operator === 'Sub' && constant !== undefined && spreadsOver(constant, row.length)) {
      mean ??= (at) => elementOf(constant, at)
    }
    if (node.operator === 'ai.onnx.ml::Scaler') {
      const { floats } = attribute(node, 'offset')
      mean ??= (at) => floats[floats.length === 1 ? 0 : at] ?? 0
    }
  }
  return {
    kind: 'separable',
    row: Float64Array.from(row),
    reference: Float64Array.from({ length: row.length }, (_, at) => mean?.(at) ?? 0),
  }
}

/** What a node makes; nothing is kept of what cannot be taken apart, so that only its use is an error. */
function evaluate(node: GraphNode, { constants }: OnnxGraph, values: Map<string, Value>): void {
  const first = values.get(node.inputs[0] ?? '')
  const isOfFeatures = first?.kind === 'separable' || first?.kind === 'missing'
  const made = isOfFeatures ? ofFeatures(node, constants, values) : ofScores(node, constants, values)
  if (made === undefined) return
  // A classifier's first output is the class, which nothing can be attributed to.
  const name = node.outputs[node.operator === 'ai.onnx.ml::TreeEnsembleClassifier' ? 1 : 0]
  if (name !== undefined) values.set(name, made)
}

function ofFeatures(
  node: GraphNode,
  constants: ReadonlyMap<string, GraphConstant>,
  values: ReadonlyMap<string, Value>,
): Value | undefined {
  const first = values.get(node.inputs[0] ?? '')
  const constant = constants.get(node.inputs[1] ?? '')
  if (first?.kind === 'missing') {
    const present = values.get(node.inputs[2] ?? '')
    const isChoice = node.operator === 'Where' && constant !== undefined && present?.kind === 'separable'
    return isChoice ? chosen(first, constant, present) : undefined
  }
  if (first?.kind !== 'separable') return undefined
  const operation = elementwise(node.operator)
  if (operation !== undefined) {
    if (constant === undefined || !spreadsOver(constant, first.row.length)) return undefined
    return mapped(first, (value, at) => operation(value, elementOf(constant, at)))
  }
  switch (node.operator) {
    case 'Identity':
    case 'Cast':
      return first
    case 'IsNaN':
      return {
        kind: 'missing',
        row: [...first.row].map(Number.isNaN),
        reference: [...first.reference].map(Number.isNaN),
      }
    case 'Clip':
      return mapped(first, (value) => clip(value, node, constants))
    case 'ai.onnx.ml::Scaler':
      return scaled(first, node)
    case 'ai.onnx.ml::Imputer':
      return imputed(first, node)
    case 'MatMul':
      return constant === undefined ? undefined : product(first, constant, false, 1)
    case 'Gemm':
      return gemm(first, node, constants)
    case 'ai.onnx.ml::LinearRegressor':
      return linearRegressor(first, node)
    case 'ai.onnx.ml::TreeEnsembleRegressor':
      return trees(first, node, 'target')
    case 'ai.onnx.ml::TreeEnsembleClassifier':
      return trees(first, node, 'class')
    default:
      return undefined
  }
}

function ofScores(
  node: GraphNode,
  constants: ReadonlyMap<string, GraphConstant>,
  values: ReadonlyMap<string, Value>,
): Value | undefined {
  const [first] = node.inputs.map((name) => values.get(name)).filter((one) => one !== undefined)
  if (first?.kind !== 'linked' && first?.kind !== 'additive') return undefined
  if (first.kind === 'additive' && SAME.has(node.operator)) return first
  const shifted = first.kind === 'additive' ? stillAdditive(first, node, constants) : undefined
  return shifted ?? linked(first, node, constants, values)
}

/** A constant added to the scores, or multiplied into them, leaves them sums. */
function stillAdditive(
  value: Additive,
  node: GraphNode,
  constants: ReadonlyMap<string, GraphConstant>,
): Additive | undefined {
  const operation = elementwise(node.operator)
  const [before, after] = node.inputs.map((name) => constants.get(name))
  const constant = before ?? after
  if (operation === undefined || constant === undefined) return undefined
  if (!spreadsOver(constant, value.outputs.length)) return undefined
  if (before !== undefined && node.operator !== 'Add' && node.operator !== 'Mul') return undefined
  const isShift = node.operator === 'Add' || node.operator === 'Sub'
  const outputs = value.outputs.map(({ expected, contributions }, at) => {
    const by = elementOf(constant, at)
    return {
      expected: operation(expected, by),
      contributions: isShift ? contributions : contributions.map((one) => operation(one, by)),
    }
  })
  return { ...value, outputs }
}

/** Whatever else is done to scores is their link, as long as nothing but these scores goes into it. */
function linked(
  value: Additive | Linked,
  node: GraphNode,
  constants: ReadonlyMap<string, GraphConstant>,
  values: ReadonlyMap<string, Value>,
): Linked | undefined {
  const of = value.kind === 'linked' ? value.of : value
  const isOwn = (name: string): boolean => {
    const input = values.get(name)
    return name === '' || constants.has(name) || input === of || (input?.kind === 'linked' && input.of === of)
  }
  if (!node.inputs.every(isOwn)) return undefined
  const isFirst = values.get(node.inputs[0] ?? '') === value
  const isOfOne =
    of.outputs.length === 1 || (isFirst && LINKS.has(node.operator) && (value.kind === 'additive' || value.isOfOne))
  return { kind: 'linked', of, link: [...(value.kind === 'linked' ? value.link : []), node.operator], isOfOne }
}

/** `features . constant`; each contribution is that of the row less that of the reference. */
function product(
  of: Separable,
  { dimensions, values }: GraphConstant,
  transposed: boolean,
  factor: number,
): Additive | undefined {
  const [first = 0, second = 1] = dimensions
  const [rows, outputs] = transposed ? [second, first] : [first, second]
  if (dimensions.length !== 2 || rows !== of.row.length) return undefined
  return {
    kind: 'additive',
    method: 'linear',
    outputs: Array.from({ length: outputs }, (_, output) => {
      const weight = (at: number): number =>
        factor * (values[transposed ? output * rows + at : at * outputs + output] ?? 0)
      return {
        expected: of.reference.reduce((sum, value, at) => sum + value * weight(at), 0),
        contributions: of.row.map((value, at) => (value - (of.reference[at] ?? 0)) * weight(at)),
      }
    }),
  }
}

/** `alpha features . B + beta C` (Gemm). */
function gemm(of: Separable, node: GraphNode, constants: ReadonlyMap<string, GraphConstant>): Additive | undefined {
  const number = (name: string): number => attribute(node, name).floats[0] ?? 1
  const [weights, bias] = [constants.get(node.inputs[1] ?? ''), constants.get(node.inputs[2] ?? '')]
  if (weights === undefined || (attribute(node, 'transA').integers[0] ?? 0) !== 0) return undefined
  const made = product(of, weights, (attribute(node, 'transB').integers[0] ?? 0) === 1, number('alpha'))
  if (made === undefined || (bias === undefined && node.inputs.length > 2)) return undefined
  return shifted(made, (at) => (bias === undefined ? 0 : number('beta') * elementOf(bias, at)))
}

/** LinearRegressor (ai.onnx.ml): coefficients output after output. */
function linearRegressor(of: Separable, node: GraphNode): Additive | undefined {
  const outputs = attribute(node, 'targets').integers[0] ?? 1
  const values = Float64Array.from(attribute(node, 'coefficients').floats)
  const made = product(of, { dimensions: [outputs, of.row.length], values }, true, 1)
  const intercepts = attribute(node, 'intercepts').floats
  return made === undefined ? undefined : shifted(made, (at) => intercepts[at] ?? 0)
}

function shifted(additive: Additive, by: (output: number) => number): Additive {
  const outputs = additive.outputs.map((one, at) => ({ ...one, expected: one.expected + by(at) }))
  return { ...additive, outputs }
}

function trees(of: Separable, node: GraphNode, kind: 'target' | 'class'): Value {
  const ensemble = readTreeEnsemble(node, kind)
  const columns = of.row.length
  for (const tree of ensemble.trees) {
    if (tree.feature.some((feature) => feature >= columns))
      throw new AttributionError('row-invalid', 'the row is too short')
  }
  const shares = Array.from({ length: ensemble.outputs }, (_, output) => treeShap(ensemble, of.row, output, columns))
  const transform = attribute(node, 'post_transform').strings[0] ?? 'NONE'
  // Of two classes with weights for one only, the other column is made by the runtime: only the given one is a sum.
  const ids = new Set(attribute(node, 'class_ids').integers)
  const labels =
    attribute(node, 'classlabels_int64s').integers.length + attribute(node, 'classlabels_strings').strings.length
  const isBinary = kind === 'class' && labels === 2 && ids.size === 1
  const given = shares[[...ids][0] ?? 0]
  const outputs = isBinary && given !== undefined ? [nothing(columns), given] : shares
  const additive: Additive = { kind: 'additive', method: 'tree', outputs }
  return transform === 'NONE' ? additive : { kind: 'linked', of: additive, link: [transform], isOfOne: true }
}

/** No number: asking for it is refused. */
function nothing(columns: number): Contributions {
  return { expected: Number.NaN, contributions: new Float64Array(columns) }
}

/** Clip: limits as inputs (from opset 11). */
function clip(value: number, node: GraphNode, constants: ReadonlyMap<string, GraphConstant>): number {
  const low = constants.get(node.inputs[1] ?? '')?.values[0] ?? Number.NEGATIVE_INFINITY
  const high = constants.get(node.inputs[2] ?? '')?.values[0] ?? Number.POSITIVE_INFINITY
  return Math.min(high, Math.max(low, value))
}

function notAdditive(): AttributionError {
  return new AttributionError('not-additive', 'the score is no sum over the features')
}
