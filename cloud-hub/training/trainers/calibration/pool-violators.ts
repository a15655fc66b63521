/** A block of an isotonic fit: its scores from the first to the last and on weighted average, and its share of positives. */
export interface Block {
  readonly first: number
  last: number
  score: number
  share: number
  weight: number
}

/**
 * Pool adjacent violators (Ayer and others 1955): the blocks of the non-decreasing step function nearest to the labels by
 * weighted squares. Equal scores are one observation, so their order does not matter.
 * @param labels 1 is positive, everything else is not.
 * @param weights one a score, above 0; every score weighs 1 without them.
 */
export function poolAdjacentViolators(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  weights?: ArrayLike<number>,
): Block[] {
  const order = Uint32Array.from({ length: scores.length }, (_, i) => i)
  order.sort((a, b) => (scores[a] as number) - (scores[b] as number))
  const blocks: Block[] = []
  for (let begin = 0; begin < order.length; ) {
    const score = scores[order[begin] as number] as number
    let weight = 0
    let positive = 0
    let end = begin
    for (; end === begin || (end < order.length && scores[order[end] as number] === score); end++) {
      const row = order[end] as number
      const each = weights?.[row] ?? 1
      weight += each
      if (labels[row] === 1) positive += each
    }
    blocks.push({ first: score, last: score, score, share: positive / weight, weight })
    poolLast(blocks, (before, last) => last.share <= before.share)
    begin = end
  }
  return blocks
}

/** Pools the last two blocks as long as they belong together. */
export function poolLast(blocks: Block[], together: (before: Block, last: Block) => boolean): void {
  for (;;) {
    const last = blocks.at(-1)
    const before = blocks.at(-2)
    if (last === undefined || before === undefined || !together(before, last)) return
    const weight = before.weight + last.weight
    before.score = before.score === last.score ? before.score : mixed(before.score, last.score, last.weight / weight)
    before.share = mixed(before.share, last.share, last.weight / weight)
    before.last = last.last
    before.weight = weight
    blocks.pop()
  }
}

function mixed(first: number, second: number, share: number): number {
  return first + (second - first) * share
}
