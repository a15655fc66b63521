import { BulkSearch } from './bulk-search.ts'
import { ByteSearch, type Pattern } from './byte-search.ts'
import { MOST_SEARCHED, type SearchedIdentifiers, searchedCount } from './common-words.ts'
import { holdsPersonalPattern } from './general-patterns.ts'
import { searchOf } from './identifier-search.ts'
import { type ReadFinding, readObject } from './object-reader.ts'
import type { VerifierOutcome, VerifierPlace } from './outcome.ts'
import { bulkPatterns, headerPatterns, holdsUid } from './patterns.ts'
import { SlidingSearch } from './sliding-search.ts'

/** Bytes before the pixels that are held in memory; an object with more is none that the engine writes. */
const MOST_HEADER_BYTES = 64 * 2 ** 20

type HeaderRead = Extract<ReadFinding, { kind: 'read' }>

/**
 * The verification of one object that comes in pieces. Everything before the pixels is gathered and read as a whole; the
 * pixels and what follows them are searched as they pass.
 */
export class ObjectVerification {
  readonly #identifiers: SearchedIdentifiers
  readonly #allowsPrivate: boolean
  #pieces: Uint8Array[] = []
  #gathered = 0
  /** How much must be gathered before it is worth to read again. */
  #nextRead = 0
  #outcome: VerifierOutcome | undefined
  #bulk: SlidingSearch | undefined
  #checks = 0

  /**
   * @param identifiers of the original object (`identifiersOf`).
   * @param allowsPrivate private elements of PS3.15 table E.3.10-1 may be there.
   */
  constructor(identifiers: SearchedIdentifiers, allowsPrivate = false) {
    this.#identifiers = identifiers
    this.#allowsPrivate = allowsPrivate
    if (searchedCount(identifiers) > MOST_SEARCHED) this.#outcome = error('too-many-identifiers')
  }

  /** Takes the next bytes of the object. Those before the pixels must not change until `finish`. */
  push(piece: Uint8Array): void {
    if (this.#outcome !== undefined) return
    if (this.#bulk !== undefined) {
      this.#searchBulk(piece)
      return
    }
    this.#pieces.push(piece)
    this.#gathered += piece.length
    if (this.#gathered >= this.#nextRead) this.#readHeader(false)
  }

  /** What the object as a whole is: nothing may follow. */
  finish(): VerifierOutcome {
    if (this.#outcome === undefined && this.#bulk === undefined) this.#readHeader(true)
    if (this.#bulk?.finish() === true) this.#outcome ??= found('pixel-data')
    return this.#outcome ?? { kind: 'clean', checks: this.#checks }
  }

  #searchBulk(piece: Uint8Array): void {
    this.#bulk?.push(piece)
    if (this.#bulk?.found === true) this.#outcome = found('pixel-data')
  }

  #readHeader(whole: boolean): void {
    try {
      const bytes = this.#gatheredBytes(whole)
      const finding = readObject(bytes, whole, this.#allowsPrivate)
      if (finding.kind === 'more') {
        this.#nextRead = this.#gathered * 2
        if (this.#gathered > MOST_HEADER_BYTES) this.#outcome = error('object-unreadable')
      } else if (finding.kind === 'broken') this.#outcome = { kind: 'hit', rule: finding.rule, place: 'structure' }
      else if (finding.kind === 'compressed') this.#outcome = error('data-set-compressed')
      else this.#verifyHeader(bytes, finding)
    } catch {
      // A reader that fails has seen nothing; whatever the reason, the object stays.
      this.#outcome = error('object-unreadable')
    }
  }

  /** One run of what was gathered; of a long last piece, while more may come, only as much as a header mostly has. */
  #gatheredBytes(whole: boolean): Buffer {
    const [first] = this.#pieces
    if (this.#pieces.length === 1 && first !== undefined)
      return Buffer.from(first.buffer, first.byteOffset, first.length)
    const last = this.#pieces.at(-1)
    const before = this.#gathered - (last?.length ?? 0)
    if (!whole && last !== undefined && last.length > LONG_PIECE) {
      const short = Buffer.concat([...this.#pieces.slice(0, -1), last.subarray(0, LONG_PIECE)], before + LONG_PIECE)
      if (readObject(short, false, this.#allowsPrivate).kind !== 'more') return short
    }
    return Buffer.concat(this.#pieces)
  }

  #verifyHeader(bytes: Buffer, { text, prose, checks, headerEnd }: HeaderRead): void {
    const patterns = headerPatterns(this.#identifiers)
    this.#outcome = this.#headerOutcome(bytes, text, headerEnd, patterns) ?? this.#textOutcome(text, prose)
    this.#checks = 2 * patterns.length + checks
    this.#bulk = new SlidingSearch(new BulkSearch(bulkPatterns(patterns)))
    let skipped = headerEnd
    for (const piece of this.#pieces) {
      if (this.#outcome !== undefined) break
      if (skipped < piece.length) this.#searchBulk(piece.subarray(skipped))
      skipped = Math.max(0, skipped - piece.length)
    }
    this.#pieces = []
  }

  /** What byte patterns cannot say: other spellings, groupings and encodings, and what anybody's data look like. */
  #textOutcome(text: Buffer, prose: Buffer): VerifierOutcome | undefined {
    if (searchOf(this.#identifiers).first(text.toString('utf8')) !== undefined) return found('text')
    const isPersonal = holdsPersonalPattern(prose.toString('utf8'))
    return isPersonal ? { kind: 'hit', rule: 'personal-pattern', place: 'text' } : undefined
  }

  #headerOutcome(
    bytes: Buffer,
    text: Buffer,
    headerEnd: number,
    patterns: readonly Pattern[],
  ): VerifierOutcome | undefined {
    const search = new ByteSearch(patterns)
    if (search.matches(text)) return found('text')
    if (search.matches(bytes.subarray(0, headerEnd))) return found('header')
    const uids = new Set(this.#identifiers.uids)
    return holdsUid(bytes.toString('latin1', 0, headerEnd), uids) ? found('header') : undefined
  }
}

const LONG_PIECE = 65_536

function found(place: VerifierPlace): VerifierOutcome {
  return { kind: 'hit', rule: 'identifier-found', place }
}

function error(code: Extract<VerifierOutcome, { kind: 'error' }>['code']): VerifierOutcome {
  return { kind: 'error', code }
}
