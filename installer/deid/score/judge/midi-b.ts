import { pixelDigest } from '../codec/pixel-digest.ts'
import { elementAt, PIXEL_DATA, type Tree, textAt } from '../codec/tree.ts'
import { isHidden } from '../corpus/pixels.ts'
import type { Check } from '../key.ts'

/**
 * Judges checks by the rules of MIDI-B's curation validator. The maps of UIDs and Patient IDs, which MIDI-B asks for as
 * files, are learned: the first output that shows an original's replacement fixes it, and every other must agree.
 */
export class AnswerKeyJudge {
  readonly #uids = new ConsistentMap()
  readonly #patients = new ConsistentMap()

  /** True when the check passes. @param output `undefined` for an object that did not come out. */
  passes(check: Check, output: Tree | undefined): boolean {
    if (output === undefined) return PASS_WHEN_MISSING.has(check.action)
    const text = textAt(output, check.path)
    switch (check.action) {
      case 'tag_retained':
        return text !== undefined
      case 'text_notnull':
        return hasContent(output, check)
      case 'text_retained':
        return text !== undefined && check.values.every((value) => holds(text, value))
      case 'text_removed':
      case 'date_shifted':
      case 'uid_changed':
        return text === undefined || !check.values.some((value) => text.toLowerCase().includes(value.toLowerCase()))
      case 'uid_consistent':
        return text === undefined || this.#uids.agrees(check.values[0] ?? '', text)
      case 'patid_consistent':
        return text === undefined || this.#patients.agrees(check.values[0] ?? '', text)
      case 'pixels_retained':
        return pixelDigest(output) === check.values[0]
      case 'pixels_hidden':
        return textIsHidden(output, check)
    }
  }

  /** The maps as learned: original to replacement. They re-identify, and exist for made identities only. */
  maps(): { readonly uids: ReadonlyMap<string, string>; readonly patients: ReadonlyMap<string, string> } {
    return { uids: this.#uids.entries, patients: this.#patients.entries }
  }
}

/** What MIDI-B counts as passed when the output file is missing; everything else fails. */
const PASS_WHEN_MISSING: ReadonlySet<Check['action']> = new Set([
  'text_removed',
  'date_shifted',
  'uid_changed',
  'pixels_hidden',
])

/** One replacement for one original, and no two originals with one replacement. */
class ConsistentMap {
  readonly entries = new Map<string, string>()
  readonly #originals = new Map<string, string>()

  agrees(original: string, replacement: string): boolean {
    if (replacement === '' || replacement === original) return false
    const known = this.entries.get(original)
    const owner = this.#originals.get(replacement)
    if (known === undefined) this.entries.set(original, replacement)
    if (owner === undefined) this.#originals.set(replacement, original)
    return (known ?? replacement) === replacement && (owner ?? original) === original
  }
}

/** The whole text, every word of it, or the same number. */
function holds(text: string, value: string): boolean {
  if (text.includes(value)) return true
  if (/^-?[\d.]+$/.test(value) && Number(text) === Number(value)) return true
  const words = value.toLowerCase().split(/\s+/)
  return words.length > 1 && words.every((word) => text.toLowerCase().includes(word))
}

function hasContent(output: Tree, check: Check): boolean {
  const element = elementAt(output, check.path)
  return element?.value.kind === 'bytes' && element.value.bytes.some((byte) => byte !== 0x20 && byte !== 0)
}

function textIsHidden(output: Tree, { box }: Check): boolean {
  const pixels = output.get(PIXEL_DATA)?.value
  if (pixels === undefined || box === undefined) return true
  if (pixels.kind !== 'bytes') return false
  const number = (tag: number): number => {
    const value = output.get(tag)?.value
    return value?.kind === 'bytes' && value.bytes.length >= 2 ? value.bytes.readUInt16LE(0) : 0
  }
  const shape = {
    rows: number(0x00280010),
    columns: number(0x00280011),
    bits: number(0x00280100) === 8 ? 8 : 16,
    samples: number(0x00280002) === 3 ? 3 : 1,
    frames: box.frame + 1,
  } as const
  return isHidden(pixels.bytes, shape, box)
}
