import {
  concat,
  type DataSet,
  dataSetOf,
  IMPLICIT_LITTLE,
  sequenceElement,
  textElement,
  uid,
  writePart10,
} from '../imaging/dataset/index.ts'
import { type Code, codeItem, compositeContent, referencedSop, templateElement } from './content-items.ts'
import { hierarchy, type Report, sourceElements } from './measurement-report.ts'
import { derivedUid } from './uids.ts'

/** Key Object Selection Document Storage (PS3.4 B.5): the class of rejection notes. */
export const NOTE_SOP_CLASS = '1.2.840.10008.5.1.4.1.1.88.59'

/** A result object that is taken back, as it was sent. */
export interface WithdrawnResult {
  readonly sopClassUid: string
  readonly sopInstanceUid: string
  readonly dataSet: DataSet
}

/** What a note says. `source` gives patient and study under the identity in force. */
export interface WithdrawalNoteRequest {
  readonly source: DataSet
  readonly studyInstanceUid: string
  readonly revision: number
  /** Document title (PS3.16 CID 7010, 7011). */
  readonly title: Code
  readonly results: readonly WithdrawnResult[]
  readonly device: { readonly name: string; readonly softwareVersion: string }
  /** Local date and time, YYYYMMDD and HHMMSS. */
  readonly date: string
  readonly time: string
}

/**
 * Builds a rejection note (IHE RAD TF-3 4.66.4.1.3; PS3.16 TID 2010) that takes earlier result objects back, for
 * destinations that have them and get no other in their place. The same study and revision always give the same UID.
 */
export function buildWithdrawalNote(request: WithdrawalNoteRequest): Report {
  const { studyInstanceUid, revision, title, results, device } = request
  const sopInstanceUid = derivedUid('rejection note', studyInstanceUid, revision)
  const bySeries = new Map<string, DataSet[]>()
  for (const result of results) {
    const series = uid(result.dataSet, 0x0020000e) ?? ''
    bySeries.set(series, [...(bySeries.get(series) ?? []), referencedSop(result)])
  }
  const dataSet = dataSetOf(
    [
      ...sourceElements(request.source),
      textElement(0x00080016, 'UI', NOTE_SOP_CLASS),
      textElement(0x00080018, 'UI', sopInstanceUid),
      textElement(0x00080023, 'DA', request.date),
      textElement(0x00080033, 'TM', request.time),
      textElement(0x00080060, 'CS', 'KO'),
      textElement(0x00080070, 'LO', 'Leadglass'),
      textElement(0x0008103e, 'LO', 'AI results taken back'),
      textElement(0x00081090, 'LO', 'Leadglass appliance'),
      sequenceElement(0x00081111, []),
      textElement(0x00181000, 'LO', device.name),
      textElement(0x00181020, 'LO', device.softwareVersion),
      textElement(0x0020000e, 'UI', derivedUid('rejection note series', studyInstanceUid)),
      textElement(0x00200011, 'IS', '9901'),
      textElement(0x00200013, 'IS', String(revision)),
      textElement(0x0040a040, 'CS', 'CONTAINER'),
      sequenceElement(0x0040a043, [codeItem(title)]),
      textElement(0x0040a050, 'CS', 'SEPARATE'),
      sequenceElement(0x0040a375, [hierarchy(studyInstanceUid, bySeries)]),
      templateElement('2010'),
      sequenceElement(
        0x0040a730,
        results.map((result) => compositeContent({ relationship: 'CONTAINS', concept: null }, result)),
      ),
    ],
    request.source.characterSets,
  )
  const meta = {
    mediaStorageSopClassUid: NOTE_SOP_CLASS,
    mediaStorageSopInstanceUid: sopInstanceUid,
    transferSyntaxUid: IMPLICIT_LITTLE,
  }
  return { sopClassUid: NOTE_SOP_CLASS, sopInstanceUid, bytes: concat(writePart10({ meta, dataSet })) }
}
