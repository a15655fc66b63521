import type { TrainingTable } from '../table.ts'
import type { Calibration } from './calibration.ts'

/** A block of the fit: its weighted mean score and its share of positives. */
interface Block {
  score: number
  share: number
  weight: number
}

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
  const order = Uint32Array.from({ length: table.rows }, (_, i) => i)
  order.sort((a, b) => (scores[a] as number) - (scores[b] as number))
  const blocks: Block[] = []
  for (const row of order) {
    blocks.push({
      score: scores[row] as number,
      share: table.labels[row] === 1 ? 1 : 0,
      weight: table.weights[row] as number,
    })
    poolLast(blocks, (before, last) => last.score === before.score || last.share <= before.share)
  }
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

/** Pools the last two blocks as long as they belong together. */
function poolLast(blocks: Block[], together: (before: Block, last: Block) => boolean): void {
  for (;;) {
    const last = blocks.at(-1)
    const before = blocks.at(-2)
    if (last === undefined || before === undefined || !together(before, last)) return
    const weight = before.weight + last.weight
    before.score = before.score === last.score ? before.score : mixed(before.score, last.score, last.weight / weight)
    before.share = mixed(before.share, last.share, last.weight / weight)
    before.weight = weight
    blocks.pop()
  }
}

function mixed(first: number, second: number, share: number): number {
  return first + (second - first) * share
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
