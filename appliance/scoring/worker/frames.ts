import type { ModelResult } from './model-sessions.ts'

/** `sample` frames spread evenly over all, the middle of each part; all when there are no more than that. */
export function sampledFrames(frames: number, sample: number): readonly number[] {
  const count = Math.min(frames, sample)
  return Array.from({ length: count }, (_, i) => Math.floor(((i + 0.5) * frames) / count))
}

/** One result of several frames: embeddings are averaged; scores are, or the largest stands for all. */
export function combineFrames(results: readonly ModelResult[], aggregate: 'maximum' | 'mean'): ModelResult {
  const [first, ...others] = results
  if (first === undefined) throw new RangeError('no frame was run')
  if (others.length === 0) return first
  const count = results.length
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / count
  const embedding = first.embedding.map((_, i) => mean(results.map((result) => result.embedding[i] ?? Number.NaN)))
  const scores = first.scores.map(({ code }, i) => {
    const values = results.map((result) => result.scores[i]?.value ?? Number.NaN)
    return { code, value: aggregate === 'mean' ? mean(values) : Math.max(...values) }
  })
  return { embedding, scores }
}
