import { bytesOf, type DataSet, integer, parsePart10, text, texts, uid } from '../imaging/dataset/index.ts'
import { COPIED_ATTRIBUTES } from './composite-object.ts'
import { checkContent } from './content-check.ts'
import { checkPresentation, checkSegmentation } from './image-checks.ts'
import { REPORT_SOP_CLASS } from './measurement-report.ts'
import { PARAMETRIC_MAP_SOP_CLASS } from './parametric-map.ts'
import { PRESENTATION_SOP_CLASS } from './presentation-state.ts'
import { CAPTURE_SOP_CLASS } from './secondary-capture.ts'
import { SEGMENTATION_SOP_CLASS } from './segmentation.ts'
import { NOTE_SOP_CLASS } from './withdrawal-note.ts'

/** Of every object: present and not empty (type 1), present (type 2). PS3.3 C.7.1.1, C.7.2.1, C.7.3.1, C.7.5.1, C.12.1. */
const COMMON = {
  filled: [0x00080016, 0x00080018, 0x00080060, 0x0020000d, 0x0020000e],
  present: [0x00080020, 0x00080030, 0x00080050, 0x00080090, 0x00100010, 0x00100020, 0x00100030, 0x00100040, 0x00200010],
} as const
const DOCUMENT = [0x00080023, 0x00080033, 0x0040a040, 0x0040a043, 0x0040a050, 0x0040a730]
const GRID = [0x00280002, 0x00280004, 0x00280010, 0x00280011, 0x00280100]
const FRAMES = [0x00080008, 0x00200052, 0x00209221, 0x00209222, 0x00280008, 0x52009229, 0x52009230]

/** What an object of each class needs besides. */
const BY_CLASS: Readonly<Record<string, readonly number[]>> = {
  [REPORT_SOP_CLASS]: [...DOCUMENT, 0x0040a491, 0x0040a493],
  [NOTE_SOP_CLASS]: [...DOCUMENT, 0x0040a375],
  [CAPTURE_SOP_CLASS]: [...GRID, 0x00080064, 0x7fe00010],
  [SEGMENTATION_SOP_CLASS]: [...GRID, ...FRAMES, 0x00620001, 0x00620002, 0x00700080, 0x7fe00010],
  [PARAMETRIC_MAP_SOP_CLASS]: [...GRID, ...FRAMES, 0x00700080, 0x7fe00008],
  [PRESENTATION_SOP_CLASS]: [0x00081115, 0x0070005a, 0x00700080, 0x00700082, 0x00700083, 0x20500020],
}

/** Longest value in characters, and form, by VR (PS3.5 6.2). */
const FORMS: Readonly<Record<string, RegExp>> = {
  CS: /^[A-Z0-9_ ]{0,16}$/,
  DA: /^(?:\d{8})?$/,
  DS: /^ *(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:E[+-]?\d+)?)? *$/i,
  IS: /^ *(?:[+-]?\d{1,11})? *$/,
  LO: /^[^\\]{0,64}$/s,
  LT: /^.{0,10240}$/s,
  SH: /^[^\\]{0,16}$/s,
  ST: /^.{0,1024}$/s,
  TM: /^(?:\d{2}(?:\d{2}(?:\d{2}(?:\.\d{1,6})?)?)?)?$/,
  UI: /^(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*))+$/,
}
const WHOLE: ReadonlySet<string> = new Set(['LT', 'ST'])

/**
 * Reads a finished result object again and looks whether an archive has a reason to refuse it: attributes that its class
 * needs, values in the form of their VR, pixels of the size that is told, references that lead somewhere. What was copied
 * from the source is judged by nobody: it must be as it is there.
 * @returns what is wrong, as a code, such as `missing-0020000e`; `undefined` for an object that may leave.
 */
export function findObjectFault(bytes: Uint8Array): string | undefined {
  const { meta, dataSet, truncated } = parsePart10(bytes)
  const sopClass = uid(dataSet, 0x00080016) ?? ''
  const needed = BY_CLASS[sopClass]
  if (truncated) return 'truncated'
  if (needed === undefined) return 'class-unknown'
  if (meta.mediaStorageSopClassUid !== sopClass) return 'meta-differs'
  if (meta.mediaStorageSopInstanceUid !== uid(dataSet, 0x00080018)) return 'meta-differs'
  const missing =
    [...COMMON.filled, ...needed].find((tag) => isEmpty(dataSet, tag)) ??
    COMMON.present.find((tag) => !dataSet.elements.has(tag))
  if (missing !== undefined) return `missing-${nameOf(missing)}`
  return malformed(dataSet) ?? checkPixels(dataSet) ?? checkClass(sopClass, dataSet)
}

function checkClass(sopClass: string, dataSet: DataSet): string | undefined {
  if (sopClass === SEGMENTATION_SOP_CLASS) return checkSegmentation(dataSet)
  if (sopClass === PRESENTATION_SOP_CLASS) return checkPresentation(dataSet)
  return sopClass === REPORT_SOP_CLASS || sopClass === NOTE_SOP_CLASS ? checkContent(dataSet) : undefined
}

function isEmpty(dataSet: DataSet, tag: number): boolean {
  const value = dataSet.elements.get(tag)?.value
  if (value?.kind === 'items') return value.items.length === 0
  return value?.kind === 'bytes' ? value.bytes.length === 0 : value === undefined
}

/** The first value that is not of the form of its VR, here or in any item. */
function malformed(dataSet: DataSet): string | undefined {
  for (const { tag, vr, value } of dataSet.elements.values()) {
    if (value.kind === 'items') {
      const inside = value.items.map(malformed).find((fault) => fault !== undefined)
      if (inside !== undefined) return inside
      continue
    }
    const form = FORMS[vr]
    if (form === undefined || COPIED_ATTRIBUTES.has(tag)) continue
    const values = WHOLE.has(vr) ? [text(dataSet, tag) ?? ''] : texts(dataSet, tag)
    if (
      values.some((one) => one !== '' && (!form.test(one) || (vr === 'DS' && one.length > 16) || one.length > 10_240))
    )
      return `malformed-${nameOf(tag)}`
    if (vr === 'UI' && values.some((one) => one.length > 64)) return `malformed-${nameOf(tag)}`
  }
  return undefined
}

/** Pixels of exactly the told size, padded to an even length (PS3.5 8.1.1). */
function checkPixels(dataSet: DataSet): string | undefined {
  const pixels = bytesOf(dataSet, 0x7fe00010) ?? bytesOf(dataSet, 0x7fe00008)
  if (pixels === undefined) return undefined
  const frames = Number(text(dataSet, 0x00280008) ?? '1')
  const factors = [0x00280010, 0x00280011, 0x00280002, 0x00280100].map((tag) => integer(dataSet, tag) ?? 0)
  const bits = factors.reduce((product, factor) => product * factor, frames)
  return pixels.length === Math.ceil(bits / 16) * 2 ? undefined : 'pixels-size'
}

function nameOf(tag: number): string {
  return tag.toString(16).padStart(8, '0')
}
