import {
  concat,
  type DataSet,
  dataSetOf,
  IMPLICIT_LITTLE,
  sequenceElement,
  textElement,
  writePart10,
} from '../imaging/dataset/index.ts'
import { CONCEPTS } from './concepts.ts'
import { codeContent, codeItem, containerItem, templateElement, textContent } from './content-items.ts'
import {
  contextItems,
  predecessors,
  REPORT_SOP_CLASS,
  type ReplacedResult,
  type Report,
  sourceElements,
} from './measurement-report.ts'
import { derivedUid } from './uids.ts'

/** What a report of an unscored revision says. `source` gives patient and study under the identity in force. */
export interface NotScoredRequest {
  readonly source: DataSet
  readonly studyInstanceUid: string
  readonly revision: number
  /** The code of the record: why there is no score. */
  readonly reason: string
  /** Scoring was tried and broke off. */
  readonly failed: boolean
  readonly replaces: readonly ReplacedResult[]
  readonly device: { readonly name: string; readonly softwareVersion: string }
  /** Local date and time, YYYYMMDD and HHMMSS. */
  readonly date: string
  readonly time: string
}

/** The series of all such reports of one study. */
export function notScoredSeriesUid(studyInstanceUid: string): string {
  return derivedUid('not scored series', studyInstanceUid)
}

/**
 * Builds a TID 1500 report that holds no measurement: a Qualitative Evaluations container that says that the analysis was
 * not attempted or failed (PS3.16 CID 6042), and why. The same study and revision always give the same UID.
 */
export function buildNotScoredReport(request: NotScoredRequest): Report {
  const { studyInstanceUid, revision, reason, failed, device } = request
  const sopInstanceUid = derivedUid('not scored', studyInstanceUid, revision)
  const contains = 'CONTAINS' as const
  const dataSet = dataSetOf(
    [
      ...sourceElements(request.source),
      textElement(0x00080016, 'UI', REPORT_SOP_CLASS),
      textElement(0x00080018, 'UI', sopInstanceUid),
      textElement(0x00080023, 'DA', request.date),
      textElement(0x00080033, 'TM', request.time),
      textElement(0x00080060, 'CS', 'SR'),
      textElement(0x00080070, 'LO', 'Leadglass'),
      textElement(0x0008103e, 'LO', 'AI: not scored'),
      textElement(0x00081090, 'LO', 'Leadglass appliance'),
      sequenceElement(0x00081111, []),
      textElement(0x00181000, 'LO', device.name),
      textElement(0x00181020, 'LO', device.softwareVersion),
      textElement(0x0020000e, 'UI', notScoredSeriesUid(studyInstanceUid)),
      textElement(0x00200011, 'IS', '9903'),
      textElement(0x00200013, 'IS', String(revision)),
      textElement(0x0040a040, 'CS', 'CONTAINER'),
      sequenceElement(0x0040a043, [codeItem(CONCEPTS.imagingMeasurementReport)]),
      textElement(0x0040a050, 'CS', 'SEPARATE'),
      templateElement('1500'),
      ...predecessors(studyInstanceUid, request.replaces),
      sequenceElement(0x0040a372, []),
      textElement(0x0040a491, 'CS', 'COMPLETE'),
      textElement(0x0040a493, 'CS', 'UNVERIFIED'),
      textElement(0x0040a496, 'CS', 'PRELIMINARY'),
      sequenceElement(0x0040a730, [
        ...contextItems(request),
        containerItem({
          relationship: contains,
          concept: CONCEPTS.qualitativeEvaluations,
          children: [
            codeContent(
              { relationship: contains, concept: CONCEPTS.summaryOfAnalyses },
              failed ? CONCEPTS.failed : CONCEPTS.notAttempted,
            ),
            textContent({ relationship: contains, concept: CONCEPTS.comment }, `Not scored: ${reason}`),
          ],
        }),
      ]),
    ],
    request.source.characterSets,
  )
  const meta = {
    mediaStorageSopClassUid: REPORT_SOP_CLASS,
    mediaStorageSopInstanceUid: sopInstanceUid,
    transferSyntaxUid: IMPLICIT_LITTLE,
  }
  return { sopClassUid: REPORT_SOP_CLASS, sopInstanceUid, bytes: concat(writePart10({ meta, dataSet })) }
}
