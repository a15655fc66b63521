import { sequenceElement } from '../imaging/dataset/index.ts'
import { type Report, type ResultContext, resultObject } from './composite-object.ts'
import { CONCEPTS } from './concepts.ts'
import { codeContent, containerItem, textContent } from './content-items.ts'
import { contextItems, documentElements, REPORT_SOP_CLASS, type ReplacedResult } from './measurement-report.ts'
import { derivedUid } from './uids.ts'

/** What a report of an unscored revision says. `source` gives patient and study under the identity in force. */
export interface NotScoredRequest extends ResultContext {
  readonly studyInstanceUid: string
  readonly revision: number
  /** The code of the record: why there is no score. */
  readonly reason: string
  /** Scoring was tried and broke off. */
  readonly failed: boolean
  readonly replaces: readonly ReplacedResult[]
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
  const { studyInstanceUid, revision, reason, failed } = request
  const contains = 'CONTAINS' as const
  const plan = {
    sopClassUid: REPORT_SOP_CLASS,
    sopInstanceUid: derivedUid('not scored', studyInstanceUid, revision),
    modality: 'SR',
    seriesInstanceUid: notScoredSeriesUid(studyInstanceUid),
    seriesNumber: 9903,
    seriesDescription: 'AI: not scored',
    instanceNumber: revision,
  }
  return resultObject(request, plan, [
    ...documentElements(request, studyInstanceUid),
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
  ])
}
