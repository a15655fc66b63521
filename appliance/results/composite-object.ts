import {
  concat,
  type DataSet,
  dataSetOf,
  type Element,
  IMPLICIT_LITTLE,
  textElement,
  writePart10,
} from '../imaging/dataset/index.ts'

/** A result object as a PS3.10 file. */
export interface Report {
  readonly sopClassUid: string
  readonly sopInstanceUid: string
  readonly bytes: Buffer
}

/** Whose result it is, which device made it, and when. */
export interface ResultContext {
  /** One of the scored objects: patient and study are taken from it byte for byte. */
  readonly source: DataSet
  readonly device: { readonly name: string; readonly softwareVersion: string }
  /** Local date and time, YYYYMMDD and HHMMSS. */
  readonly date: string
  readonly time: string
}

/** What a result object is, and where it stands. */
export interface ObjectPlan {
  readonly sopClassUid: string
  readonly sopInstanceUid: string
  readonly modality: string
  readonly seriesInstanceUid: string
  readonly seriesNumber: number
  readonly seriesDescription: string
  readonly instanceNumber: number
}

/** Patient and study attributes that a result has from its source (PS3.3 C.7.1.1, C.7.2.1), with their VRs. */
const FROM_SOURCE = [
  [0x00080005, 'CS'],
  [0x00080020, 'DA'],
  [0x00080030, 'TM'],
  [0x00080050, 'SH'],
  [0x00080090, 'PN'],
  [0x00081030, 'LO'],
  [0x00100010, 'PN'],
  [0x00100020, 'LO'],
  [0x00100021, 'LO'],
  [0x00100030, 'DA'],
  [0x00100040, 'CS'],
  [0x0020000d, 'UI'],
  [0x00200010, 'SH'],
] as const
/** Attributes of results that are exactly those of the source, whatever they are: patient and study, place, grey scale. */
export const COPIED_ATTRIBUTES: ReadonlySet<number> = new Set([
  ...FROM_SOURCE.map(([tag]) => tag).filter((tag) => tag !== 0x0020000d),
  0x00180050,
  0x00200032,
  0x00200037,
  0x00200060,
  0x00201040,
  0x00280030,
  0x00281050,
  0x00281051,
  0x00281052,
  0x00281053,
  0x00281054,
  0x00281055,
  0x00281056,
  0x00282110,
  0x00282112,
  0x00282114,
  0x00283003,
  0x00700101,
  0x00700102,
])
/** Attributes of type 3: left out where the source has none. The others are of type 1 or 2 and stand empty. */
const OPTIONAL = new Set<number>([0x00080005, 0x00081030, 0x00100021])

/** Patient and study attributes of a result, from its source. */
export function sourceElements(source: DataSet): Element[] {
  return FROM_SOURCE.flatMap(([tag, vr]) => {
    const element = source.elements.get(tag)
    if (element?.value.kind === 'bytes') return [{ tag, vr, value: element.value }]
    return OPTIONAL.has(tag) ? [] : [textElement(tag, vr, '')]
  })
}

/** Content Date and Time. */
export function contentMoment({ date, time }: Pick<ResultContext, 'date' | 'time'>): Element[] {
  return [textElement(0x00080023, 'DA', date), textElement(0x00080033, 'TM', time)]
}

/**
 * Puts a result object together: patient and study of its source, series and equipment, and what its class asks for. It is
 * written in the one transfer syntax that every destination must take (PS3.5 10.1). Equal requests give equal bytes.
 */
export function resultObject(context: ResultContext, plan: ObjectPlan, own: readonly Element[]): Report {
  const { sopClassUid, sopInstanceUid } = plan
  const dataSet = dataSetOf(
    [
      ...sourceElements(context.source),
      textElement(0x00080016, 'UI', sopClassUid),
      textElement(0x00080018, 'UI', sopInstanceUid),
      textElement(0x00080060, 'CS', plan.modality),
      textElement(0x00080070, 'LO', 'Leadglass'),
      textElement(0x0008103e, 'LO', plan.seriesDescription.slice(0, 64)),
      textElement(0x00081090, 'LO', 'Leadglass appliance'),
      textElement(0x00181000, 'LO', context.device.name),
      textElement(0x00181020, 'LO', context.device.softwareVersion),
      textElement(0x0020000e, 'UI', plan.seriesInstanceUid),
      textElement(0x00200011, 'IS', String(plan.seriesNumber)),
      textElement(0x00200013, 'IS', String(plan.instanceNumber)),
      ...own,
    ],
    context.source.characterSets,
  )
  const meta = {
    mediaStorageSopClassUid: sopClassUid,
    mediaStorageSopInstanceUid: sopInstanceUid,
    transferSyntaxUid: IMPLICIT_LITTLE,
  }
  return { sopClassUid, sopInstanceUid, bytes: concat(writePart10({ meta, dataSet })) }
}
