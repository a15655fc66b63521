/** A tensor as a network takes or gives it. */
export interface ParityTensor {
  readonly name: string
  readonly shape: readonly number[]
  readonly values: Float32Array
}

/** How far one output of the converted model is from the original's. */
export interface OutputParity {
  readonly output: string
  readonly shape: readonly number[]
  readonly values: number
  readonly maximumAbsolute: number
  /** The largest absolute deviation over the largest absolute value of the original. */
  readonly maximumRelative: number
}

/** What `leadglass model import` found when it ran original and conversion on the same inputs. */
export interface ParityReport {
  readonly schema: 'leadglass.parity-report/1'
  readonly original: string
  readonly runtime: string
  readonly seed: number | null
  readonly inputs: readonly { readonly name: string; readonly shape: readonly number[] }[]
  readonly outputs: readonly OutputParity[]
  /** `maximumAbsolute` may be this much of the larger of 1 and the original's largest absolute value. */
  readonly tolerance: number
  readonly passed: boolean
}

/** Two float32 runtimes that add in another order differ by less than this in networks of some dozen layers. */
export const PARITY_TOLERANCE = 1e-4

/** Values in -1..1 that a seed decides (a linear congruential generator, numbers of Numerical Recipes). */
export function seededValues(count: number, seed: number): Float32Array {
  let state = seed >>> 0
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return (state / 2 ** 32) * 2 - 1
  })
}

/** Compares what both gave; an output that lacks, has another size or is not finite fails. */
export function compareOutputs(
  original: readonly ParityTensor[],
  converted: readonly ParityTensor[],
  facts: Pick<ParityReport, 'original' | 'runtime' | 'seed' | 'inputs'>,
  tolerance: number = PARITY_TOLERANCE,
): ParityReport {
  let passed = original.length === converted.length && original.length > 0
  const outputs = original.map((wanted, i): OutputParity => {
    const given = converted[i]?.values ?? new Float32Array()
    let maximumAbsolute = given.length === wanted.values.length ? 0 : Number.MAX_VALUE
    let largest = 0
    for (const [at, value] of wanted.values.entries()) {
      const deviation = Math.abs(value - (given[at] ?? Number.NaN))
      maximumAbsolute = Math.max(maximumAbsolute, Number.isFinite(deviation) ? deviation : Number.MAX_VALUE)
      largest = Math.max(largest, Math.abs(value))
    }
    passed &&= maximumAbsolute <= tolerance * Math.max(1, largest)
    const maximumRelative = largest === 0 ? maximumAbsolute : maximumAbsolute / largest
    return { output: wanted.name, shape: wanted.shape, values: wanted.values.length, maximumAbsolute, maximumRelative }
  })
  return { schema: 'leadglass.parity-report/1', ...facts, outputs, tolerance, passed }
}

/** The report in words. */
export function presentParity(report: ParityReport): string {
  const shape = (sizes: readonly number[]): string => `[${sizes.join(', ')}]`
  return [
    `${report.original} against ${report.runtime}: ${report.passed ? 'agrees' : 'DEVIATES'}`,
    `Inputs${report.seed === null ? '' : ` of seed ${report.seed}`}: ${report.inputs.map((one) => `${one.name} ${shape(one.shape)}`).join(', ')}`,
    ...report.outputs.map(
      (one) =>
        `Output ${one.output} ${shape(one.shape)}: largest deviation ${one.maximumAbsolute.toExponential(2)}, of the largest value ${one.maximumRelative.toExponential(2)}`,
    ),
    `Tolerance: ${report.tolerance} of the larger of 1 and the largest value`,
  ].join('\n')
}
