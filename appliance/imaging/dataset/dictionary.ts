import dictionary from 'dcmjs/dictionary'
import { isVr, type Vr } from './vr.ts'

/** Elements whose VR depends on Pixel Representation (0028,0103), marked `xs` in the dictionary (PS3.5 A.1). */
type DictionaryVr = Vr | 'US or SS'

/** One public attribute: VR for implicit VR, keyword, and whether the standard retired it. */
export interface DictionaryAttribute {
  readonly vr: DictionaryVr
  readonly keyword: string
  readonly retired: boolean
}

/** Markers of the dictionary for attributes with a choice of VR, and what implicit VR little endian uses (PS3.5 A.1). */
const CHOICES: Readonly<Record<string, DictionaryVr>> = { ox: 'OW', lt: 'OW', up: 'UL', xs: 'US or SS' }

const attributes = new Map<number, DictionaryAttribute>()
/** Repeating groups 50xx and 60xx (PS3.5 7.6), by element number; the value is looked up with the group's base. */
const repeating = new Map<number, DictionaryAttribute>()

for (const [key, entry] of Object.entries(dictionary)) {
  const vr = CHOICES[entry.vr] ?? entry.vr
  if (vr !== 'US or SS' && !isVr(vr)) continue
  const attribute: DictionaryAttribute = { vr, keyword: entry.name, retired: entry.version.endsWith('retired') }
  const single = /^\(([0-9A-Fa-f]{4}),([0-9A-Fa-f]{4})\)$/.exec(key)
  const range = /^\((5000|6000)-(?:50|60)FF,([0-9A-Fa-f]{4})\)$/.exec(key)
  if (single?.[1] !== undefined && single[2] !== undefined)
    attributes.set(Number.parseInt(single[1] + single[2], 16), attribute)
  else if (range?.[1] !== undefined && range[2] !== undefined)
    repeating.set(Number.parseInt(range[1] + range[2], 16), attribute)
}

/** The standard's entry for a tag (0xGGGGEEEE), or `undefined` for private, group-length and unknown tags. */
export function attributeOf(tag: number): DictionaryAttribute | undefined {
  const known = attributes.get(tag)
  if (known !== undefined) return known
  const family = tag >>> 24
  if (family !== 0x50 && family !== 0x60) return undefined
  return isPrivate(tag) ? undefined : repeating.get((tag & 0xff00ffff) >>> 0)
}

/** True where the group number is odd (PS3.5 7.8). */
export function isPrivate(tag: number): boolean {
  return ((tag >>> 16) & 1) === 1
}

/**
 * The VR of a tag that comes without one (implicit VR, or UN).
 * @param pixelRepresentation (0028,0103) in force: 1 means signed (PS3.3 C.7.6.3.1).
 * @returns `UN` for unknown and private tags; `LO` for private creators (PS3.5 7.8.1).
 */
export function implicitVr(tag: number, pixelRepresentation: number): Vr {
  const vr = attributeOf(tag)?.vr
  if (vr === 'US or SS') return pixelRepresentation === 1 ? 'SS' : 'US'
  if (vr !== undefined) return vr
  const element = tag & 0xffff
  return isPrivate(tag) && element >= 0x10 && element <= 0xff ? 'LO' : 'UN'
}
