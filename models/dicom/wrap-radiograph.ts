import { sequence, text, unsigned, type WriteElement, writePart10 } from './part10.ts'
import { seededUid } from './uid.ts'

/** Digital X-Ray Image Storage - For Presentation (PS3.4 B.5). */
export const DX_FOR_PRESENTATION = '1.2.840.10008.5.1.4.1.1.1.1'

/** Grey pixels, row-major, MONOCHROME2. */
export interface RadiographPixels {
  readonly rows: number
  readonly columns: number
  /** 8 for `Uint8Array`; 9 to 16 for `Uint16Array`. */
  readonly bitsStored: number
  readonly values: Uint8Array | Uint16Array
}

/** What the header is to say. Every text is ASCII; the caller says in the descriptions where the pixels come from. */
export interface RadiographFacts {
  /** Study, series and instance UIDs follow from these three; equal seeds give equal UIDs. */
  readonly studySeed: string
  readonly seriesNumber: number
  readonly instanceNumber: number
  readonly patientId: string
  readonly patientName: string
  /** YYYYMMDD, or empty. */
  readonly patientBirthDate: string
  readonly patientSex: 'F' | 'M' | 'O' | ''
  readonly patientAgeYears: number | null
  readonly view: 'PA' | 'AP' | 'LL'
  /** CHEST unless told. */
  readonly bodyPart?: 'CHEST' | 'PHANTOM'
  /** Row and column spacing at the detector, in millimetres. */
  readonly spacing: readonly [number, number]
  /** YYYYMMDD. */
  readonly studyDate: string
  /** HHMMSS. */
  readonly studyTime: string
  readonly accessionNumber: string
  readonly studyDescription: string
  readonly seriesDescription: string
  readonly imageComments: string
  readonly institutionName: string
  readonly manufacturer: string
  readonly modelName: string
  /** `null` when nobody has looked. */
  readonly burnedInAnnotation: 'YES' | 'NO' | null
}

/** UIDs of a wrapped radiograph, for callers that must name it. */
export interface RadiographUids {
  readonly study: string
  readonly series: string
  readonly instance: string
}

/** The UIDs that `wrapRadiograph` gives for these facts. */
export function radiographUids(
  facts: Pick<RadiographFacts, 'studySeed' | 'seriesNumber' | 'instanceNumber'>,
): RadiographUids {
  const series = `${facts.studySeed}/${facts.seriesNumber}`
  return {
    study: seededUid(`study ${facts.studySeed}`),
    series: seededUid(`series ${series}`),
    instance: seededUid(`instance ${series}/${facts.instanceNumber}`),
  }
}

/**
 * A DX For Presentation object around grey pixels, as a Part 10 file in Explicit VR Little Endian (PS3.3 A.26).
 * @throws {RangeError} when pixel count, bit depth and size do not agree.
 */
export function wrapRadiograph(pixels: RadiographPixels, facts: RadiographFacts): Uint8Array {
  requirePixels(pixels)
  const uids = radiographUids(facts)
  return writePart10(DX_FOR_PRESENTATION, uids.instance, [
    ...patientAndStudy(facts, uids),
    ...seriesAndEquipment(facts, uids),
    ...acquisition(facts),
    ...image(pixels, facts),
  ])
}

function requirePixels(pixels: RadiographPixels): void {
  const { rows, columns, bitsStored, values } = pixels
  const wide = values instanceof Uint16Array
  if (values.length !== rows * columns || rows < 1 || rows > 65_535 || columns < 1 || columns > 65_535) {
    throw new RangeError('rows x columns is not the number of pixels')
  }
  if (wide ? bitsStored < 9 || bitsStored > 16 : bitsStored !== 8) {
    throw new RangeError('bits stored do not fit the array')
  }
}

function patientAndStudy(facts: RadiographFacts, uids: RadiographUids): WriteElement[] {
  const age = facts.patientAgeYears
  return [
    text('00100010', 'PN', facts.patientName),
    text('00100020', 'LO', facts.patientId),
    text('00100030', 'DA', facts.patientBirthDate),
    text('00100040', 'CS', facts.patientSex),
    ...(age === null ? [] : [text('00101010', 'AS', `${String(age).padStart(3, '0')}Y`)]),
    text('0020000D', 'UI', uids.study),
    text('00080020', 'DA', facts.studyDate),
    text('00080030', 'TM', facts.studyTime),
    text('00080050', 'SH', facts.accessionNumber),
    text('00080090', 'PN', ''),
    text('00200010', 'SH', '1'),
    text('00081030', 'LO', facts.studyDescription),
  ]
}

