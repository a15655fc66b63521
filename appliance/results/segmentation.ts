import type { SegmentMeaning } from '@leadglass/models'
import type { ModelReference } from '@leadglass/sync-agent/contract'
import {
  bytesElement,
  type DataSet,
  dataSetOf,
  type Element,
  sequenceElement,
  textElement,
} from '../imaging/dataset/index.ts'
import { ul, us } from './binary-elements.ts'
import { contentMoment, type Report, type ResultContext, resultObject } from './composite-object.ts'
import { codeItem, type InstanceReference } from './content-items.ts'
import {
  algorithm,
  derivedFrom,
  dimensions,
  frameOfReference,
  GROUPS,
  lossiness,
  planePosition,
  referencedSeries,
  replacedImages,
  replacedWords,
  type SourceFrame,
  sharedPlane,
} from './frame-groups.ts'
import { NOT_FOR_DIAGNOSIS } from './notice.ts'
import { derivedUid } from './uids.ts'

/** Segmentation Storage (PS3.4 B.5). */
export const SEGMENTATION_SOP_CLASS = '1.2.840.10008.5.1.4.1.1.66.4'

/** One class of a label map that becomes a segment. */
export interface PlannedSegment extends SegmentMeaning {
  /** Its value in the label map. */
  readonly label: number
  readonly code: string
  readonly title: string
}

/** Everything a segmentation says. */
export interface SegmentationRequest extends ResultContext {
  readonly studyInstanceUid: string
  readonly revision: number
  readonly model: ModelReference
  /** The slices of the series, in the order of the planes of `labels`. */
  readonly frames: readonly SourceFrame[]
  /** Planes x rows x columns, on the very grid of the slices. */
  readonly labels: Uint8Array
  readonly size: readonly [number, number, number]
  /** At most 65,535. */
  readonly segments: readonly PlannedSegment[]
  /** Segmentations of earlier revisions that this one replaces. */
  readonly replaces: readonly InstanceReference[]
}

/** A frame that has voxels: the segment, from 1, and the plane. */
interface MaskFrame {
  readonly segment: number
  readonly plane: number
}

const SEGMENT_IDENTIFICATION = 0x0062000a
const REFERENCED_SEGMENT = 0x0062000b

/** The UID of a segmentation: study, revision, model and series decide it. */
function segmentationUid(
  request: Pick<SegmentationRequest, 'studyInstanceUid' | 'revision' | 'model'>,
  series: string,
): string {
  return derivedUid('segmentation', request.studyInstanceUid, request.revision, request.model.digest, series)
}

/**
 * Builds a binary Segmentation object (PS3.3 A.51): one segment for each class, a frame for each plane in which the class
 * has a voxel, bits packed (PS3.5 8.1.1), each frame with the plane position of its source image and a reference to it.
 * @returns `undefined` when no voxel belongs to any segment: such an object may have no frame, and must have one.
 */
export function buildSegmentation(request: SegmentationRequest): Report | undefined {
  const { studyInstanceUid, revision, model, frames, size, replaces } = request
  const [first] = frames
  const masks = maskFrames(request)
  if (first === undefined || masks.length === 0) return undefined
  const { seriesInstanceUid } = first
  const plan = {
    sopClassUid: SEGMENTATION_SOP_CLASS,
    sopInstanceUid: segmentationUid(request, seriesInstanceUid),
    modality: 'SEG',
    seriesInstanceUid: derivedUid('segmentation series', studyInstanceUid, model.digest),
    seriesNumber: 9904,
    seriesDescription: `AI segments ${model.name} ${model.version}`,
    instanceNumber: revision,
  }
  const organization = derivedUid('dimensions', plan.sopInstanceUid)
  // Dimension values count from 1 without a gap (PS3.3 C.7.6.17.1), so only planes that have a frame are counted.
  const planes = [...new Set(masks.map(({ plane }) => plane))].sort((a, b) => a - b)
  const rankOf = new Map(planes.map((plane, rank) => [plane, rank + 1]))
  return resultObject(request, plan, [
    ...contentMoment(request),
    ...frameOfReference(first),
    textElement(0x00080008, 'CS', 'DERIVED\\PRIMARY'),
    referencedSeries(frames),
    ...replacedImages(replaces),
    textElement(
      0x00204000,
      'LT',
      [NOT_FOR_DIAGNOSIS, replacedWords(replaces)].filter((words) => words !== '').join('. '),
    ),
    ...dimensions(organization, [
      { pointer: REFERENCED_SEGMENT, group: SEGMENT_IDENTIFICATION, label: 'Segment' },
      { pointer: GROUPS.imagePosition, group: GROUPS.planePosition, label: 'Plane' },
    ]),
    us(0x00280002, 1),
    textElement(0x00280004, 'CS', 'MONOCHROME2'),
    textElement(0x00280008, 'IS', String(masks.length)),
    us(0x00280010, size[1]),
    us(0x00280011, size[2]),
    us(0x00280100, 1),
    us(0x00280101, 1),
    us(0x00280102, 0),
    us(0x00280103, 0),
    ...lossiness(first),
    textElement(0x00620001, 'CS', 'BINARY'),
    sequenceElement(
      0x00620002,
      request.segments.map((segment, place) => segmentItem(request, segment, place + 1)),
    ),
    textElement(0x00620013, 'CS', 'NO'),
    textElement(0x00700080, 'CS', 'AI_SEGMENTS'),
    textElement(0x00700081, 'LO', NOT_FOR_DIAGNOSIS),
    textElement(0x00700084, 'PN', ''),
    sequenceElement(0x52009229, [dataSetOf(sharedPlane(frames))]),
    sequenceElement(
      0x52009230,
      masks.map((mask) => frameGroup(request, mask, rankOf.get(mask.plane) ?? 1)),
    ),
    bytesElement(0x7fe00010, 'OW', packed(request, masks)),
  ])
}

