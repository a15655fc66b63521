import { isCommonToken, type StudyIdentifiers } from '../deidentify/index.ts'
import { type DataSet, integer, sequence, text, texts } from '../imaging/index.ts'
import type { DeviceFacts } from './device-catalogue.ts'
import type { PixelTokens } from './line-verdict.ts'
import type { Box } from './regions.ts'
import { SAFE_WORDS } from './safe-words.ts'

const REGIONS = 0x00186011
const STUDY_DATES = [0x00080020, 0x00080021, 0x00080022, 0x00080023] as const
/** Pixel Data, Float Pixel Data, Double Float Pixel Data. */
const PIXELS = [0x7fe00010, 0x7fe00008, 0x7fe00009] as const

/** What a head, or a part of one, is called in the header. */
const HEAD =
  /\b(head|brain|cranium|cranial|skull|face|facial|maxillofacial|orbits?|sinus(es)?|iac|pituitary|neuro|kopf|sch(ä|ae)del|gehirn|t(ê|e)te|cr(â|a)ne|cerveau|cabeza|cr(á|a)neo|testa|cranio)\b/i
const BODY_TEXTS = [0x00180015, 0x00081030, 0x0008103e, 0x00181030] as const
const SHORTEST_PLACE_WORD = 5
const ANATOMIC_REGION = 0x00082218
const CODE_MEANING = 0x00080104
/** A volume of these shows the surface of a face. */
const VOLUMES = new Set(['CT', 'MR'])

/** What the catalogue of devices asks of an object as it came in. */
export function deviceFactsOf(original: DataSet): DeviceFacts {
  return {
    modality: text(original, 0x00080060) ?? '',
    manufacturer: text(original, 0x00080070) ?? '',
    model: text(original, 0x00081090) ?? '',
    rows: integer(original, 0x00280010) ?? 0,
    columns: integer(original, 0x00280011) ?? 0,
    imageRegions: sequence(original, REGIONS).map(regionOf),
  }
}

/** What must not be read in an object's pixels. PHI. */
export function pixelTokensOf({ names, ids, places, birthDates }: StudyIdentifiers, original: DataSet): PixelTokens {
  const dates = STUDY_DATES.flatMap((tag) => texts(original, tag)).map((date) => date.replaceAll('.', ''))
  // A line on a screen holds a part of an institution's name, mostly.
  const parts = places.flatMap((place) => place.split(/[^\p{L}\p{N}]+/u))
  const placeWords = parts.filter((word) => word.length >= SHORTEST_PLACE_WORD && !isCommonToken(word))
  return {
    words: [...names, ...ids, ...places, ...placeWords.filter((word) => !SAFE_WORDS.has(word.toLowerCase()))],
    dates: [...new Set([...birthDates, ...dates])].filter((date) => /^\d{8}$/.test(date)),
  }
}

/** True for an object with something to look at. */
export function hasPixels(dataSet: DataSet): boolean {
  return PIXELS.some((tag) => dataSet.elements.has(tag))
}

/** True for a volume of a head: its surface is a face (PS3.15 E.3.2, Clean Recognizable Visual Features). */
export function showsFace(original: DataSet): boolean {
  if (!VOLUMES.has(text(original, 0x00080060) ?? '')) return false
  const words = BODY_TEXTS.flatMap((tag) => texts(original, tag))
  const codes = sequence(original, ANATOMIC_REGION).flatMap((item) => texts(item, CODE_MEANING))
  return [...words, ...codes].some((word) => HEAD.test(word.replaceAll(/[_^]/g, ' ')))
}

/** (0018,6018) to (0018,601E): the first and the last column and row, both within. */
function regionOf(item: DataSet): Box {
  const [left = -1, top = -1] = [integer(item, 0x00186018), integer(item, 0x0018601a)]
  const [right = -1, bottom = -1] = [integer(item, 0x0018601c), integer(item, 0x0018601e)]
  const isSound = left >= 0 && top >= 0 && right >= left && bottom >= top
  // A region that cannot be is larger than any picture, so that the catalogue does not trust it.
  if (!isSound) return { left: 0, top: 0, width: Number.MAX_SAFE_INTEGER, height: Number.MAX_SAFE_INTEGER }
  return { left, top, width: right - left + 1, height: bottom - top + 1 }
}
