import type { ModelReference } from '@leadglass/sync-agent/contract'
import {
  bytesElement,
  type DataSet,
  dataSetOf,
  decimals,
  type Element,
  integer,
  sequenceElement,
  text,
  textElement,
} from '../imaging/dataset/index.ts'
import { fd, ul, us } from './binary-elements.ts'
import { contentMoment, type Report, type ResultContext, resultObject } from './composite-object.ts'
import { type Code, codeItem, decimalString, type InstanceReference } from './content-items.ts'
import {
  copied,
  derivedFrom,
  dimensions,
  frameOfReference,
  GROUPS,
  hasPlane,
  lossiness,
  referencedSeries,
  replacedImages,
  replacedWords,
  type SourceFrame,
} from './frame-groups.ts'
import { NOT_FOR_DIAGNOSIS } from './notice.ts'
import { derivedUid } from './uids.ts'

/** Parametric Map Storage (PS3.4 B.5). */
export const PARAMETRIC_MAP_SOP_CLASS = '1.2.840.10008.5.1.4.1.1.30'

/** How strongly each place of an image bears on one output of a model. */
export interface HeatMap {
  readonly source: SourceFrame
  /** Of the map, which covers the whole image, in at most as many rows and columns as the image has. */
  readonly rows: number
  readonly columns: number
  /** Row-major, finite. */
  readonly values: Float32Array
  /** Which output is explained. */
  readonly output: { readonly code: string; readonly title: string }
  /** What the values are (PS3.16 CID 218), such as DCM 130404 "Saliency". */
  readonly quantity: Code
  /** UCUM. */
  readonly unit: Code
}

/** Everything a parametric map says. */
export interface ParametricMapRequest extends ResultContext {
  readonly studyInstanceUid: string
  readonly revision: number
  readonly model: ModelReference
  readonly map: HeatMap
  /** Maps of earlier revisions that this one replaces. */
  readonly replaces: readonly InstanceReference[]
}

/** The UID of a map: study, revision, model, image and output decide it. */
export function parametricMapUid(
  study: string,
  revision: number,
  modelDigest: string,
  image: string,
  code: string,
): string {
  return derivedUid('map', study, revision, modelDigest, image, code)
}

const QUANTITY: Code = { value: '246205007', scheme: 'SCT', meaning: 'Quantity' }
const FRAME_CONTENT = 0x00209111

/**
 * Builds a Parametric Map with one frame of 32-bit floats (PS3.3 A.75) that lies over its source image: real values, so that
 * a reader need not guess what a colour means.
 */
export function buildParametricMap(request: ParametricMapRequest): Report {
  const { studyInstanceUid, revision, model, map, replaces } = request
  const { source, rows, columns, values, output } = map
  if (values.length !== rows * columns || !values.every(Number.isFinite)) {
    throw new RangeError('a heat map needs one finite value for each of its places')
  }
  const plan = {
    sopClassUid: PARAMETRIC_MAP_SOP_CLASS,
    sopInstanceUid: parametricMapUid(studyInstanceUid, revision, model.digest, source.sopInstanceUid, output.code),
    modality: 'OT',
    seriesInstanceUid: derivedUid('map series', studyInstanceUid, model.digest, source.seriesInstanceUid),
    seriesNumber: 9906,
    seriesDescription: `AI heat map ${model.name} ${model.version}`,
    instanceNumber: revision,
  }
  const kind = ['DERIVED', 'PRIMARY', 'VOLUME', 'NONE'] as const
  return resultObject(request, plan, [
    ...contentMoment(request),
    textElement(0x00080008, 'CS', ...kind),
    referencedSeries([source]),
    ...replacedImages(replaces),
    textElement(0x00189004, 'CS', 'RESEARCH'),
    ...frameOf(map),
    // Of the map it is that of the image, which may say nothing (PS3.3 C.7.3.1, type 2C).
    copied(source.header, 0x00200060, 'CS'),
    sequenceElement(0x00400555, []),
    textElement(
      0x00204000,
      'LT',
      [NOT_FOR_DIAGNOSIS, replacedWords(replaces)].filter((words) => words !== '').join('. '),
    ),
    ...dimensions(derivedUid('dimensions', plan.sopInstanceUid), [
      { pointer: 0x00209057, group: FRAME_CONTENT, label: 'Stack position' },
    ]),
    us(0x00280002, 1),
    textElement(0x00280004, 'CS', 'MONOCHROME2'),
    textElement(0x00280008, 'IS', '1'),
    us(0x00280010, rows),
    us(0x00280011, columns),
    us(0x00280100, 32),
    textElement(0x00280301, 'CS', 'NO'),
    textElement(0x00280302, 'CS', 'NO'),
    ...lossiness(source),
    textElement(0x00700080, 'CS', 'AI_HEAT_MAP'),
    textElement(0x00700081, 'LO', `${NOT_FOR_DIAGNOSIS}: ${output.title}`.slice(0, 64)),
    textElement(0x00700084, 'PN', ''),
    textElement(0x20500020, 'CS', 'IDENTITY'),
    sequenceElement(0x52009229, [dataSetOf(sharedGroups(map, kind))]),
    sequenceElement(0x52009230, [dataSetOf(frameGroups(map))]),
    bytesElement(0x7fe00008, 'OF', littleEndian(values)),
  ])
}

