/** Changes parameters along a gradient, in place. */
export type Step = (parameters: Float64Array, gradient: Float64Array) => void

const FIRST = 0.9
const SECOND = 0.999
const EPSILON = 1e-8

/** Adam with its bias corrections (Kingma and Ba 2015, algorithm 1). */
export function adam(length: number, learningRate: number): Step {
  const mean = new Float64Array(length)
  const square = new Float64Array(length)
  let time = 0
  return (parameters, gradient) => {
    time += 1
    const rate = (learningRate * Math.sqrt(1 - SECOND ** time)) / (1 - FIRST ** time)
    for (let i = 0; i < length; i++) {
      const g = gradient[i] as number
      const m = FIRST * (mean[i] as number) + (1 - FIRST) * g
      const v = SECOND * (square[i] as number) + (1 - SECOND) * g * g
      mean[i] = m
      square[i] = v
      parameters[i] = (parameters[i] as number) - (rate * m) / (Math.sqrt(v) + EPSILON)
    }
  }
}
