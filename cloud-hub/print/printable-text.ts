/**
 * The characters of Windows-1252 above ASCII. The fonts that every PDF reader carries (Helvetica) can show these and
 * ASCII; no font is embedded.
 */
const WESTERN =
  '€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ¡¢£¤¥¦§¨©ª«¬®¯°±²³´µ¶·¸¹º»¼½¾¿' +
  'ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõö÷øùúûüýþÿ'

const SHOWN: ReadonlySet<string> = new Set(WESTERN)

/** Signs of our own texts that have a plain spelling. */
const SPELLED: ReadonlyMap<string, string> = new Map([
  ['≤', '<='],
  ['≥', '>='],
  ['→', '->'],
  ['←', '<-'],
  ['≠', '!='],
  ['−', '-'],
  ['\u2010', '-'],
  ['\u2011', '-'],
  ['\u00a0', ' '],
  ['\u202f', ' '],
  ['\u2009', ' '],
  ['Ł', 'L'],
  ['ł', 'l'],
  ['Đ', 'D'],
  ['đ', 'd'],
  ['ı', 'i'],
])

/** Text that the fonts can show, and whether characters had to be written as code points. */
export interface PrintableText {
  readonly text: string
  readonly transliterated: boolean
}

/**
 * Makes text showable without hiding anything: an accent the fonts lack is dropped from its letter, every other
 * character they lack is written as its code point, `[U+4E2D]`. That includes control and direction characters, so a
 * hostile text cannot reorder what is read.
 */
export function printableText(source: string): PrintableText {
  let text = ''
  let transliterated = false
  for (const character of source.normalize('NFC').replaceAll('\r\n', '\n').replaceAll('\t', '    ')) {
    const shown = shownAs(character)
    text += shown ?? `[U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`
    transliterated ||= shown !== character && !(SPELLED.has(character) && !/\p{L}/u.test(character))
  }
  return { text, transliterated }
}

function shownAs(character: string): string | undefined {
  if (isShown(character)) return character
  const spelled = SPELLED.get(character)
  if (spelled !== undefined) return spelled
  const base = character.normalize('NFKD').replaceAll(/\p{Mn}/gu, '')
  return base !== '' && [...base].every(isShown) ? base : undefined
}

function isShown(character: string): boolean {
  return character === '\n' || (character >= ' ' && character <= '~') || SHOWN.has(character)
}