/** An image that lies nowhere in the patient, such as a radiograph, is a frame of reference of its own, shared with nothing. */
function frameOf({ source }: HeatMap): Element[] {
  if (hasPlane(source)) return frameOfReference(source)
  return [
    textElement(0x00200052, 'UI', derivedUid('frame of reference', source.sopInstanceUid)),
    textElement(0x00201040, 'LO', ''),
  ]
}

function sharedGroups(map: HeatMap, kind: readonly string[]): Element[] {
  const { low, high } = rangeOf(map.values)
  return [
    ...planeGroups(map),
    sequenceElement(0x00289132, [
      dataSetOf([
        textElement(0x00281050, 'DS', decimalString((low + high) / 2)),
        textElement(0x00281051, 'DS', decimalString(Math.max(high - low, 1e-6))),
        // Widths below 1 have a meaning only here (PS3.3 C.11.2.1.3.2).
        textElement(0x00281056, 'CS', 'LINEAR_EXACT'),
      ]),
    ]),
    sequenceElement(0x00289145, [
      dataSetOf([
        textElement(0x00281052, 'DS', '0'),
        textElement(0x00281053, 'DS', '1'),
        textElement(0x00281054, 'LO', 'US'),
      ]),
    ]),
    sequenceElement(0x00409092, [dataSetOf([textElement(0x00089007, 'CS', ...kind)])]),
    sequenceElement(0x00409096, [realWorld(map, low, high)]),
  ]
}

/**
 * Pixel Measures, Plane Position and Plane Orientation, of the coarser grid of the map where it is coarser. A map must have
 * them; over an image that has none they say the distances of the image, in its own frame of reference.
 */
function planeGroups({ source, rows, columns }: HeatMap): Element[] {
  const { header } = source
  const isPlaced = hasPlane(source)
  const [between = 1, across = 1] =
    [0x00280030, 0x00181164].map((tag) => decimals(header, tag)).find((pair) => pair.length === 2) ?? []
  const scaled = [
    (between * (integer(header, 0x00280010) ?? rows)) / rows,
    (across * (integer(header, 0x00280011) ?? columns)) / columns,
  ] as const
  const [down, right] = [(scaled[0] - between) / 2, (scaled[1] - across) / 2]
  const cosines = isPlaced ? decimals(header, 0x00200037) : [1, 0, 0, 0, 1, 0]
  const corner = isPlaced ? decimals(header, GROUPS.imagePosition) : [0, 0, 0]
  // Image Orientation names the direction along a row first; the centre of the first place lies further in.
  const position = corner.map((at, axis) => at + right * (cosines[axis] ?? 0) + down * (cosines[axis + 3] ?? 0))
  const thickness = text(header, 0x00180050) ?? '1'
  const item = (...elements: Element[]): DataSet[] => [dataSetOf(elements)]
  return [
    sequenceElement(
      0x00289110,
      item(textElement(0x00180050, 'DS', thickness), textElement(0x00280030, 'DS', ...scaled.map(decimalString))),
    ),
    sequenceElement(0x00209116, item(textElement(0x00200037, 'DS', ...cosines.map(decimalString)))),
    sequenceElement(
      GROUPS.planePosition,
      item(textElement(GROUPS.imagePosition, 'DS', ...position.map(decimalString))),
    ),
  ]
}

/** Real World Value Mapping macro: a stored value is the value (PS3.3 C.7.6.16.2.11). */
function realWorld({ output, quantity, unit }: HeatMap, low: number, high: number): DataSet {
  const defined = dataSetOf([
    textElement(0x0040a040, 'CS', 'CODE'),
    sequenceElement(0x0040a043, [codeItem(QUANTITY)]),
    sequenceElement(0x0040a168, [codeItem(quantity)]),
  ])
  return dataSetOf([
    textElement(0x00283003, 'LO', output.title.slice(0, 64)),
    sequenceElement(0x004008ea, [codeItem(unit)]),
    textElement(0x00409210, 'SH', output.code.slice(0, 16)),
    fd(0x00409213, high),
    fd(0x00409214, low),
    sequenceElement(0x00409220, [defined]),
    fd(0x00409224, 0),
    fd(0x00409225, 1),
  ])
}

function frameGroups({ source, quantity }: HeatMap): Element[] {
  const content = dataSetOf([textElement(0x00209056, 'SH', '1'), ul(0x00209057, 1), ul(0x00209157, 1)])
  return [derivedFrom(source, quantity), sequenceElement(FRAME_CONTENT, [content])]
}

function rangeOf(values: Float32Array): { readonly low: number; readonly high: number } {
  return values.reduce(({ low, high }, value) => ({ low: Math.min(low, value), high: Math.max(high, value) }), {
    low: values[0] ?? 0,
    high: values[0] ?? 0,
  })
}

function littleEndian(values: Float32Array): Uint8Array {
  const bytes = Buffer.alloc(values.length * 4)
  values.forEach((value, place) => {
    bytes.writeFloatLE(value, place * 4)
  })
  return bytes
}
