/** A binary tree as arrays, a node an index; node 0 is the root. */
export interface Tree {
  /** Column asked, or -1 in a leaf. */
  readonly feature: Int32Array
  /** Left when the value is at most this. */
  readonly threshold: Float32Array
  readonly left: Int32Array
  readonly right: Int32Array
  /** 1 when a missing value goes left. */
  readonly missingLeft: Uint8Array
  /** Value of a leaf; 0 in a node that asks. */
  readonly value: Float64Array
  /** Rows of the fit that came to the node: what a score is without a feature is a mean over them. */
  readonly cover: Uint32Array
}

/** Adds the tree's value of each row, or of those named, to `sums[row * stride + output]`. */
export function addTree(
  tree: Tree,
  values: Float32Array,
  columns: number,
  sums: Float64Array,
  stride: number,
  output: number,
  only?: Uint32Array,
): void {
  const { feature, threshold, left, right, missingLeft, value } = tree
  const rows = only?.length ?? values.length / columns
  for (let i = 0; i < rows; i++) {
    const row = only === undefined ? i : (only[i] as number)
    const offset = row * columns
    let node = 0
    let asked = feature[0] as number
    while (asked >= 0) {
      const x = values[offset + asked] as number
      const goesLeft = Number.isNaN(x) ? missingLeft[node] === 1 : x <= (threshold[node] as number)
      node = (goesLeft ? left[node] : right[node]) as number
      asked = feature[node] as number
    }
    const target = row * stride + output
    sums[target] = (sums[target] as number) + (value[node] as number)
  }
}

/** Largest absolute value of a leaf: what the tree can add to a sum at most. */
export function largestValue(tree: Tree): number {
  let largest = 0
  for (const value of tree.value) largest = Math.max(largest, Math.abs(value))
  return largest
}

/** The tree with other values in its leaves. */
export function withValues(tree: Tree, change: (value: number) => number): Tree {
  return { ...tree, value: tree.value.map((value) => change(value)) }
}
