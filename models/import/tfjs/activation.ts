import type { Emitter, Value } from './emitter.ts'

/** Activations by the names of Keras, lower case and without separators. */
const BY_NAME: Readonly<Record<string, (e: Emitter, x: Value) => Value>> = {
  linear: (_, x) => x,
  relu: (e, x) => e.map(x, 'Relu'),
  relu6: (e, x) => e.map(x, 'Clip', {}, [e.graph.scalar(0), e.graph.scalar(6)]),
  elu: (e, x) => e.map(x, 'Elu'),
  selu: (e, x) => e.map(x, 'Selu'),
  sigmoid: (e, x) => e.map(x, 'Sigmoid'),
  // Keras: clip(0.2 x + 0.5, 0, 1).
  hardsigmoid: (e, x) => e.map(x, 'HardSigmoid', { alpha: { float: 0.2 }, beta: { float: 0.5 } }),
  tanh: (e, x) => e.map(x, 'Tanh'),
  softplus: (e, x) => e.map(x, 'Softplus'),
  softsign: (e, x) => e.map(x, 'Softsign'),
  swish: (e, x) => e.pair('Mul', x, e.map(x, 'Sigmoid')),
  silu: (e, x) => e.pair('Mul', x, e.map(x, 'Sigmoid')),
  mish: (e, x) => e.pair('Mul', x, e.map(e.map(x, 'Softplus'), 'Tanh')),
  softmax: (e, x) => softmax(e, x),
  gelu: (e, x) => {
    const error = e.map(e.map(x, 'Mul', {}, [e.graph.scalar(Math.SQRT1_2)]), 'Erf')
    const half = e.map(e.map(error, 'Add', {}, [e.graph.scalar(1)]), 'Mul', {}, [e.graph.scalar(0.5)])
    return e.pair('Mul', x, half)
  },
}

/** Whether an activation is known by this name. */
export function isActivation(name: string): boolean {
  return Object.hasOwn(BY_NAME, plain(name))
}

/** Applies an activation that {@link isActivation} knows. */
export function activate(e: Emitter, x: Value, name: string): Value {
  return BY_NAME[plain(name)]?.(e, x) ?? x
}

/** Over the last axis of the original. */
export function softmax(e: Emitter, x: Value): Value {
  const { rank, channels } = x
  if (x.first !== undefined) return { rank, channels, first: e.graph.node('Softmax', [x.first], { axis: 1 }) }
  return { rank, channels, last: e.graph.node('Softmax', [e.last(x)], { axis: -1 }) }
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
}
