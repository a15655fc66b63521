import { readTree } from '../codec/read.ts'
import type { Tree } from '../codec/tree.ts'
import type { Check, CorpusObject, PlantedToken } from '../key.ts'
import { AnswerKeyJudge } from './midi-b.ts'
import { scanForResiduals } from './residual.ts'
import { IntervalJudge } from './utility.ts'

/** All that the judges say about one object. */
export interface ObjectJudgement {
  readonly results: readonly { readonly check: Check; readonly passed: boolean; readonly claimed: boolean }[]
  readonly residual: { readonly checks: number; readonly searches: number; readonly hits: readonly PlantedToken[] }
  readonly intervals: { readonly checks: number; readonly failed: number }
}

/** Judges outputs against the answer key, the residual scan and the intervals of dates. */
export class ObjectJudge {
  readonly answerKey = new AnswerKeyJudge()
  readonly #intervals = new IntervalJudge()

  /** @param output the bytes that came out and what leaves beside them; `undefined` when nothing did. */
  judge(object: CorpusObject, output: { readonly file: Buffer; readonly beside: string } | undefined): ObjectJudgement {
    const tree = output === undefined ? undefined : readTree(output.file).dataSet
    const applied = tree === undefined ? undefined : optionsOf(tree)
    return {
      results: object.checks.map((check) => ({
        check,
        passed: this.answerKey.passes(check, tree),
        claimed: check.option === '' || applied === undefined || applied.has(check.option),
      })),
      residual:
        output === undefined
          ? { checks: 0, searches: 0, hits: [] }
          : scanForResiduals(object, [output.file, Buffer.from(output.beside)]),
      intervals: tree === undefined ? { checks: 0, failed: 0 } : this.#intervals.judge(object, tree),
    }
  }
}

/** Codes of the options that an output says were applied: De-identification Method Code Sequence (0012,0064). */
function optionsOf(tree: Tree): ReadonlySet<string> {
  const value = tree.get(0x00120064)?.value
  if (value?.kind !== 'items') return new Set()
  return new Set(
    value.items.map((item) => {
      const code = item.get(0x00080100)?.value
      return code?.kind === 'bytes' ? code.bytes.toString('latin1').trim() : ''
    }),
  )
}
