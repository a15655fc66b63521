import type { ShapTree, TreeEnsemble } from '../tree-ensemble.ts'
import { goesTrue } from '../tree-ensemble.ts'

/**
 * Shapley values of trees by their definition, over every subset of the features: for the comparison with TreeSHAP on few
 * features. A feature that is unknown lets a row go both ways, by the rows of the training that went there.
 */
export function shapleyByDefinition(
  ensemble: TreeEnsemble,
  row: ArrayLike<number>,
  output: number,
  columns: number,
): Float64Array {
  const worth = (known: number): number =>
    ensemble.trees.reduce((sum, tree) => sum + expectation(tree, ensemble, row, output, known, 0), 0)
  const factorials = [1]
  for (let n = 1; n <= columns; n++) factorials.push((factorials[n - 1] as number) * n)
  return Float64Array.from({ length: columns }, (_, feature) => {
    let value = 0
    for (let known = 0; known < 2 ** columns; known++) {
      if ((known & (1 << feature)) !== 0) continue
      const size = Array.from({ length: columns }, (_, i) => (known >> i) & 1).reduce((a, b) => a + b, 0)
      const weight =
        ((factorials[size] as number) * (factorials[columns - size - 1] as number)) / (factorials[columns] as number)
      value += weight * (worth(known | (1 << feature)) - worth(known))
    }
    return value
  })
}

function expectation(
  tree: ShapTree,
  ensemble: TreeEnsemble,
  row: ArrayLike<number>,
  output: number,
  known: number,
  node: number,
): number {
  const feature = tree.feature[node] as number
  if (feature < 0) return tree.leaves[node * ensemble.outputs + output] as number
  const [yes, no] = [tree.whenTrue[node] as number, tree.whenFalse[node] as number]
  const go = (child: number): number => expectation(tree, ensemble, row, output, known, child)
  if ((known & (1 << feature)) !== 0) return go(goesTrue(tree, node, row) ? yes : no)
  const share = (tree.cover[yes] as number) / (tree.cover[node] as number)
  return share * go(yes) + (1 - share) * go(no)
}
