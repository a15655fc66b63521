import type { GraphWriter } from '../onnx/graph-writer.ts'

/** Platt's scaling for few cases, isotonic for many (a thousand or more). */
export type CalibrationMethod = 'platt' | 'isotonic'

/** A function from a score to a probability that never falls, here and as nodes of a graph. */
export interface Calibration {
  readonly method: CalibrationMethod
  readonly apply: (score: number) => number
  /** @param score name of an [N, 1] tensor. @returns the name of the [N, 1] probabilities. */
  write(graph: GraphWriter, score: string): string
}
