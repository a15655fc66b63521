import type { CorpusObject, PlantedToken } from '../key.ts'

/** What a scan of one output found. */
export interface ResidualFinding {
  /** Planted tokens that were looked for: one check each, in however many encodings. */
  readonly checks: number
  /** Searches: tokens times encodings. */
  readonly searches: number
  readonly hits: readonly PlantedToken[]
}

/**
 * Looks for every token of an object in all bytes that come out, without regard to case: as planted (ISO 2022, GB18030),
 * in UTF-8, Latin-1 and UTF-16 of both byte orders.
 * @param parts the output file, its name, and whatever else leaves with it.
 */
export function scanForResiduals(object: CorpusObject, parts: readonly Uint8Array[]): ResidualFinding {
  const haystack = lowered(Buffer.concat(parts))
  const hits: PlantedToken[] = []
  let searches = 0
  for (const token of object.tokens) {
    const patterns = patternsOf(token)
    searches += patterns.length
    if (patterns.some((pattern) => haystack.includes(pattern))) hits.push(token)
  }
  return { checks: object.tokens.length, searches, hits }
}

function patternsOf({ text, raw }: PlantedToken): string[] {
  const wide = Buffer.from(text, 'utf16le')
  const forms = [Buffer.from(text, 'utf8'), wide, Buffer.from(wide).swap16(), ...raw]
  if (!/[^\x00-\xff]/.test(text)) forms.push(Buffer.from(text, 'latin1'))
  return [...new Set(forms.map(lowered))]
}

/** Bytes as characters 0 to 255 in lower case: both sides of the search are turned in the same way. */
function lowered(bytes: Buffer): string {
  return bytes.toString('latin1').toLowerCase()
}
