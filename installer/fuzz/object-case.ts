import fc from 'fast-check'
import { type Seed, withOwnUids } from './corpus.ts'
import { anyMutation, type Mutation, mutate } from './data-set-mutation.ts'

/** Which object is broken, and how. */
export interface ObjectCase {
  readonly seed: number
  /** Makes the object one that was never seen; 0 leaves its UIDs as they are. */
  readonly unique: number
  readonly mutations: readonly Mutation[]
}

/** Any broken object; shrinks to fewer mutations of the first seeds. */
export function anyObjectCase(mutations: { readonly minLength: number; readonly maxLength: number }) {
  return fc.record<ObjectCase>({
    seed: fc.nat(0xffff),
    unique: fc.oneof(
      { weight: 7, arbitrary: fc.integer({ min: 1, max: 999_999_999 }) },
      { weight: 1, arbitrary: fc.constant(0) },
    ),
    mutations: fc.array(anyMutation, mutations),
  })
}

/** The object of a case: what a C-STORE says about it, its data set, and the whole as a PS3.10 file. */
export function objectOf(corpus: readonly Seed[], { seed, unique, mutations }: ObjectCase) {
  const chosen = corpus[seed % corpus.length]
  if (chosen === undefined) throw new RangeError('the corpus is empty')
  const named = unique === 0 ? chosen : withOwnUids(chosen, unique)
  const dataSet = mutate(named.dataSet, chosen.transferSyntaxUid, mutations)
  return {
    name: chosen.name,
    sopClassUid: chosen.sopClassUid,
    sopInstanceUid: named.sopInstanceUid,
    transferSyntaxUid: chosen.transferSyntaxUid,
    dataSet,
    file: () => Buffer.concat([chosen.meta, dataSet]),
  }
}
