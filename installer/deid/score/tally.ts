import type { ObjectJudgement } from './judge/object-judge.ts'
import { ACTIONS, type CorpusObject } from './key.ts'

interface Count {
  total: number
  failed: number
}

/** Sums over all objects of a score. */
export class Tally {
  readonly #counts = new Map<string, Count>()
  objects = 0
  left = 0
  searches = 0
  readonly hits: { readonly kind: string; readonly plant: string }[] = []
  readonly engineAloneHits: { readonly kind: string; readonly plant: string }[] = []

  /** Takes in one judgement. @param held why the object did not come out; `undefined` when it did. */
  add(object: CorpusObject, judgement: ObjectJudgement, held: string | undefined): void {
    this.objects += 1
    if (held === undefined) this.left += 1
    else this.#count('held', `${object.kind}: ${held}`, true)
    for (const { check, passed, claimed } of judgement.results) {
      this.#count('every object', 'score', passed)
      if (held !== undefined) {
        this.#count('held objects', check.action, passed)
        continue
      }
      if (!claimed) {
        this.#count('option not applied', `${check.option} ${check.category}`, passed)
        continue
      }
      this.#count('score', 'score', passed)
      this.#count('action', check.action, passed)
      this.#count('category', check.category, passed)
      if (!passed) this.#count('failed', `${check.action} ${check.path.map(tagText).join('/')} ${object.kind}`, false)
    }
    this.#addResidual(object, judgement)
    this.#count('intervals', 'intervals', true, judgement.intervals.checks - judgement.intervals.failed)
    this.#count('intervals', 'intervals', false, judgement.intervals.failed)
  }

  /** Adds what a part of the score counted. */
  of(part: string, name: string): Readonly<Count> {
    return this.#counts.get(`${part}\n${name}`) ?? { total: 0, failed: 0 }
  }

  /** All names of a part with their counts; actions in MIDI-B's order, others sorted. */
  part(part: string): readonly { readonly name: string; readonly total: number; readonly failed: number }[] {
    const found = [...this.#counts]
      .filter(([key]) => key.startsWith(`${part}\n`))
      .map(([key, count]) => ({ name: key.slice(part.length + 1), ...count }))
    const rank = (name: string): number => (ACTIONS as readonly string[]).indexOf(name)
    return found.sort((a, b) => rank(a.name) - rank(b.name) || (a.name < b.name ? -1 : 1))
  }

  #addResidual(object: CorpusObject, { residual }: ObjectJudgement): void {
    this.searches += residual.searches
    if (residual.checks === 0) return
    for (const { plant } of object.tokens) this.#count('residual', plant, true)
    for (const { plant } of residual.hits) {
      this.#count('residual', plant, false, 1, 0)
      this.hits.push({ kind: object.kind, plant })
    }
  }

  #count(part: string, name: string, passed: boolean, times = 1, total = times): void {
    const key = `${part}\n${name}`
    const count = this.#counts.get(key) ?? { total: 0, failed: 0 }
    count.total += total
    if (!passed) count.failed += times
    this.#counts.set(key, count)
  }
}

function tagText(number: number): string {
  return number < 1000 ? String(number) : number.toString(16).padStart(8, '0')
}
