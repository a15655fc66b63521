import { type DataSet, dataSetOf, type Element, sequenceElement, textElement } from '../imaging/dataset/index.ts'

/** A coded concept (PS3.3 8.8-1). */
export interface Code {
  readonly value: string
  readonly scheme: string
  readonly meaning: string
}

/** How an item belongs to the one above (PS3.3 table C.17.3-8). */
export type Relationship = 'CONTAINS' | 'HAS OBS CONTEXT' | 'HAS CONCEPT MOD' | 'HAS ACQ CONTEXT' | 'INFERRED FROM'

/** One item of a structured report, without its place in the tree. */
interface Content {
  readonly relationship: Relationship
  readonly concept: Code | null
  readonly children?: readonly DataSet[]
}

/** The code sequence item of a concept. */
export function codeItem(code: Code): DataSet {
  return dataSetOf([
    textElement(0x00080100, 'SH', code.value),
    textElement(0x00080102, 'SH', code.scheme),
    textElement(0x00080104, 'LO', code.meaning),
  ])
}

/** A heading with items below it. `template` is set where a template begins that must be named (PS3.3 C.18.8). */
export function containerItem(content: Content, template?: string): DataSet {
  return item('CONTAINER', content, [
    textElement(0x0040a050, 'CS', 'SEPARATE'),
    ...(template === undefined ? [] : [templateElement(template)]),
  ])
}

export function codeContent(content: Content, value: Code): DataSet {
  return item('CODE', content, [sequenceElement(0x0040a168, [codeItem(value)])])
}

export function textContent(content: Content, value: string): DataSet {
  return item('TEXT', content, [textElement(0x0040a160, 'UT', value)])
}

export function uidContent(content: Content, value: string): DataSet {
  return item('UIDREF', content, [textElement(0x0040a124, 'UI', value)])
}

/** A reference to an image (PS3.3 C.18.4). */
export function imageContent(content: Content, image: InstanceReference): DataSet {
  return item('IMAGE', content, [sequenceElement(0x00081199, [referencedSop(image)])])
}

/** A reference to an object that is no image (PS3.3 C.18.3). */
export function compositeContent(content: Content, object: InstanceReference): DataSet {
  return item('COMPOSITE', content, [sequenceElement(0x00081199, [referencedSop(object)])])
}

/** A measured value; numbers are written with at most 16 characters (PS3.5 6.2, DS). */
export function numberContent(content: Content, value: number, unit: Code): DataSet {
  const measured = dataSetOf([
    textElement(0x0040a30a, 'DS', decimalString(value)),
    sequenceElement(0x004008ea, [codeItem(unit)]),
  ])
  return item('NUM', content, [sequenceElement(0x0040a300, [measured])])
}

/** Content Template Sequence of a DICOM template. */
export function templateElement(identifier: string): Element {
  const template = dataSetOf([textElement(0x00080105, 'CS', 'DCMR'), textElement(0x0040db00, 'CS', identifier)])
  return sequenceElement(0x0040a504, [template])
}

/** Which instance. */
export interface InstanceReference {
  readonly sopClassUid: string
  readonly sopInstanceUid: string
}

/** SOP Instance Reference macro (PS3.3 10.8). */
export function referencedSop({ sopClassUid, sopInstanceUid }: InstanceReference): DataSet {
  return dataSetOf([textElement(0x00081150, 'UI', sopClassUid), textElement(0x00081155, 'UI', sopInstanceUid)])
}

/** A number as a Decimal String of at most 16 characters, rounded where it must be. */
export function decimalString(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError('a decimal string has no form for a number that is not finite')
  const shortest = String(value)
  if (shortest.length <= 16) return shortest
  for (let digits = 14; digits > 0; digits -= 1) {
    const rounded = String(Number(value.toPrecision(digits)))
    if (rounded.length <= 16) return rounded
  }
  return value.toExponential(6)
}

function item(valueType: string, { relationship, concept, children }: Content, own: readonly Element[]): DataSet {
  return dataSetOf([
    textElement(0x0040a010, 'CS', relationship),
    textElement(0x0040a040, 'CS', valueType),
    ...(concept === null ? [] : [sequenceElement(0x0040a043, [codeItem(concept)])]),
    ...own,
    ...(children === undefined || children.length === 0 ? [] : [sequenceElement(0x0040a730, children)]),
  ])
}
