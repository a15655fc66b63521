import { linkInPlace } from '../link.ts'
import type { FittedModel, ScoredModel } from '../trainer.ts'
import { graphWriter } from './graph-writer.ts'

/** Adds the link from log odds to probabilities to what makes the log odds, in both forms: here and in the graph. */
export function withLogitLink(scored: ScoredModel, about: Pick<FittedModel, 'trainer' | 'history'>): FittedModel {
  return {
    ...about,
    ...scored,
    predict: (rows, columns) => linkInPlace(scored.scores(rows, columns), scored.outputs),
    toOnnx: () => {
      const graph = graphWriter()
      const scores = scored.writeScores(graph)
      const linked =
        scored.outputs === 1 ? graph.node('Sigmoid', [scores]) : graph.node('Softmax', [scores], { axis: -1 })
      return graph.finish(linked, scored.columns, scored.outputs)
    },
  }
}