function seriesAndEquipment(facts: RadiographFacts, uids: RadiographUids): WriteElement[] {
  return [
    text('00080016', 'UI', DX_FOR_PRESENTATION),
    text('00080018', 'UI', uids.instance),
    text('00080060', 'CS', 'DX'),
    text('00080068', 'CS', 'FOR PRESENTATION'),
    text('0020000E', 'UI', uids.series),
    text('00200011', 'IS', String(facts.seriesNumber)),
    text('00200013', 'IS', String(facts.instanceNumber)),
    text('0008103E', 'LO', facts.seriesDescription),
    text('00080070', 'LO', facts.manufacturer),
    text('00080080', 'LO', facts.institutionName),
    text('00081090', 'LO', facts.modelName),
    text('00204000', 'LT', facts.imageComments),
  ]
}

/** PS3.16 CID 4009. */
const REGIONS = { CHEST: ['51185008', 'Chest'], PHANTOM: ['706342009', 'Phantom'] } as const

/** Position, anatomy and detector (PS3.3 C.8.11.2, C.8.11.4, C.8.11.5). */
function acquisition(facts: RadiographFacts): WriteElement[] {
  const lateral = facts.view === 'LL'
  const bodyPart = facts.bodyPart ?? 'CHEST'
  const [regionCode, regionMeaning] = REGIONS[bodyPart]
  return [
    text('00180015', 'CS', bodyPart),
    text('00185101', 'CS', facts.view),
    text('00200020', 'CS', lateral ? 'A\\F' : 'L\\F'),
    text('00181508', 'CS', 'NONE'),
    text('00200062', 'CS', 'U'),
    sequence('00082218', [
      text('00080100', 'SH', regionCode),
      text('00080102', 'SH', 'SCT'),
      text('00080104', 'LO', regionMeaning),
    ]),
    sequence('00540220', viewCode(facts.view)),
    sequence('00400555'),
    text('00187004', 'CS', 'DIRECT'),
    text('00181164', 'DS', facts.spacing.map((value) => String(Number(value.toFixed(6)))).join('\\')),
  ]
}

/** PS3.16 CID 4010. */
function viewCode(view: RadiographFacts['view']): WriteElement[] {
  const codes = {
    PA: ['272479007', 'postero-anterior'],
    AP: ['399348003', 'antero-posterior'],
    LL: ['399173006', 'left lateral'],
  } as const
  const [value, meaning] = codes[view]
  const code = [text('00080100', 'SH', value), text('00080102', 'SH', 'SCT'), text('00080104', 'LO', meaning)]
  return [...code, sequence('00540222')]
}

function image(pixels: RadiographPixels, facts: RadiographFacts): WriteElement[] {
  const { values, bitsStored } = pixels
  const wide = values instanceof Uint16Array
  return [
    text('00080008', 'CS', 'DERIVED\\PRIMARY\\'),
    text('00080023', 'DA', facts.studyDate),
    text('00080033', 'TM', facts.studyTime),
    unsigned('00280002', 1),
    text('00280004', 'CS', 'MONOCHROME2'),
    unsigned('00280010', pixels.rows),
    unsigned('00280011', pixels.columns),
    unsigned('00280100', wide ? 16 : 8),
    unsigned('00280101', bitsStored),
    unsigned('00280102', bitsStored - 1),
    unsigned('00280103', 0),
    ...(facts.burnedInAnnotation === null ? [] : [text('00280301', 'CS', facts.burnedInAnnotation)]),
    text('00281040', 'CS', 'LOG'),
    // -1: higher pixel values mean less beam at the detector (PS3.3 C.8.11.3.1.2).
    { tag: '00281041', vr: 'SS', value: Uint8Array.of(0xff, 0xff) },
    text('00281050', 'DS', String(2 ** (bitsStored - 1))),
    text('00281051', 'DS', String(2 ** bitsStored)),
    text('00281052', 'DS', '0'),
    text('00281053', 'DS', '1'),
    text('00281054', 'LO', 'US'),
    text('00282110', 'CS', '00'),
    text('20500020', 'CS', 'IDENTITY'),
    { tag: '7FE00010', vr: wide ? 'OW' : 'OB', value: littleEndianBytes(values) },
  ]
}

function littleEndianBytes(values: Uint8Array | Uint16Array): Uint8Array {
  if (values instanceof Uint8Array) return values
  const bytes = Buffer.alloc(values.length * 2)
  values.forEach((value, i) => {
    bytes.writeUInt16LE(value, i * 2)
  })
  return bytes
}
