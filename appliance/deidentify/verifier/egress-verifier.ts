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
      const patterns = headerPatterns(identifiers)
      const content = jsonContent(json)
      if (new ByteSearch(patterns).matches(Buffer.from(content.text, 'utf8'))) return found('json')
      if (holdsUid(content.text, new Set(identifiers.uids))) return found('json')
      const bulk = new ByteSearch(bulkPatterns(patterns))
      if (content.binaries.some((binary) => bulk.matches(binary))) return found('json')
      if (searchOf(identifiers).first(content.text) !== undefined) return found('json')
      if (holdsPersonalPattern(content.text)) return { kind: 'hit', rule: 'personal-pattern', place: 'json' }
      return { kind: 'clean', checks: patterns.length }
    } catch {
      return { kind: 'error', code: 'json-unreadable' }
    }
  }
}

function found(place: VerifierPlace): VerifierOutcome {
  return { kind: 'hit', rule: 'identifier-found', place }
}
