import {
  attributeOf,
  bytesElement,
  type DataSet,
  dataSetOf,
  type Element,
  sequenceElement,
  textElement,
} from '../../imaging/dataset/index.ts'
import { DimseError } from '../errors.ts'
import type { QueryLevel } from '../ports.ts'

/**
 * Keys of a query by tag (0xGGGGEEEE): a value to match on, or '' for an attribute that is to be returned
 * (universal matching, PS3.4 C.2.2.2.3).
 */
export type QueryKeys = Readonly<Record<number, string>>

/** Tags of the keys that are used here (PS3.4 tables C.6-1 to C.6-5). */
export const KEY = {
  specificCharacterSet: 0x00080005,
  sopClassUid: 0x00080016,
  sopInstanceUid: 0x00080018,
  studyDate: 0x00080020,
  studyTime: 0x00080030,
  accessionNumber: 0x00080050,
  queryRetrieveLevel: 0x00080052,
  retrieveAeTitle: 0x00080054,
  instanceAvailability: 0x00080056,
  failedSopInstanceUidList: 0x00080058,
  modality: 0x00080060,
  modalitiesInStudy: 0x00080061,
  studyDescription: 0x00081030,
  patientName: 0x00100010,
  patientId: 0x00100020,
  issuerOfPatientId: 0x00100021,
  patientBirthDate: 0x00100030,
  patientSex: 0x00100040,
  bodyPartExamined: 0x00180015,
  studyInstanceUid: 0x0020000d,
  seriesInstanceUid: 0x0020000e,
  studyRelatedSeries: 0x00201206,
  studyRelatedInstances: 0x00201208,
  seriesRelatedInstances: 0x00201209,
} as const

/** The identifier of a query or retrieval at a level; UTF-8 where a value needs it. @throws DimseError `invalid-argument`. */
export function identifierOf(level: QueryLevel, keys: QueryKeys): DataSet {
  const elements = Object.entries(keys).map(([tag, value]) => keyElement(Number(tag), value))
  elements.push(textElement(KEY.queryRetrieveLevel, 'CS', level))
  if (Object.values(keys).some((value) => !isAscii(value)))
    elements.push(textElement(KEY.specificCharacterSet, 'CS', 'ISO_IR 192'))
  return dataSetOf(elements)
}

function keyElement(tag: number, value: string): Element {
  const vr = attributeOf(tag)?.vr
  if (vr === undefined || vr === 'US or SS')
    throw new DimseError('invalid-argument', `no key of the standard: ${tag.toString(16).padStart(8, '0')}`)
  if (vr === 'SQ' && value === '') return sequenceElement(tag, [])
  return bytesElement(tag, vr, Buffer.from(value, 'utf8'))
}

function isAscii(value: string): boolean {
  return /^[\x20-\x7e]*$/.test(value)
}
