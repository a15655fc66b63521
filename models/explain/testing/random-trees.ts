import type { ShapTree, TreeEnsemble } from '../tree-ensemble.ts'

/** Trees with questions and leaves at random, features asked again on the same path included. */
export function randomEnsemble(next: () => number, columns: number, trees: number, depth: number): TreeEnsemble {
  return {
    outputs: 1,
    base: Float64Array.of(next() - 0.5),
    trees: Array.from({ length: trees }, () => randomTree(next, columns, depth)),
  }
}

function randomTree(next: () => number, columns: number, depth: number): ShapTree {
  const nodes: {
    feature: number
    yes: number
    no: number
    cover: number
    value: number
    threshold: number
    missing: number
  }[] = []
  const grow = (left: number, cover: number): number => {
    const at = nodes.length
    const node = { feature: -1, yes: 0, no: 0, cover, value: next() * 2 - 1, threshold: 0, missing: 0 }
    nodes.push(node)
    if (left === 0 || cover < 2 || next() < 0.15) return at
    const share = 1 + Math.floor(next() * (cover - 1))
    node.feature = Math.floor(next() * columns)
    node.threshold = next()
    node.missing = next() < 0.5 ? 1 : 0
    node.yes = grow(left - 1, share)
    node.no = grow(left - 1, cover - share)
    return at
  }
  grow(depth, 1000)
  return {
    feature: Int32Array.from(nodes, (one) => one.feature),
    threshold: Float64Array.from(nodes, (one) => one.threshold),
    comparison: nodes.map((one) => (one.feature < 0 ? 'LEAF' : 'BRANCH_LEQ')),
    whenTrue: Int32Array.from(nodes, (one) => one.yes),
    whenFalse: Int32Array.from(nodes, (one) => one.no),
    missingIsTrue: Uint8Array.from(nodes, (one) => one.missing),
    cover: Float64Array.from(nodes, (one) => one.cover),
    leaves: Float64Array.from(nodes, (one) => (one.feature < 0 ? one.value : 0)),
  }
}

/** Numbers of a seed, from 0 to below 1 (mulberry32). */
export function numbersOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
