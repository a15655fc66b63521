import { identifierCount, MOST_IDENTIFIERS, type StudyIdentifiers } from '../identifiers.ts'
import { ByteSearch } from './byte-search.ts'
import { jsonContent } from './json-text.ts'
import type { StructureRule } from './object-reader.ts'
import { ObjectVerification } from './object-verification.ts'
import { bulkPatterns, headerPatterns, holdsUid } from './patterns.ts'

export type { ObjectVerification } from './object-verification.ts'

/** What a hit means; never which identifier it was. */
export type VerifierRule = StructureRule | 'identifier-found'

/** Where a hit stands. `text`: a decoded value; `header`: any byte before the pixel data; `json`: an envelope. */
export type VerifierPlace = 'structure' | 'text' | 'header' | 'pixel-data' | 'json'

/** Why nothing can be said about the bytes. */
export type VerifierErrorCode = 'object-unreadable' | 'data-set-compressed' | 'json-unreadable' | 'too-many-identifiers'

/** Only `clean` may pass: a hit and an error both keep the object in. */
export type VerifierOutcome =
  | { readonly kind: 'clean'; readonly checks: number }
  | { readonly kind: 'hit'; readonly rule: VerifierRule; readonly place: VerifierPlace }
  | { readonly kind: 'error'; readonly code: VerifierErrorCode }

/**
 * The second pair of eyes at the door: it reads what is about to leave a zone with other code than what wrote it (a
 * parser of its own, and a search of the raw bytes), and holds it against the identifiers of that very study.
 */
export class EgressVerifier {
  /**
   * Verifies a de-identified object.
   * @param object its bytes, or the chunks of `DeidentifyOutcome`.
   * @param identifiers of the original object (`identifiersOf`).
   */
  verifyObject(object: Uint8Array | readonly Uint8Array[], identifiers: StudyIdentifiers): VerifierOutcome {
    const verification = this.begin(identifiers)
    for (const piece of object instanceof Uint8Array ? [object] : object) verification.push(piece)
    return verification.finish()
  }

  /** Begins to verify an object that comes in pieces. */
  begin(identifiers: StudyIdentifiers): ObjectVerification {
    return new ObjectVerification(identifiers)
  }

  /** Verifies the JSON text of an envelope, message or report against the identifiers of the studies it is about. */
  verifyJson(json: string, identifiers: StudyIdentifiers): VerifierOutcome {
    if (identifierCount(identifiers) > MOST_IDENTIFIERS) return { kind: 'error', code: 'too-many-identifiers' }
    try {
      const patterns = headerPatterns(identifiers)
      const content = jsonContent(json)
      if (new ByteSearch(patterns).matches(Buffer.from(content.text, 'utf8'))) return found('json')
      if (holdsUid(content.text, new Set(identifiers.uids))) return found('json')
      const bulk = new ByteSearch(bulkPatterns(patterns))
      if (content.binaries.some((binary) => bulk.matches(binary))) return found('json')
      return { kind: 'clean', checks: patterns.length }
    } catch {
      return { kind: 'error', code: 'json-unreadable' }
    }
  }
}

function found(place: VerifierPlace): VerifierOutcome {
  return { kind: 'hit', rule: 'identifier-found', place }
}
