import { identifierCount, MOST_IDENTIFIERS, type StudyIdentifiers } from '../identifiers.ts'
import { ByteSearch } from './byte-search.ts'
import { jsonContent } from './json-text.ts'
import { bulkPatterns, headerPatterns, holdsUid } from './patterns.ts'
import { inspect, type StructureRule } from './structure.ts'

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

/** Tag of Pixel Data in little endian: everything from here on is searched as bulk. */
const PIXEL_DATA = Buffer.from([0xe0, 0x7f, 0x10, 0x00])
const DEFLATED_LITTLE = '1.2.840.10008.1.2.1.99'

/**
 * The second pair of eyes at the door: it reads what is about to leave a zone with other code than what wrote it (dcmjs,
 * and a search of the raw bytes), and holds it against the identifiers of that very study.
 */
export class EgressVerifier {
  /**
   * Verifies a de-identified object.
   * @param object its bytes, or the chunks of `DeidentifyOutcome`.
   * @param identifiers of the original object (`identifiersOf`).
   */
  verifyObject(object: Uint8Array | readonly Uint8Array[], identifiers: StudyIdentifiers): VerifierOutcome {
    if (identifierCount(identifiers) > MOST_IDENTIFIERS) return { kind: 'error', code: 'too-many-identifiers' }
    try {
      return verifyBytes(object instanceof Uint8Array ? object : Buffer.concat(object), identifiers)
    } catch {
      // A reader that fails has seen nothing; whatever the reason, the object stays.
      return { kind: 'error', code: 'object-unreadable' }
    }
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

function verifyBytes(bytes: Uint8Array, identifiers: StudyIdentifiers): VerifierOutcome {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const at = buffer.indexOf(PIXEL_DATA)
  const headerEnd = at === -1 ? buffer.length : at
  const structure = inspect(buffer)
  if (structure.kind === 'broken') return { kind: 'hit', rule: structure.rule, place: 'structure' }
  // A search of deflated bytes would see nothing.
  if (structure.transferSyntaxUid === DEFLATED_LITTLE) return { kind: 'error', code: 'data-set-compressed' }
  const patterns = headerPatterns(identifiers)
  const search = new ByteSearch(patterns)
  if (search.matches(Buffer.from(structure.text, 'utf8'))) return found('text')
  if (search.matches(buffer.subarray(0, headerEnd))) return found('header')
  if (holdsUid(buffer.toString('latin1', 0, headerEnd), new Set(identifiers.uids))) return found('header')
  if (new ByteSearch(bulkPatterns(patterns)).matches(buffer.subarray(headerEnd))) return found('pixel-data')
  return { kind: 'clean', checks: 2 * patterns.length + structure.checks }
}

function found(place: VerifierPlace): VerifierOutcome {
  return { kind: 'hit', rule: 'identifier-found', place }
}
