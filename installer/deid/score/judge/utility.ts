import type { Tree } from '../codec/tree.ts'
import { textAt } from '../codec/tree.ts'
import type { CorpusObject } from '../key.ts'

const MILLISECONDS_PER_DAY = 86_400_000

/** Holds the dates of outputs against each other: all dates of a patient move by the same number of days, not by none. */
export class IntervalJudge {
  readonly #offsets = new Map<string, number>()

  /** How many dates of an output were looked at, and how many moved differently from the patient's others. */
  judge(object: CorpusObject, output: Tree): { readonly checks: number; readonly failed: number } {
    let [checks, failed] = [0, 0]
    for (const { path, date } of object.dates) {
      const moved = dayOf(textAt(output, path) ?? '')
      if (moved === undefined) continue
      const offset = moved - (dayOf(date) ?? 0)
      const known = this.#offsets.get(object.patient)
      if (known === undefined) this.#offsets.set(object.patient, offset)
      checks += 1
      if (offset === 0 || offset !== (known ?? offset)) failed += 1
    }
    return { checks, failed }
  }
}

/** Days since 1970 of a DA or DT value, or `undefined` when there is none. */
function dayOf(text: string): number | undefined {
  const parts = /^(\d{4})(\d{2})(\d{2})/.exec(text)
  return parts === null
    ? undefined
    : Math.round(Date.UTC(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3])) / MILLISECONDS_PER_DAY)
}
