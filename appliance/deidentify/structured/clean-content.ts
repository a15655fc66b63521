import {
  bytesElement,
  type DataSet,
  dataSetOf,
  decimal,
  type Element,
  sequence,
  sequenceElement,
  text,
  textElement,
  texts,
} from '../../imaging/dataset/index.ts'
import { type CleanItem, type CleaningContext, count, gone, uidFor } from '../clean-context.ts'
import { codedEntry, DUMMY_TEXT, dummyElement, hasValidSyntax } from '../values.ts'
import { shift, unshifted } from '../values-kept.ts'
import { type ContentAction, contentActionOf, contentRow } from './content-rules.ts'

const CONCEPT_NAME = 0x0040a043
const VALUE_TYPE = 0x0040a040
const CONTENT_SEQUENCE = 0x0040a730
const POSITION = 0x0040db73
const MEASURED_VALUE = 0x0040a300
const NUMERIC_VALUE = 0x0040a30a
const CONCEPT_CODE = 0x0040a168

/** Where a content item of each value type has its value (PS3.3 C.17.3 and C.18). */
const VALUE_TAGS = new Map([
  ['TEXT', 0x0040a160],
  ['PNAME', 0x0040a123],
  ['UIDREF', 0x0040a124],
  ['DATE', 0x0040a121],
  ['TIME', 0x0040a122],
  ['DATETIME', 0x0040a120],
])

const SUBJECT_AGE = '121033'
const MOST_YEARS = 90

/** True where an item of a document names another by its position; then no item may be taken out. */
export function refersByPosition(dataSet: DataSet): boolean {
  for (const { tag, value } of dataSet.elements.values()) {
    if (tag === POSITION) return true
    if (value.kind === 'items' && value.items.some(refersByPosition)) return true
  }
  return false
}

/** The content items of a sequence under the Clean Structured Content Option (PS3.15 E.3.4), with all below them. */
export function cleanContent(element: Element, context: CleaningContext, clean: CleanItem): Element {
  const { tag, value } = element
  const items = value.kind === 'items' ? value.items : []
  count(context, 'kept')
  return sequenceElement(
    tag,
    items.flatMap((item) => cleanedItem(item, tag, context, clean) ?? []),
  )
}

function cleanedItem(item: DataSet, tag: number, context: CleaningContext, clean: CleanItem): DataSet | undefined {
  const valueType = text(item, VALUE_TYPE) ?? ''
  const concept = sequence(item, CONCEPT_NAME)[0]
  const code = concept === undefined ? '' : (text(concept, 0x00080100) ?? '')
  const scheme = concept === undefined ? '' : (text(concept, 0x00080102) ?? '')
  const row = contentRow(code, scheme, valueType)
  const action = row === undefined ? actionWithoutRow(valueType, context) : contentActionOf(row, context.options)
  const valueTag = VALUE_TAGS.get(valueType)
  if (valueTag === undefined) return compound(item, tag, { valueType, code, action }, context, clean)
  const cleaned = cleanedValue(item, valueTag, action, context)
  const mayGo = action === 'remove' || (row?.action === 'X' && cleaned === undefined)
  if (mayGo && !context.hasPositions) return gone(context, 'removed')
  const others = clean({ ...item, elements: without(item, valueTag) }, context, tag)
  return withElement(others, cleaned ?? dummyOf(item, valueTag, context))
}

/** Concepts that table E.3.4-1 does not name: what people wrote is cleaned, what devices measured stays. */
function actionWithoutRow(valueType: string, { options }: CleaningContext): ContentAction {
  switch (valueType) {
    case 'TEXT':
      return 'words'
    case 'PNAME':
      return 'dummy'
    case 'UIDREF':
      return options.has('retain-uids') ? 'keep' : 'dummy'
    case 'DATE':
    case 'TIME':
    case 'DATETIME':
      if (options.has('retain-modified-dates')) return 'dates'
      return options.has('retain-full-dates') ? 'keep' : 'dummy'
    default:
      return 'keep'
  }
}

