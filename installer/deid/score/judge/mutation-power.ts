import { readTree } from '../codec/read.ts'
import type { TreeFile } from '../codec/tree.ts'
import { writeTree } from '../codec/write.ts'
import type { CorpusObject } from '../key.ts'
import { MUTATIONS, restoreRow } from './mutations.ts'
import { ObjectJudge, type ObjectJudgement } from './object-judge.ts'

/** An object that came out, kept for the mutations. */
export interface Specimen {
  readonly object: CorpusObject
  readonly file: Buffer
}

/** How one mutation fared: on how many objects it did something, and on how many the score noticed. */
export interface MutationResult {
  readonly name: string
  readonly applied: number
  readonly noticed: number
}

/** Switches each rule group off in finished outputs and asks the judges whether they notice. */
export function measureMutations(specimens: readonly Specimen[]): MutationResult[] {
  const files = specimens.map(parsed)
  return MUTATIONS.map(({ name, apply }) => {
    const judge = new ObjectJudge()
    // The judge learns the maps and offsets from untouched outputs, as it would from the objects of other days.
    const before = files.map(({ object, file }) => failures(judge.judge(object, { file, beside: '' })))
    let [applied, noticed] = [0, 0]
    for (const [index, { object, original, output }] of files.entries()) {
      const mutated = apply(original, output, index)
      if (mutated === undefined) continue
      applied += 1
      if (failures(judge.judge(object, { file: write(mutated), beside: '' })) > (before[index] ?? 0)) noticed += 1
    }
    return { name, applied, noticed }
  })
}

/** Switches off each row of table E.1-1 that the corpus planted. @returns rows tried, and those that nobody noticed. */
export function measureRowPower(specimens: readonly Specimen[]): {
  readonly tried: number
  readonly missed: readonly number[]
} {
  const seen = new Map<number, boolean>()
  for (const { object, original, output, file } of specimens.map(parsed))
    for (const tag of object.rows) {
      if (seen.has(tag)) continue
      const mutated = restoreRow(tag, original, output)
      if (mutated === undefined) continue
      const judge = new ObjectJudge()
      const before = failures(judge.judge(object, { file, beside: '' }))
      seen.set(tag, failures(judge.judge(object, { file: write(mutated), beside: '' })) > before)
    }
  return { tried: seen.size, missed: [...seen].filter(([, noticed]) => !noticed).map(([tag]) => tag) }
}

interface Parsed extends Specimen {
  readonly original: TreeFile
  readonly output: TreeFile
}

function parsed({ object, file }: Specimen): Parsed {
  return { object, file, original: readTree(object.bytes), output: readTree(file) }
}

function write(file: TreeFile): Buffer {
  return writeTree(file, { undefinedLengths: false, turnValues: false })
}

function failures({ results, residual, intervals }: ObjectJudgement): number {
  return results.filter(({ passed }) => !passed).length + residual.hits.length + intervals.failed
}
