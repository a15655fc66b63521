import { type Finding, IdentifierSearch } from '../deidentify/index.ts'
import type { HeldIdentity } from './held-identities.ts'

/** So many studies are known at a time, those that came last: names get into logs while their study is worked on. */
export const MOST_KNOWN_STUDIES = 2000
/** Forgetting goes through everything that is known, so it is done seldom. */
const FORGET_AT_ONCE = 250
const MARK_BITS = 18

/** Members of a log line whose values the logger itself or a constant of the code gives. */
const CONSTANT_MEMBERS = new Set(['level', 'time', 'process', 'event', 'room'])

/** A line that may be written, and what was found in the one that was given. */
export interface GuardedLine {
  readonly line: string
  readonly finding: Finding | undefined
}

/**
 * Knows whom the studies in work are about, by hashes only, and lets no line pass that names one of them. Of a line that
 * does only the event word remains, which is a constant of the code.
 */
export class LineGuard {
  readonly #search = new IdentifierSearch(MARK_BITS)
  /** Studies in the order in which they became known. */
  readonly #known = new Set<number>()

  /** From now on lines are held against this study. */
  know({ studyId, identifiers }: HeldIdentity): void {
    this.#search.add(identifiers, studyId)
    this.#known.delete(studyId)
    this.#known.add(studyId)
    if (this.#known.size >= MOST_KNOWN_STUDIES + FORGET_AT_ONCE) this.#forget()
  }

  /** Judges one line, without its end. */
  pass(line: string): GuardedLine {
    const { free, codes, event } = contentOf(line)
    let finding = this.#search.first(free)
    if (finding === undefined && codes !== '')
      this.#search.search(codes, (one) => {
        if (!one.isWeak) finding = one
        return one.isWeak
      })
    if (finding === undefined) return { line, finding }
    return { line: JSON.stringify({ level: 50, event: 'log.line-withheld', of: event }), finding }
  }

  #forget(): void {
    for (const studyId of this.#known) {
      if (this.#known.size <= MOST_KNOWN_STUDIES) break
      this.#known.delete(studyId)
    }
    this.#search.forget((owner) => !this.#known.has(owner))
  }
}

/** What of a line can hold data. */
interface LineContent {
  readonly free: string
  /** Values that have the form of a code: there a short name is a word of ours, a long one still a name. */
  readonly codes: string
  readonly event: string | null
}

const CODE = /^[a-z][a-z0-9]*(?:[.-][a-z0-9]+)*$/
/** Counts and sizes; a number that identifies somebody is logged by nobody, or comes as text. */
const SMALLEST_NUMBER = 100_000_000

/** Every key and value of a log line but the constant ones, or the line as it is. */
function contentOf(line: string): LineContent {
  const members = membersOf(line)
  if (members === undefined) return { free: line, codes: '', event: null }
  const free: string[] = []
  const codes: string[] = []
  for (const [key, value] of Object.entries(members)) {
    if (CONSTANT_MEMBERS.has(key)) continue
    codes.push(key)
    if (typeof value === 'string') (CODE.test(value) ? codes : free).push(value)
    else if (typeof value !== 'number') free.push(JSON.stringify(value))
    else if (value >= SMALLEST_NUMBER) free.push(String(value))
  }
  const { event } = members
  return {
    free: free.join('\n'),
    codes: codes.join('\n'),
    event: typeof event === 'string' && CODE.test(event) ? event : null,
  }
}

function membersOf(line: string): Readonly<Record<string, unknown>> | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    return JSON.parse(line) as Readonly<Record<string, unknown>>
  } catch {
    return undefined
  }
}
