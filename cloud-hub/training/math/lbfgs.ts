/** A smooth function to minimise: writes the gradient at `point` into `gradient` and returns the value. */
export type Objective = (point: Float64Array, gradient: Float64Array) => number

/** Where the search ended. `converged` is false when the iteration limit came first. */
export interface Minimum {
  readonly point: Float64Array
  readonly value: number
  readonly iterations: number
  readonly converged: boolean
}

const MEMORY = 10
const ARMIJO = 1e-4
const MAX_BACKTRACKS = 50

/**
 * Limited-memory BFGS (Nocedal and Wright, algorithm 7.5) with a backtracking line search. For convex objectives.
 * Deterministic: no randomness, one order of summation.
 * @param tolerance on the largest component of the gradient.
 */
export function minimise(objective: Objective, start: Float64Array, tolerance: number, maxIterations: number): Minimum {
  const length = start.length
  let point: Float64Array = start.slice()
  let gradient: Float64Array = new Float64Array(length)
  let value = objective(point, gradient)
  const history: { readonly s: Float64Array; readonly y: Float64Array; readonly rho: number }[] = []
  for (let iteration = 0; iteration < maxIterations; iteration++) {
    if (largest(gradient) <= tolerance) return { point, value, iterations: iteration, converged: true }
    const direction = twoLoop(gradient, history)
    const slope = dot(direction, gradient)
    let step = history.length === 0 ? Math.min(1, 1 / largest(gradient)) : 1
    let moved: { point: Float64Array; gradient: Float64Array; value: number } | undefined
    for (let attempt = 0; attempt < MAX_BACKTRACKS && moved === undefined; attempt++) {
      const candidate = new Float64Array(length)
      for (let i = 0; i < length; i++) candidate[i] = (point[i] ?? 0) + step * (direction[i] ?? 0)
      const candidateGradient = new Float64Array(length)
      const candidateValue = objective(candidate, candidateGradient)
      if (candidateValue <= value + ARMIJO * step * slope) {
        moved = { point: candidate, gradient: candidateGradient, value: candidateValue }
      } else step /= 2
    }
    // No step of the line lowers the value: the floor of double precision is reached.
    if (moved === undefined) return { point, value, iterations: iteration, converged: true }
    const s = difference(moved.point, point)
    const y = difference(moved.gradient, gradient)
    const curvature = dot(s, y)
    if (curvature > 1e-14) {
      history.push({ s, y, rho: 1 / curvature })
      if (history.length > MEMORY) history.shift()
    }
    point = moved.point
    gradient = moved.gradient
    value = moved.value
  }
  return { point, value, iterations: maxIterations, converged: largest(gradient) <= tolerance }
}

function twoLoop(
  gradient: Float64Array,
  history: readonly { readonly s: Float64Array; readonly y: Float64Array; readonly rho: number }[],
): Float64Array {
  const q = gradient.slice()
  const alphas: number[] = []
  for (const { s, y, rho } of history.toReversed()) {
    const alpha = rho * dot(s, q)
    alphas.push(alpha)
    addScaled(q, y, -alpha)
  }
  const newest = history.at(-1)
  const scale = newest === undefined ? 1 : 1 / (newest.rho * dot(newest.y, newest.y))
  for (let i = 0; i < q.length; i++) q[i] = (q[i] ?? 0) * scale
  for (const { s, y, rho } of history) {
    const beta = rho * dot(y, q)
    addScaled(q, s, (alphas.pop() ?? 0) - beta)
  }
  for (let i = 0; i < q.length; i++) q[i] = -(q[i] ?? 0)
  return q
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0)
  return sum
}

function difference(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, i) => value - (b[i] ?? 0))
}

function addScaled(target: Float64Array, other: Float64Array, factor: number): void {
  for (let i = 0; i < target.length; i++) target[i] = (target[i] ?? 0) + factor * (other[i] ?? 0)
}

function largest(values: Float64Array): number {
  let result = 0
  for (const value of values) result = Math.max(result, Math.abs(value))
  return result
}
