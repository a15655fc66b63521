import type { Tree } from './tree.ts'

/** The question of a node. */
export interface Question {
  readonly feature: number
  readonly threshold: number
  readonly left: number
  readonly right: number
  readonly missingLeft: boolean
}

/** A tree while it grows. */
export interface TreeDraft {
  /** A new node, a leaf of value 0, that so many rows come to. @returns its index. */
  add(cover: number): number
  leaf(node: number, value: number): void
  ask(node: number, question: Question): void
  finish(): Tree
}

/** An empty draft. */
export function treeDraft(): TreeDraft {
  const questions: (Question | undefined)[] = []
  const values: number[] = []
  const covers: number[] = []
  return {
    add(cover) {
      values.push(0)
      covers.push(cover)
      return questions.push(undefined) - 1
    },
    leaf(node, value) {
      values[node] = value
    },
    ask(node, question) {
      questions[node] = question
    },
    finish: () => ({
      feature: Int32Array.from(questions, (one) => one?.feature ?? -1),
      threshold: Float32Array.from(questions, (one) => one?.threshold ?? 0),
      left: Int32Array.from(questions, (one) => one?.left ?? 0),
      right: Int32Array.from(questions, (one) => one?.right ?? 0),
      missingLeft: Uint8Array.from(questions, (one) => (one?.missingLeft === true ? 1 : 0)),
      value: Float64Array.from(values),
      cover: Uint32Array.from(covers),
    }),
  }
}
