import type { TrainingTable } from '../table.ts'
import type { Calibration } from './calibration.ts'
import { type Block, poolAdjacentViolators, poolLast } from './pool-violators.ts'

/** Probability a standard deviation of the scores: steeper neighbours become one block. */
const STEEPEST = 1

/**
 * Isotonic calibration: pool adjacent violators (Ayer and others 1955), a straight line between the middles of neighbouring
 * blocks, flat beyond the first and the last. Blocks so near that the line between them would be steep are pooled too:
 * otherwise rounding of the score in single precision would show in the probability.
 */
export function isotonicCalibration(
  scores: Float64Array,
  table: Pick<TrainingTable, 'labels' | 'weights' | 'rows'>,
): Calibration {
  const blocks = poolAdjacentViolators(scores, table.labels, table.weights)
  const steepest = STEEPEST / (deviationOf(scores) || 1)
  const spread: Block[] = []
  for (const block of blocks) {
    spread.push(block)
    poolLast(spread, (before, last) => last.share - before.share > steepest * (last.score - before.score))
  }
  const knots = Float32Array.from(spread, (block) => block.score)
  const levels = Float32Array.from(spread, (block) => block.share)
  return piecewiseLinear(knots, levels)
}

function deviationOf(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
}

/** Level 0 plus, of each segment, its rise times the part of it that the score has passed. */
function piecewiseLinear(knots: Float32Array, levels: Float32Array): Calibration {
  const segments = knots.length - 1
  const widths = Float32Array.from({ length: segments }, (_, i) => (knots[i + 1] as number) - (knots[i] as number))
  const slopes = Float32Array.from(widths, (width, i) =>
    width > 0 ? ((levels[i + 1] as number) - (levels[i] as number)) / width : 0,
  )
  const first = levels[0] as number
  return {
    method: 'isotonic',
    apply(score) {
      let sum = first
      for (let i = 0; i < segments; i++) {
        const passed = score - (knots[i] as number)
        if (passed <= 0) break
        sum += (slopes[i] as number) * Math.min(passed, widths[i] as number)
      }
      return Math.min(1, Math.max(0, sum))
    },
    write(graph, score) {
      const zero = graph.constant([], [0])
      if (segments === 0) {
        return graph.node('Add', [graph.node('Mul', [score, zero]), graph.constant([1], [first])])
      }
      const passed = graph.node('Sub', [score, graph.constant([segments], knots.subarray(0, segments))])
      const within = graph.node('Min', [graph.node('Max', [passed, zero]), graph.constant([segments], widths)])
      const risen = graph.node('MatMul', [within, graph.constant([segments, 1], slopes)])
      const sum = graph.node('Add', [risen, graph.constant([1], [first])])
      return graph.node('Clip', [sum, zero, graph.constant([], [1])])
    },
  }
}
