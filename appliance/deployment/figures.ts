import type { DeploymentStatistics } from '@leadglass/sync-agent/contract'
import {
  distributionDistance,
  kappaOf,
  LATENCY_BINS,
  latencyQuantile,
  stabilityIndex,
  type TwoByTwo,
} from './statistics.ts'

/** What is counted of a deployment. */
export type Measure = DeploymentStatistics['cells'][number]['measure']

/** One count; `code` is the output that it is of, '' for what is of the whole run. */
export interface Tally {
  readonly measure: Measure
  readonly code: string
  readonly bin: number
  readonly count: number
}

/** Bins of `pair`. */
export const PAIR_BIN = { bothBelow: 0, championAbove: 1, candidateAbove: 2, bothAbove: 3 } as const
/** Bins of `unpaired`: only one of the two has a score. */
export const UNPAIRED_BIN = { championOnly: 0, candidateOnly: 1 } as const
/** Bins of `run-champion` and `run-candidate`. */
export const RUN_BIN = { fine: 0, failed: 1 } as const

/** How one of the two versions ran. Times are of one file, in milliseconds. */
export interface RunFigures {
  readonly runs: number
  readonly errors: number
  readonly timed: number
  readonly p50Ms: number | null
  readonly p95Ms: number | null
}

/** How the two agree on one output. An instance that only one of them scored is a disagreement. */
export interface OutputFigures extends TwoByTwo {
  readonly code: string
  readonly pairs: number
  readonly championOnly: number
  readonly candidateOnly: number
  readonly agreement: number | null
  readonly kappa: number | null
  readonly psi: number | null
  readonly ks: number | null
}

/** Everything that is known of a candidate: aggregates only. */
export interface Figures {
  readonly champion: RunFigures
  readonly candidate: RunFigures
  readonly outputs: readonly OutputFigures[]
}

/** Reads counts into figures. */
export function figuresOf(tallies: readonly Tally[]): Figures {
  const count = (measure: Measure, code: string, bin: number): number =>
    tallies
      .filter((one) => one.measure === measure && one.code === code && one.bin === bin)
      .reduce((sum, one) => sum + one.count, 0)
  const bins = (measure: Measure, code: string, length: number): number[] =>
    Array.from({ length }, (_, bin) => count(measure, code, bin))
  const runOf = (who: 'champion' | 'candidate'): RunFigures => {
    const times = bins(`latency-${who}`, '', LATENCY_BINS)
    const errors = count(`run-${who}`, '', RUN_BIN.failed)
    return {
      runs: count(`run-${who}`, '', RUN_BIN.fine) + errors,
      errors,
      timed: times.reduce((sum, one) => sum + one, 0),
      p50Ms: latencyQuantile(times, 0.5),
      p95Ms: latencyQuantile(times, 0.95),
    }
  }
  const codes = [...new Set(tallies.map(({ code }) => code))].filter((code) => code !== '').toSorted()
  const outputs = codes.map((code): OutputFigures => {
    const table = {
      bothBelow: count('pair', code, PAIR_BIN.bothBelow),
      championAbove: count('pair', code, PAIR_BIN.championAbove),
      candidateAbove: count('pair', code, PAIR_BIN.candidateAbove),
      bothAbove: count('pair', code, PAIR_BIN.bothAbove),
    }
    const length = Math.max(0, ...tallies.filter((one) => one.code === code).map(({ bin }) => bin + 1))
    const champion = bins('score-champion', code, length)
    const candidate = bins('score-candidate', code, length)
    const pairs = Object.values(table).reduce((sum, one) => sum + one, 0)
    const championOnly = count('unpaired', code, UNPAIRED_BIN.championOnly)
    const candidateOnly = count('unpaired', code, UNPAIRED_BIN.candidateOnly)
    const compared = pairs + championOnly + candidateOnly
    return {
      code,
      ...table,
      pairs,
      championOnly,
      candidateOnly,
      agreement: compared === 0 ? null : (table.bothBelow + table.bothAbove) / compared,
      kappa: kappaOf(table),
      psi: stabilityIndex(champion, candidate),
      ks: distributionDistance(champion, candidate),
    }
  })
  return { champion: runOf('champion'), candidate: runOf('candidate'), outputs }
}