/** The cleaned value; `undefined` where nothing of it may stay. */
function cleanedValue(
  item: DataSet,
  tag: number,
  action: ContentAction,
  context: CleaningContext,
): Element | undefined {
  const element = item.elements.get(tag)
  if (element === undefined) return undefined
  if (action === 'dates') return shift(item, element, context)
  if (action !== 'keep' && action !== 'words') return undefined
  const { vr } = element
  if (vr === 'DA' || vr === 'DT' || vr === 'TM')
    return action === 'keep' ? unshifted(item, element, context) : undefined
  const values = texts(item, tag)
  if (vr === 'UI') return action === 'keep' && hasValidSyntax(vr, values) ? element : undefined
  if (vr !== 'UT') return undefined
  const written = values.join('\\')
  const stays = action === 'words' ? context.words().clean(written) : written
  if (stays === '' || context.identifiers.matches(stays)) return undefined
  count(context, 'cleaned')
  return bytesElement(tag, 'UT', Buffer.from(stays, 'utf8'))
}

function dummyOf(item: DataSet, tag: number, context: CleaningContext): Element {
  count(context, 'replaced')
  switch (tag) {
    case 0x0040a124:
      return textElement(tag, 'UI', uidFor(texts(item, tag)[0] ?? '', context))
    case 0x0040a160:
      return textElement(tag, 'UT', DUMMY_TEXT)
    case 0x0040a123:
      return textElement(tag, 'PN', DUMMY_TEXT)
    case 0x0040a121:
      return dummyElement(tag, 'DA')
    case 0x0040a122:
      return dummyElement(tag, 'TM')
    default:
      return dummyElement(tag, 'DT')
  }
}

/** Numbers, codes, references, coordinates, containers: their attributes are cleaned as any others. */
function compound(
  item: DataSet,
  tag: number,
  { valueType, code, action }: { valueType: string; code: string; action: ContentAction },
  context: CleaningContext,
  clean: CleanItem,
): DataSet | undefined {
  if (action === 'remove' && !context.hasPositions) return gone(context, 'removed')
  const cleaned = clean(item, context, tag)
  if (action === 'remove') {
    if (valueType === 'NUM') return withElement(cleaned, sequenceElement(MEASURED_VALUE, []))
    if (valueType === 'CODE') {
      const dummy = dataSetOf(codedEntry(DUMMY_TEXT, '99LEADGLASS', DUMMY_TEXT))
      return withElement(cleaned, sequenceElement(CONCEPT_CODE, [dummy]))
    }
    if (valueType === 'CONTAINER') return { ...cleaned, elements: without(cleaned, CONTENT_SEQUENCE) }
  }
  return valueType === 'NUM' && code === SUBJECT_AGE ? withCappedAge(cleaned) : cleaned
}

/** Ages above 89 years are one (45 CFR 164.514(b)(2)(i)(C)), here as in Patient's Age. */
function withCappedAge(item: DataSet): DataSet {
  const [measured] = sequence(item, MEASURED_VALUE)
  if (measured === undefined || (decimal(measured, NUMERIC_VALUE) ?? 0) < MOST_YEARS) return item
  const [unit] = sequence(measured, 0x004008ea)
  if (unit === undefined || text(unit, 0x00080100) !== 'a') return item
  const capped = withElement(measured, textElement(NUMERIC_VALUE, 'DS', String(MOST_YEARS)))
  return withElement(item, sequenceElement(MEASURED_VALUE, [capped]))
}

function without({ elements }: DataSet, tag: number): Map<number, Element> {
  const others = new Map(elements)
  others.delete(tag)
  return others
}

function withElement(dataSet: DataSet, element: Element): DataSet {
  const elements = new Map(dataSet.elements).set(element.tag, element)
  return dataSetOf(elements.values(), dataSet.characterSets)
}
