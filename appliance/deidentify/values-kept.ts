import { bytesElement, type DataSet, type Element, text, textElement, texts } from '../imaging/dataset/index.ts'
import { type CleaningContext, count, kept, uidFor } from './clean-context.ts'
import { isDate, isDateTime, shiftDate, shiftDateTime } from './dates.ts'
import { DUMMY_TEXT, emptyElement, hasValidSyntax } from './values.ts'

/** The element with its dates moved; times stay (whole days only). `undefined` when a value is no date or time. */
export function shift(source: DataSet, element: Element, context: CleaningContext): Element | undefined {
  const { tag, vr } = element
  if (vr !== 'DA' && vr !== 'DT' && vr !== 'TM') return undefined
  const values = texts(source, tag)
  if (vr === 'TM') return hasValidSyntax('TM', values) ? kept(element, context) : undefined
  const move = vr === 'DA' ? shiftDate : shiftDateTime
  const moved: string[] = []
  for (const value of values) {
    const result = value === '' ? '' : move(value, context.offsetDays)
    if (result === undefined) return undefined
    moved.push(result)
  }
  count(context, 'date-shifted')
  return textElement(tag, vr, ...moved)
}

/** Dates and times as they are; `undefined` when a value is none. */
export function unshifted(source: DataSet, element: Element, context: CleaningContext): Element | undefined {
  const { tag, vr } = element
  const values = texts(source, tag)
  const valid = vr === 'DA' ? isDate : vr === 'DT' ? isDateTime : undefined
  const all = valid === undefined ? hasValidSyntax(vr, values) : values.every((value) => value === '' || valid(value))
  return all ? kept(element, context) : undefined
}

/** The element with its UIDs replaced. */
export function replaceUids(source: DataSet, element: Element, context: CleaningContext): Element {
  const values = element.vr === 'UI' ? texts(source, element.tag) : ['']
  count(context, 'uid-replaced')
  return textElement(element.tag, 'UI', ...values.map((uid) => (uid === '' ? '' : uidFor(uid, context))))
}

/** Text that stays, unless it holds an identifier of the study; in UTF-8, in which the whole output is. */
export function keptText(
  source: DataSet,
  element: Element,
  values: readonly string[],
  isText: boolean,
  context: CleaningContext,
): Element {
  if (context.identifiers.matches(values.join('\\'))) return withoutIdentifiers(element, values, context)
  return isText ? inUtf8(source, element, context) : kept(element, context)
}

/**
 * Of several values only those that hold an identifier go, so that an image type keeps its kind. A code string becomes a
 * dummy, since others count its values by position (PS3.3 C.7.6.1.1.2).
 */
function withoutIdentifiers(element: Element, values: readonly string[], context: CleaningContext): Element {
  count(context, 'identifier-emptied')
  const { tag, vr } = element
  const dummy = vr === 'CS' ? DUMMY_TEXT : ''
  const cleaned = values.map((value) => (context.identifiers.matches(value) ? dummy : value))
  // An identifier that reaches over a backslash is in none of the values alone.
  if (values.length < 2 || context.identifiers.matches(cleaned.join('\\'))) return emptyElement(tag, vr)
  return bytesElement(tag, vr, Buffer.from(cleaned.join('\\'), 'utf8'))
}

/** Text of another character set is written in UTF-8, in which the whole output is; ASCII stays the same view. */
export function inUtf8(source: DataSet, element: Element, context: CleaningContext): Element {
  const { tag, vr, value } = element
  if (value.kind !== 'bytes' || value.bytes.every((byte) => byte < 0x80 && byte !== 0x1b)) return kept(element, context)
  count(context, 'kept')
  return { tag, vr, value: { ...value, bytes: Buffer.from(text(source, tag) ?? '', 'utf8') } }
}
