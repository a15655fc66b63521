import type { ModelReference } from '@leadglass/sync-agent/contract'
import {
  type DataSet,
  dataSetOf,
  decimals,
  type Element,
  sequenceElement,
  text,
  textElement,
  uid,
  type Vr,
} from '../imaging/dataset/index.ts'
import { at } from './binary-elements.ts'
import { type Code, codeItem, decimalString, type InstanceReference, referencedSop } from './content-items.ts'

/** One image that a result of pixels speaks about. `header`: its own attributes, as received. */
export interface SourceFrame extends InstanceReference {
  readonly seriesInstanceUid: string
  readonly header: DataSet
}

const ORIENTATION = 0x00200037
const POSITION = 0x00200032
const FRAME_OF_REFERENCE = 0x00200052
/** Macros of multi-frame objects (PS3.3 C.7.6.16). */
export const GROUPS = { planePosition: 0x00209113, imagePosition: POSITION } as const

const SEGMENTATION: Code = { value: '113076', scheme: 'DCM', meaning: 'Segmentation' }
const SOURCE_IMAGE: Code = {
  value: '121322',
  scheme: 'DCM',
  meaning: 'Source image for image processing operation',
}
const ARTIFICIAL_INTELLIGENCE: Code = { value: '123110', scheme: 'DCM', meaning: 'Artificial Intelligence' }
const PREDECESSOR: Code = { value: '121348', scheme: 'DCM', meaning: 'Temporal Predecessor' }

/** Where the images stand: the Frame of Reference module of their own (PS3.3 C.7.4.1). */
export function frameOfReference({ header }: SourceFrame): Element[] {
  return [
    textElement(FRAME_OF_REFERENCE, 'UI', uid(header, FRAME_OF_REFERENCE) ?? ''),
    copied(header, 0x00201040, 'LO'),
  ]
}

/** True when an image says where it lies in the patient, and in which frame of reference. */
export function hasPlane({ header }: SourceFrame): boolean {
  return (
    uid(header, FRAME_OF_REFERENCE) !== undefined &&
    decimals(header, POSITION).length === 3 &&
    decimals(header, ORIENTATION).length === 6 &&
    decimals(header, 0x00280030).length === 2
  )
}

/** Pixel Measures and Plane Orientation macros, which all frames share (PS3.3 C.7.6.16.2.1, C.7.6.16.2.4). */
export function sharedPlane(frames: readonly SourceFrame[]): Element[] {
  const [first] = frames
  if (first === undefined) return []
  const { header } = first
  const between = spacingOf(frames)
  const thickness = text(header, 0x00180050) ?? (between === undefined ? undefined : decimalString(between))
  const measures = dataSetOf([
    copied(header, 0x00280030, 'DS'),
    ...(thickness === undefined ? [] : [textElement(0x00180050, 'DS', thickness)]),
    ...(between === undefined ? [] : [textElement(0x00180088, 'DS', decimalString(between))]),
  ])
  return [
    sequenceElement(0x00289110, [measures]),
    sequenceElement(0x00209116, [dataSetOf([copied(header, ORIENTATION, 'DS')])]),
  ]
}

/** Plane Position macro: exactly where the source frame lies (PS3.3 C.7.6.16.2.3). */
export function planePosition({ header }: SourceFrame): Element {
  return sequenceElement(GROUPS.planePosition, [dataSetOf([copied(header, POSITION, 'DS')])])
}

/** Derivation Image macro: from which image a frame was made, on the same grid (PS3.3 C.7.6.16.2.6). */
export function derivedFrom(frame: SourceFrame, derivation: Code = SEGMENTATION): Element {
  const source = dataSetOf([
    ...referencedSop(frame).elements.values(),
    textElement(0x0028135a, 'CS', 'YES'),
    sequenceElement(0x0040a170, [codeItem(SOURCE_IMAGE)]),
  ])
  return sequenceElement(0x00089124, [
    dataSetOf([sequenceElement(0x00082112, [source]), sequenceElement(0x00089215, [codeItem(derivation)])]),
  ])
}

