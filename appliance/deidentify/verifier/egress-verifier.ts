import { ByteSearch } from './byte-search.ts'
import { MOST_SEARCHED, type SearchedIdentifiers, searchedCount } from './common-words.ts'
import { holdsPersonalPattern } from './general-patterns.ts'
import { searchOf } from './identifier-search.ts'
import { jsonContent } from './json-text.ts'
import { ObjectVerification } from './object-verification.ts'
import type { VerifierOutcome, VerifierPlace } from './outcome.ts'
import { bulkPatterns, headerPatterns, holdsUid } from './patterns.ts'

export type { ObjectVerification } from './object-verification.ts'

/**
 * The second pair of eyes at the door: it reads what is about to leave a zone with other code than what wrote it (a
 * parser of its own, and a search of the raw bytes), and holds it against the identifiers of that very study.
 */
export class EgressVerifier {
  readonly #allowsPrivate: boolean
  readonly #searches = new WeakMap<SearchedIdentifiers, JsonSearch>()

  /** @param allowsPrivate private elements that PS3.15 table E.3.10-1 lists may be in objects; no others, ever. */
  constructor({ allowsPrivate = false }: { readonly allowsPrivate?: boolean } = {}) {
    this.#allowsPrivate = allowsPrivate
  }

  /**
   * Verifies a de-identified object.
   * @param object its bytes, or the chunks of `DeidentifyOutcome`.
   * @param identifiers of the original object (`identifiersOf`).
   */
  verifyObject(object: Uint8Array | readonly Uint8Array[], identifiers: SearchedIdentifiers): VerifierOutcome {
    const verification = this.begin(identifiers)
    for (const piece of object instanceof Uint8Array ? [object] : object) verification.push(piece)
    return verification.finish()
  }

  /** Begins to verify an object that comes in pieces. */
  begin(identifiers: SearchedIdentifiers): ObjectVerification {
    return new ObjectVerification(identifiers, this.#allowsPrivate)
  }

  /** Verifies the JSON text of an envelope, message or report against the identifiers of the studies it is about. */
  verifyJson(json: string, identifiers: SearchedIdentifiers): VerifierOutcome {
    if (searchedCount(identifiers) > MOST_SEARCHED) return { kind: 'error', code: 'too-many-identifiers' }
    try {
      const { header, bulk, uids, words, checks } = this.#searchFor(identifiers)
      const content = jsonContent(json)
      if (header.matches(Buffer.from(content.text, 'utf8'))) return found('json')
      if (holdsUid(content.text, uids)) return found('json')
      if (content.binaries.some((binary) => bulk.matches(binary))) return found('json')
      if (words.first(content.text) !== undefined) return found('json')
      if (holdsPersonalPattern(content.text)) return { kind: 'hit', rule: 'personal-pattern', place: 'json' }
      return { kind: 'clean', checks }
    } catch {
      return { kind: 'error', code: 'json-unreadable' }
    }
  }

  /** What is searched for is made once for all texts that are held against the same identifiers. */
  #searchFor(identifiers: SearchedIdentifiers): JsonSearch {
    const known = this.#searches.get(identifiers) ?? jsonSearch(identifiers)
    this.#searches.set(identifiers, known)
    return known
  }
}

interface JsonSearch {
  readonly header: ByteSearch
  readonly bulk: ByteSearch
  readonly uids: ReadonlySet<string>
  readonly words: ReturnType<typeof searchOf>
  readonly checks: number
}

function jsonSearch(identifiers: SearchedIdentifiers): JsonSearch {
  const patterns = headerPatterns(identifiers)
  return {
    header: new ByteSearch(patterns),
    bulk: new ByteSearch(bulkPatterns(patterns)),
    uids: new Set(identifiers.uids),
    words: searchOf(identifiers),
    checks: patterns.length,
  }
}

function found(place: VerifierPlace): VerifierOutcome {
  return { kind: 'hit', rule: 'identifier-found', place }
}
