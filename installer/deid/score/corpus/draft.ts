import { pixelDigest } from '../codec/pixel-digest.ts'
import { bytesValue, type ElementValue, type Path, PIXEL_DATA, putAt, type Tree } from '../codec/tree.ts'
import type { Category, Check, Option, PixelBox, PlantedToken, PlantKind } from '../key.ts'
import { type CharacterSet, encodeText } from './text-encoding.ts'

const CHARSET_VRS = new Set(['LO', 'SH', 'LT', 'ST', 'UT', 'UC', 'PN'])

/** An object while identities are planted into it: each plant writes the element and its line of the answer key. */
export class Draft {
  readonly tree: Tree
  readonly set: CharacterSet
  readonly checks: Check[] = []
  readonly tokens: PlantedToken[] = []
  readonly dates: { path: Path; date: string }[] = []
  readonly rows: number[] = []

  constructor(tree: Tree, set: CharacterSet) {
    this.tree = tree
    this.set = set
  }

  /** An element that nothing is asked of. */
  put(path: Path, vr: string, value: string | Uint8Array | ElementValue): void {
    putAt(this.tree, path, vr, this.valueOf(vr, value))
  }

  /** Bytes of a value as the object's character set writes them. */
  valueOf(vr: string, value: string | Uint8Array | ElementValue): ElementValue {
    if (typeof value === 'string')
      return bytesValue(CHARSET_VRS.has(vr) ? encodeText(value, this.set) : Buffer.from(value, 'latin1'))
    return value instanceof Uint8Array ? bytesValue(value) : value
  }

  /** An identity that must be gone from its element, and from every byte. */
  identity(
    path: Path,
    vr: string,
    text: string,
    tokens: readonly string[],
    category: Category,
    plant: PlantKind,
  ): void {
    this.put(path, vr, text)
    this.check('text_removed', category, path, tokens)
    for (const token of tokens) this.token(token, plant)
  }

  /** A token that must be in no output byte, wherever the caller put it. */
  token(text: string, plant: PlantKind): void {
    const raw = /^[\x00-\x7f]*$/.test(text) ? [] : [encodeText(text, this.set)]
    this.tokens.push({ text, raw, plant })
  }

  /** A date that must move, and keep its distance to the others. */
  date(path: Path, vr: 'DA' | 'DT', date: string, time = ''): void {
    this.put(path, vr, date + time)
    this.check('date_shifted', 'HIPAA-C', path, [date])
    this.dates.push({ path, date })
  }

  /** A UID that must change, everywhere in the same way. */
  uid(path: Path, uid: string, plant: PlantKind = 'basic'): void {
    this.put(path, 'UI', uid)
    this.check('uid_changed', 'HIPAA-R', path, [uid])
    this.check('uid_consistent', 'DICOM-P15-BASIC-U', path, [uid])
    this.token(uid, plant)
  }

  /** An element whose text must stay. */
  keep(path: Path, vr: string, text: string, category: Category, option: Option = ''): void {
    this.put(path, vr, text)
    this.check('text_retained', category, path, [text], option)
  }

  /** An element that must be there afterwards. */
  present(path: Path, action: 'tag_retained' | 'text_notnull' = 'tag_retained'): void {
    this.check(action, 'DICOM-IOD', path, [])
  }

  /** Pixel data of which every sample must stay. The image attributes have to be there already. */
  pixels(vr: 'OB' | 'OW', value: ElementValue): void {
    putAt(this.tree, [PIXEL_DATA], vr, value)
    this.check('pixels_retained', 'TCIA-P15-PIX-K', [PIXEL_DATA], [pixelDigest(this.tree) ?? ''])
  }

  /** Text that stands in native pixels, in a known box. */
  burnedIn(box: PixelBox, vr: 'OB' | 'OW', pixels: Uint8Array): void {
    putAt(this.tree, [PIXEL_DATA], vr, bytesValue(pixels))
    this.checks.push({ action: 'pixels_hidden', category: 'HIPAA-A', path: [PIXEL_DATA], values: [], option: '', box })
  }

  check(action: Check['action'], category: Category, path: Path, values: readonly string[], option: Option = ''): void {
    this.checks.push({ action, category, path, values, option })
  }
}
