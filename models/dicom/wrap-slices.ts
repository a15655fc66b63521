import { text, unsigned, type WriteElement, writePart10 } from './part10.ts'
import { seededUid } from './uid.ts'

/** MR Image Storage and CT Image Storage (PS3.4 B.5). */
const SOP_CLASS = { MR: '1.2.840.10008.5.1.4.1.1.4', CT: '1.2.840.10008.5.1.4.1.1.2' } as const

type Triple = readonly [number, number, number]

/** A volume and where it lies, in the patient coordinates of PS3.3 C.7.6.2.1.1. */
export interface SliceVolume {
  /** Columns, rows, slices. */
  readonly dimensions: Triple
  readonly spacing: Triple
  readonly origin: Triple
  /** Unit vectors along which columns, rows and slices grow. */
  readonly directions: readonly Triple[]
  /** Columns fastest, slices slowest. */
  readonly values: ArrayLike<number>
}

/** What the header is to say; every text ASCII. */
export interface SliceFacts {
  readonly modality: keyof typeof SOP_CLASS
  readonly studySeed: string
  readonly patientId: string
  readonly patientName: string
  /** YYYYMMDD and HHMMSS. */
  readonly studyDate: string
  readonly studyTime: string
  readonly accessionNumber: string
  readonly description: string
}

/** How values became 16-bit integers: value = stored * slope + intercept. */
interface Stored {
  readonly pixels: readonly Buffer[]
  readonly slope: number
  readonly intercept: number
  readonly signed: boolean
}

/**
 * A series of single-frame objects around a volume, one a slice, in Explicit VR Little Endian (PS3.3 A.3, A.4). Integers of 16
 * bits stay as they are; anything else is spread over 16 bits, and the rescale says how.
 * @throws {RangeError} when the number of values is not that of the dimensions, or a value is not finite.
 */
export function* wrapSlices(volume: SliceVolume, facts: SliceFacts): Generator<Uint8Array> {
  const [columns, rows, slices] = volume.dimensions
  if (volume.values.length !== columns * rows * slices)
    throw new RangeError('the dimensions are not those of the values')
  const scale = scaleOf(volume.values)
  for (let k = 0; k < slices; k += 1) {
    const pixels = storedSlice(volume.values, k * columns * rows, columns * rows, scale)
    const instance = seededUid(`slice ${facts.studySeed}/${k}`)
    yield writePart10(SOP_CLASS[facts.modality], instance, [
      ...whose(facts, instance, k),
      ...where(volume, k),
      ...what(volume, facts, pixels, scale),
    ])
  }
}

function whose(facts: SliceFacts, instance: string, k: number): WriteElement[] {
  return [
    text('00080008', 'CS', facts.modality === 'CT' ? 'DERIVED\\SECONDARY\\AXIAL' : 'DERIVED\\SECONDARY\\OTHER'),
    text('00080016', 'UI', SOP_CLASS[facts.modality]),
    text('00080018', 'UI', instance),
    text('00080020', 'DA', facts.studyDate),
    text('00080030', 'TM', facts.studyTime),
    text('00080050', 'SH', facts.accessionNumber),
    text('00080060', 'CS', facts.modality),
    text('00080070', 'LO', ''),
    text('00080090', 'PN', ''),
    text('00081030', 'LO', facts.description),
    text('0008103E', 'LO', facts.description),
    text('00100010', 'PN', facts.patientName),
    text('00100020', 'LO', facts.patientId),
    text('00100030', 'DA', ''),
    text('00100040', 'CS', ''),
    text('0020000D', 'UI', seededUid(`study ${facts.studySeed}`)),
    text('0020000E', 'UI', seededUid(`series ${facts.studySeed}`)),
    text('00200010', 'SH', '1'),
    text('00200011', 'IS', '1'),
    text('00200013', 'IS', String(k + 1)),
    // Nobody knows how the patient lay; the orientation below says where the slices are.
    text('00185100', 'CS', ''),
    text('00200052', 'UI', seededUid(`frame of reference ${facts.studySeed}`)),
    text('00201040', 'LO', ''),
  ]
}