/** One axis along which frames are told apart. */
export interface DimensionAxis {
  readonly pointer: number
  readonly group: number
  readonly label: string
}

/** Multi-frame Dimension module (PS3.3 C.7.6.17). */
export function dimensions(organizationUid: string, axes: readonly DimensionAxis[]): Element[] {
  const organization = textElement(0x00209164, 'UI', organizationUid)
  return [
    sequenceElement(0x00209221, [dataSetOf([organization])]),
    sequenceElement(
      0x00209222,
      axes.map(({ pointer, group, label }) =>
        dataSetOf([organization, at(0x00209165, pointer), at(0x00209167, group), textElement(0x00209421, 'LO', label)]),
      ),
    ),
  ]
}

/** Common Instance Reference module: the images, by series (PS3.3 C.12.2). */
export function referencedSeries(frames: readonly SourceFrame[], instanceTag = 0x0008114a): Element {
  const bySeries = Map.groupBy(frames, (frame) => frame.seriesInstanceUid)
  const items = [...bySeries].map(([series, own]) =>
    dataSetOf([sequenceElement(instanceTag, own.map(referencedSop)), textElement(0x0020000e, 'UI', series)]),
  )
  return sequenceElement(0x00081115, items)
}

/** Whether the source was compressed with loss, which what is made of it inherits (PS3.3 C.7.6.1.1.5). */
export function lossiness({ header }: SourceFrame): Element[] {
  if (text(header, 0x00282110) !== '01') return [textElement(0x00282110, 'CS', '00')]
  const more = ([0x00282112, 0x00282114] as const).filter((tag) => header.elements.has(tag))
  return [0x00282110, ...more].map((tag) => copied(header, tag, tag === 0x00282112 ? 'DS' : 'CS'))
}

/** Algorithm Identification macro: which model, as it was approved (PS3.3 10.16). */
export function algorithm(model: ModelReference): DataSet {
  return dataSetOf([
    sequenceElement(0x0066002f, [codeItem(ARTIFICIAL_INTELLIGENCE)]),
    textElement(0x00660031, 'LO', model.version),
    textElement(0x00660032, 'LT', `package sha256:${model.digest}`),
    textElement(0x00660036, 'LO', model.name.slice(0, 64)),
    textElement(0x00240202, 'LO', 'Leadglass'),
  ])
}

/** The images that this one replaces, as images that are related to it (PS3.3 C.7.6.1.1.4). */
export function replacedImages(replaces: readonly InstanceReference[]): Element[] {
  if (replaces.length === 0) return []
  const items = replaces.map((one) =>
    dataSetOf([...referencedSop(one).elements.values(), sequenceElement(0x0040a170, [codeItem(PREDECESSOR)])]),
  )
  return [sequenceElement(0x00081140, items)]
}

/** The words about what a result replaces, for readers that look at no references. */
export function replacedWords(replaces: readonly InstanceReference[]): string {
  return replaces.length === 0 ? '' : `Replaces ${replaces.map((one) => one.sopInstanceUid).join(', ')}`
}

/** An attribute as the source has it; empty when it has none. */
export function copied(header: DataSet, tag: number, vr: Vr): Element {
  const value = header.elements.get(tag)?.value
  return value?.kind === 'bytes' ? { tag, vr, value } : textElement(tag, vr, '')
}

/** Mean distance of neighbouring planes along their normal, in mm; `undefined` for a single one. */
function spacingOf(frames: readonly SourceFrame[]): number | undefined {
  const [first] = frames
  const last = frames.at(-1)
  if (first === undefined || last === undefined || frames.length < 2) return undefined
  const [ax = 0, ay = 0, az = 0, bx = 0, by = 0, bz = 0] = decimals(first.header, ORIENTATION)
  const normal = [ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx]
  const along = ({ header }: SourceFrame): number =>
    decimals(header, POSITION).reduce((sum, value, axis) => sum + value * (normal[axis] ?? 0), 0)
  return Math.abs(along(last) - along(first)) / (frames.length - 1)
}
