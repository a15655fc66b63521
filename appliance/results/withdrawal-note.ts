import { type DataSet, sequenceElement, textElement, uid } from '../imaging/dataset/index.ts'
import { contentMoment, type Report, type ResultContext, resultObject } from './composite-object.ts'
import { type Code, codeItem, compositeContent, referencedSop, templateElement } from './content-items.ts'
import { hierarchy } from './measurement-report.ts'
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
export interface WithdrawalNoteRequest extends ResultContext {
  readonly studyInstanceUid: string
  readonly revision: number
  /** Document title (PS3.16 CID 7010, 7011). */
  readonly title: Code
  readonly results: readonly WithdrawnResult[]
}

/**
 * Builds a rejection note (IHE RAD TF-3 4.66.4.1.3; PS3.16 TID 2010) that takes earlier result objects back, for
 * destinations that have them and get no other in their place. The same study and revision always give the same UID.
 */
export function buildWithdrawalNote(request: WithdrawalNoteRequest): Report {
  const { studyInstanceUid, revision, title, results } = request
  const bySeries = new Map<string, DataSet[]>()
  for (const result of results) {
    const series = uid(result.dataSet, 0x0020000e) ?? ''
    bySeries.set(series, [...(bySeries.get(series) ?? []), referencedSop(result)])
  }
  const plan = {
    sopClassUid: NOTE_SOP_CLASS,
    sopInstanceUid: derivedUid('rejection note', studyInstanceUid, revision),
    modality: 'KO',
    seriesInstanceUid: derivedUid('rejection note series', studyInstanceUid),
    seriesNumber: 9901,
    seriesDescription: 'AI results taken back',
    instanceNumber: revision,
  }
  return resultObject(request, plan, [
    ...contentMoment(request),
    sequenceElement(0x00081111, []),
    textElement(0x0040a040, 'CS', 'CONTAINER'),
    sequenceElement(0x0040a043, [codeItem(title)]),
    textElement(0x0040a050, 'CS', 'SEPARATE'),
    sequenceElement(0x0040a375, [hierarchy(studyInstanceUid, bySeries)]),
    templateElement('2010'),
    sequenceElement(
      0x0040a730,
      results.map((result) => compositeContent({ relationship: 'CONTAINS', concept: null }, result)),
    ),
  ])
}