/** The frames, segment by segment, plane by plane; a plane without a voxel of the segment has none. */
function maskFrames({ labels, size, segments }: SegmentationRequest): MaskFrame[] {
  const [planes, rows, columns] = size
  const perPlane = rows * columns
  const present = Array.from(
    { length: planes },
    (_, plane) => new Set(labels.subarray(plane * perPlane, (plane + 1) * perPlane)),
  )
  return segments.flatMap(({ label }, place) =>
    present.flatMap((found, plane) => (found.has(label) ? [{ segment: place + 1, plane }] : [])),
  )
}

/** Segment Description macro (PS3.3 table C.8.20-4). */
function segmentItem(request: SegmentationRequest, segment: PlannedSegment, number: number): DataSet {
  const { model, studyInstanceUid, frames } = request
  const tracking = derivedUid(
    'segment',
    studyInstanceUid,
    frames[0]?.seriesInstanceUid ?? '',
    model.digest,
    segment.code,
  )
  return dataSetOf([
    sequenceElement(0x00620003, [codeItem(segment.category)]),
    us(0x00620004, number),
    textElement(0x00620005, 'LO', segment.title.slice(0, 64)),
    sequenceElement(0x00620007, [algorithm(model)]),
    textElement(0x00620008, 'CS', 'AUTOMATIC'),
    textElement(0x00620009, 'LO', `${model.name} ${model.version}`.slice(0, 64)),
    ...(segment.colour === undefined ? [] : [us(0x0062000d, ...segment.colour)]),
    sequenceElement(0x0062000f, [codeItem(segment.type)]),
    textElement(0x00620020, 'UT', `${model.name} ${segment.code}`),
    textElement(0x00620021, 'UI', tracking),
  ])
}

function frameGroup({ frames }: SegmentationRequest, { segment, plane }: MaskFrame, rank: number): DataSet {
  const frame = frames[plane]
  const own: Element[] = frame === undefined ? [] : [derivedFrom(frame), planePosition(frame)]
  return dataSetOf([
    ...own,
    sequenceElement(0x00209111, [dataSetOf([ul(0x00209157, segment, rank)])]),
    sequenceElement(SEGMENT_IDENTIFICATION, [dataSetOf([us(REFERENCED_SEGMENT, segment)])]),
  ])
}

/** One bit a voxel, the first in the lowest bit; frames follow each other without a gap (PS3.5 8.1.1). */
function packed({ labels, size, segments }: SegmentationRequest, masks: readonly MaskFrame[]): Uint8Array {
  const perPlane = size[1] * size[2]
  const bytes = new Uint8Array(Math.ceil((masks.length * perPlane) / 16) * 2)
  masks.forEach(({ segment, plane }, place) => {
    const label = segments[segment - 1]?.label
    const from = plane * perPlane
    const to = place * perPlane
    for (let voxel = 0; voxel < perPlane; voxel += 1) {
      if (labels[from + voxel] !== label) continue
      const bit = to + voxel
      bytes[bit >>> 3] = (bytes[bit >>> 3] ?? 0) | (1 << (bit & 7))
    }
  })
  return bytes
}