function where({ spacing, origin, directions }: SliceVolume, k: number): WriteElement[] {
  const [across = [1, 0, 0], down = [0, 1, 0], deep = [0, 0, 1]] = directions
  const position = origin.map((start, axis) => start + k * spacing[2] * (deep[axis] ?? 0))
  return [
    text('00200032', 'DS', decimals(position)),
    text('00200037', 'DS', decimals([...across, ...down])),
    text('00280030', 'DS', decimals([spacing[1], spacing[0]])),
    text('00180050', 'DS', decimals([spacing[2]])),
    text('00180088', 'DS', decimals([spacing[2]])),
  ]
}

function what(
  { dimensions: [columns, rows] }: SliceVolume,
  { modality }: SliceFacts,
  pixels: Buffer,
  { slope, intercept, signed }: Scale,
): WriteElement[] {
  const kind = signed ? 1 : 0
  return [
    ...(modality === 'MR'
      ? [
          text('00180020', 'CS', 'RM'),
          text('00180021', 'CS', ''),
          text('00180022', 'CS', ''),
          text('00180023', 'CS', ''),
        ]
      : [text('00180060', 'DS', '')]),
    unsigned('00280002', 1),
    text('00280004', 'CS', 'MONOCHROME2'),
    unsigned('00280010', rows),
    unsigned('00280011', columns),
    unsigned('00280100', 16),
    unsigned('00280101', 16),
    unsigned('00280102', 15),
    unsigned('00280103', kind),
    // An MR image has no rescale of its own (PS3.3 C.8.3); it is written only where values were spread.
    ...(modality === 'CT' || slope !== 1 || intercept !== 0
      ? [text('00281052', 'DS', decimals([intercept])), text('00281053', 'DS', decimals([slope]))]
      : []),
    ...(modality === 'CT' ? [text('00281054', 'LO', 'HU')] : []),
    { tag: '7FE00010', vr: 'OW', value: pixels },
  ]
}

type Scale = Omit<Stored, 'pixels'>

function scaleOf(values: ArrayLike<number>): Scale {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  let isWhole = true
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] ?? Number.NaN
    if (!Number.isFinite(value)) throw new RangeError('a voxel is not a number')
    low = Math.min(low, value)
    high = Math.max(high, value)
    isWhole &&= Number.isInteger(value)
  }
  if (isWhole && low >= 0 && high <= 65_535) return { slope: 1, intercept: 0, signed: false }
  if (isWhole && low >= -32_768 && high <= 32_767) return { slope: 1, intercept: 0, signed: true }
  // As the header will say it, so that what is read back is what was meant.
  const slope = Number(decimals([(high - low) / 65_535 || 1]))
  return { slope, intercept: Number(decimals([low])), signed: false }
}

function storedSlice(values: ArrayLike<number>, from: number, count: number, scale: Scale): Buffer {
  const { slope, intercept, signed } = scale
  const pixels = Buffer.alloc(2 * count)
  for (let i = 0; i < count; i += 1) {
    const stored = Math.round(((values[from + i] ?? 0) - intercept) / slope)
    if (signed) pixels.writeInt16LE(stored, 2 * i)
    else pixels.writeUInt16LE(Math.min(65_535, Math.max(0, stored)), 2 * i)
  }
  return pixels
}

/** Decimal strings of at most 16 characters (PS3.5 6.2, VR DS). */
function decimals(values: readonly number[]): string {
  return values
    .map((value) => {
      const plain = String(Object.is(value, -0) ? 0 : value)
      if (plain.length <= 16) return plain
      for (let digits = 12; digits > 0; digits -= 1) {
        const short = String(Number(value.toPrecision(digits)))
        if (short.length <= 16) return short
      }
      return value.toExponential(8)
    })
    .join('\\')
}
