import {
  bytesElement,
  concat,
  type DataSet,
  dataSetOf,
  EXPLICIT_LITTLE,
  textElement,
  writePart10,
} from '../../imaging/dataset/index.ts'
import { us } from '../binary-elements.ts'
import type { HeatMap } from '../parametric-map.ts'
import type { PlannedSegment, SegmentationRequest } from '../segmentation.ts'
import { derivedUid } from '../uids.ts'

const MR = '1.2.840.10008.5.1.4.1.1.4'
/** 143 voxels a plane, which is no whole number of bytes. */
const [PLANES, ROWS, COLUMNS] = [6, 11, 13] as const
const SERIES = derivedUid('example series')
const STUDY = derivedUid('example study')

/** One slice of an oblique series of a phantom, with pixels: the image, as a reader needs it to place a segment on it. */
function slice(plane: number): { readonly header: DataSet; readonly bytes: Buffer; readonly sopInstanceUid: string } {
  const sopInstanceUid = derivedUid('example slice', plane)
  const words = (tag: number, vr: 'CS' | 'DA' | 'DS' | 'IS' | 'LO' | 'PN' | 'SH' | 'TM' | 'UI', value: string) =>
    textElement(tag, vr, value)
  // Slices lie along the normal of a plane that is turned by 30 degrees about the first axis.
  const normal = [0, -0.5, 0.8660254038]
  const position = normal.map((part, axis) => ([10, -20, 30][axis] ?? 0) + part * 2.5 * plane)
  const header = dataSetOf([
    words(0x00080016, 'UI', MR),
    words(0x00080018, 'UI', sopInstanceUid),
    words(0x00080020, 'DA', '20260105'),
    words(0x00080030, 'TM', '080000'),
    words(0x00080050, 'SH', 'PHANTOM7'),
    words(0x00080060, 'CS', 'MR'),
    words(0x00080090, 'PN', ''),
    words(0x00100010, 'PN', 'PHANTOM^SEVEN'),
    words(0x00100020, 'LO', 'PHANTOM-7'),
    words(0x00100030, 'DA', ''),
    words(0x00100040, 'CS', 'O'),
    words(0x00180050, 'DS', '2.5'),
    words(0x0020000d, 'UI', STUDY),
    words(0x0020000e, 'UI', SERIES),
    words(0x00200010, 'SH', '7'),
    words(0x00200011, 'IS', '1'),
    words(0x00200013, 'IS', String(plane + 1)),
    words(0x00200032, 'DS', position.map((value) => value.toFixed(6)).join('\\')),
    words(0x00200037, 'DS', '1\\0\\0\\0\\0.866025\\0.5'),
    words(0x00200052, 'UI', derivedUid('example frame of reference')),
    words(0x00201040, 'LO', ''),
    us(0x00280002, 1),
    words(0x00280004, 'CS', 'MONOCHROME2'),
    us(0x00280010, ROWS),
    us(0x00280011, COLUMNS),
    words(0x00280030, 'DS', '0.8\\0.7'),
    words(0x00281050, 'DS', '500'),
    words(0x00281051, 'DS', '1000'),
  ])
  const dataSet = dataSetOf([
    ...header.elements.values(),
    us(0x00280100, 16),
    us(0x00280101, 16),
    us(0x00280102, 15),
    us(0x00280103, 0),
    bytesElement(0x7fe00010, 'OW', new Uint8Array(ROWS * COLUMNS * 2)),
  ])
  const meta = {
    mediaStorageSopClassUid: MR,
    mediaStorageSopInstanceUid: sopInstanceUid,
    transferSyntaxUid: EXPLICIT_LITTLE,
  }
  return { header, sopInstanceUid, bytes: concat(writePart10({ meta, dataSet })) }
}

const SLICES = Array.from({ length: PLANES }, (_, plane) => slice(plane))

/** The slices as files. */
export const EXAMPLE_SLICES: readonly Buffer[] = SLICES.map(({ bytes }) => bytes)

const TISSUE = { scheme: 'SCT', value: '85756007', meaning: 'Tissue' } as const
/** Two classes as a package declares them. */
export const EXAMPLE_SEGMENTS: readonly PlannedSegment[] = [
  {
    label: 1,
    code: 'white-matter',
    title: 'White matter',
    category: TISSUE,
    type: { scheme: 'SCT', value: '68523003', meaning: 'Cerebral white matter' },
    colour: [60_000, 33_000, 33_000],
  },
  {
    label: 2,
    code: 'grey-matter',
    title: 'Grey matter',
    category: TISSUE,
    type: { scheme: 'SCT', value: '40146001', meaning: 'Cerebral cortex' },
  },
]

/** A label map with both classes, nothing in the first plane, and voxels at the first and last place of a plane. */
export function exampleLabels(): Uint8Array {
  const labels = Uint8Array.from({ length: PLANES * ROWS * COLUMNS }, (_, voxel) => (voxel * 7919) % 3)
  labels.fill(0, 0, ROWS * COLUMNS)
  labels[ROWS * COLUMNS] = 1
  labels[labels.length - 1] = 2
  return labels
}

/** A segmentation of the example series. */
export function exampleSegmentation(change: Partial<SegmentationRequest> = {}): SegmentationRequest {
  const [first] = SLICES
  if (first === undefined) throw new Error('there are no slices')
  return {
    source: first.header,
    studyInstanceUid: STUDY,
    revision: 1,
    model: { name: 'brain', version: '1.0.0', digest: 'b'.repeat(64) },
    device: { name: 'test-box', softwareVersion: '0.1.0' },
    date: '20260105',
    time: '080000',
    frames: SLICES.map(({ header, sopInstanceUid }) => ({
      sopClassUid: MR,
      sopInstanceUid,
      seriesInstanceUid: SERIES,
      header,
    })),
    labels: exampleLabels(),
    size: [PLANES, ROWS, COLUMNS],
    segments: EXAMPLE_SEGMENTS,
    replaces: [],
    ...change,
  }
}

/** A heat map over one slice, coarser than the slice unless told. */
export function exampleHeatMap(rows = 4, columns = 5): HeatMap {
  const [, source] = exampleSegmentation().frames
  if (source === undefined) throw new Error('there are no slices')
  return {
    source,
    rows,
    columns,
    values: Float32Array.from({ length: rows * columns }, (_, place) => Math.sin(place) / 3),
    output: { code: 'pneumonia', title: 'Pneumonia' },
    quantity: { value: '130404', scheme: 'DCM', meaning: 'Saliency' },
    unit: { value: '1', scheme: 'UCUM', meaning: 'no units' },
  }
}
