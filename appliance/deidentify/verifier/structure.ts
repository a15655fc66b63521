import dcmjs, { type DcmjsElement } from 'dcmjs'
import { DUMMY_TEXT } from '../values.ts'

/** Which rule a de-identified object breaks. */
export type StructureRule =
  | 'preamble-not-empty'
  | 'meta-element-unexpected'
  | 'private-element'
  | 'graphics-element'
  | 'name-not-pseudonymised'
  | 'identity-mark-missing'

/** What the second reader found: a broken rule, or all text of the object. */
export type StructureFinding =
  | { readonly kind: 'broken'; readonly rule: StructureRule }
  | { readonly kind: 'text'; readonly text: string; readonly checks: number; readonly transferSyntaxUid: string }

const PREAMBLE_BYTES = 128
const PIXEL_DATA = '7FE00010'
const META_ELEMENTS = new Set(['00020000', '00020001', '00020002', '00020003', '00020010', '00020012', '00020013'])
const NAME = /^ANON\^[0-9a-f]{12}$/

dcmjs.log.setLevel('silent')

/**
 * Reads a de-identified object with another parser than the one that made it, and holds its structure against the
 * profile. @throws whatever the parser throws; the caller fails closed.
 */
export function inspect(bytes: Uint8Array): StructureFinding {
  const prefix = Buffer.from(bytes.subarray(PREAMBLE_BYTES, PREAMBLE_BYTES + 4)).toString('latin1')
  if (prefix !== 'DICM') throw new RangeError('the bytes are no DICOM file (PS3.10 7.1)')
  if (!bytes.subarray(0, PREAMBLE_BYTES).every((byte) => byte === 0))
    return { kind: 'broken', rule: 'preamble-not-empty' }
  const file = dcmjs.data.DicomMessage.readFile(ownBuffer(bytes), {
    untilTag: PIXEL_DATA,
    includeUntilTagValue: false,
    noCopy: true,
  })
  if (!Object.keys(file.meta).every((tag) => META_ELEMENTS.has(tag)))
    return { kind: 'broken', rule: 'meta-element-unexpected' }
  if (firstText(file.dict['00120062']) !== 'YES') return { kind: 'broken', rule: 'identity-mark-missing' }
  const texts: string[] = []
  const rule = walk(file.dict, texts)
  if (rule !== undefined) return { kind: 'broken', rule }
  const transferSyntaxUid = firstText(file.meta['00020010']) ?? ''
  return { kind: 'text', text: texts.join('\n'), checks: texts.length, transferSyntaxUid }
}

/** The parser wants an ArrayBuffer that holds nothing else. */
function ownBuffer(bytes: Uint8Array): ArrayBuffer {
  const { buffer, byteOffset, byteLength } = bytes
  if (buffer instanceof ArrayBuffer && byteOffset === 0 && buffer.byteLength === byteLength) return buffer
  const copy = new ArrayBuffer(byteLength)
  new Uint8Array(copy).set(bytes)
  return copy
}

function walk(dict: Readonly<Record<string, DcmjsElement>>, texts: string[]): StructureRule | undefined {
  for (const [tag, element] of Object.entries(dict)) {
    if (tag === PIXEL_DATA || !/^[0-9A-Fa-f]{8}$/.test(tag)) continue
    if (Number.parseInt(tag.slice(3, 4), 16) % 2 === 1) return 'private-element'
    if (tag.startsWith('50') || tag.startsWith('60')) return 'graphics-element'
    for (const value of element.Value ?? []) {
      const rule = element.vr === 'SQ' ? walkItem(value, texts) : inspectValue(element.vr, value, texts)
      if (rule !== undefined) return rule
    }
  }
  return undefined
}

function walkItem(item: unknown, texts: string[]): StructureRule | undefined {
  return isRecord(item) ? walk(item as Record<string, DcmjsElement>, texts) : undefined
}

function inspectValue(vr: string, value: unknown, texts: string[]): StructureRule | undefined {
  if (vr === 'PN') {
    const groups = isRecord(value) ? Object.values(value) : [value]
    const names = groups.filter((group): group is string => typeof group === 'string' && group.trim() !== '')
    if (!names.every((name) => NAME.test(name.trim()) || name.trim() === DUMMY_TEXT)) return 'name-not-pseudonymised'
    texts.push(...names)
  } else if (typeof value === 'string') texts.push(value)
  return undefined
}

function firstText(element: DcmjsElement | undefined): string | undefined {
  const value = element?.Value?.[0]
  return typeof value === 'string' ? value.trim() : undefined
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !ArrayBuffer.isView(value) && !(value instanceof ArrayBuffer)
}
