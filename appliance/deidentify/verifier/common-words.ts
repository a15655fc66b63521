/**
 * Words that identify nobody: what the product and the standard write on purpose, and what people without a name are
 * called. A patient who is really called so is found by the other identifiers. The engine has a list of its own: this
 * room shares no code with it.
 */
const COMMON = new Set(
  (
    'abdomen angio anonymized anonymised anonymous application axial basic body brain breast chest computed ' +
    'confidentiality coronal customer default deidentified demo derived dicom elbow enhanced explicit female foot hand ' +
    'head head2 hospital hip image implicit knee leg leadglass level little local lung male modified monochrome1 ' +
    'monochrome2 name nema neck none null original other palette patient pelvis phantom physician primary profile ' +
    'radiology retain secondary series shoulder sagittal skull spine standard study test testing thorax unknown ' +
    'unspecified user volume with dates characteristics longitudinal information modality lut window radiograph acquisition'
  ).split(' '),
)

const SHORTEST = 3
const SHORTEST_IDEOGRAPHIC = 2
const IDEOGRAPHIC = /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}]/u

/** True for a token that is too short or too common to tell anything. */
export function isCommonWord(token: string): boolean {
  const plain = token.trim().toLowerCase()
  const shortest = IDEOGRAPHIC.test(plain) ? SHORTEST_IDEOGRAPHIC : SHORTEST
  return plain.length < shortest || COMMON.has(plain) || /^(.)\1*$/u.test(plain)
}

/**
 * True for a phrase of common words and short numbers, such as `PHANTOM-1` or `TEST PATIENT 12`: files and messages of
 * the product and of test equipment are full of those.
 */
export function isCommonPhrase(token: string): boolean {
  const words = token.toLowerCase().match(/\p{L}+/gu) ?? []
  return words.length > 0 && words.every((word) => COMMON.has(word)) && token.replaceAll(/\D/g, '').length <= 4
}

/** What is searched for: the engine's `StudyIdentifiers` has this shape, and other sources can give it too. */
export interface SearchedIdentifiers {
  readonly names: readonly string[]
  readonly ids: readonly string[]
  /** YYYYMMDD. */
  readonly birthDates: readonly string[]
  readonly uids: readonly string[]
  readonly places: readonly string[]
  readonly raw: readonly Uint8Array[]
}

/** More identifiers than this in one object are no identifiers but an attack on the time that searching takes. */
export const MOST_SEARCHED = 5000

/** How many things there are to search for. UIDs do not count: those are looked up and not searched for. */
export function searchedCount({ names, ids, birthDates, places, raw }: SearchedIdentifiers): number {
  return names.length + ids.length + birthDates.length + places.length + raw.length
}
