import '../../shared/no-eval.ts'
import { Link } from '@tanstack/react-router'
import { useEffect } from 'react'
import { type StudyDetail, studyDetail } from '../../contract/local-api.ts'
import { type Fact, Facts } from '../../shared/facts.tsx'
import { formatInstant, shorten, wordsOf } from '../../shared/format.ts'
import { Given } from '../../shared/given.tsx'
import { PageHead } from '../../shared/page-head.tsx'
import { FailurePanel, LoadingPanel } from '../../shared/panels.tsx'
import { useAnswer } from '../../shared/queries.ts'
import { formatDicomDate, formatDicomTime, formatPersonName, joinKnown } from '../dicom-format.ts'
import { reasonWords } from '../reason-words.ts'
import { rememberShown } from '../score-exposure.ts'
import { Explanations } from '../study/explanations.tsx'
import { Deliveries, Revisions } from '../study/history.tsx'
import { Scores } from '../study/scores.tsx'
import { Verification } from '../study/verification.tsx'
import { StudyMark } from '../study-mark.tsx'
import { useStudyEvents } from '../use-study-events.ts'

/** One study: what it is, what was found, where the results went, and what readers verified. */
export function StudyPage({ study, hidden }: { readonly study: string; readonly hidden: boolean }) {
  // Every reading of a study is an entry in the audit log, so it is read again only when the study changed.
  const query = useAnswer('studies', `/api/studies/${encodeURIComponent(study)}`, studyDetail, false)
  useStudyEvents((event) => event.study === study)
  const detail = query.data
  const shown = !hidden && detail?.instances.some((instance) => instance.scores.length > 0) === true
  useEffect(() => {
    if (shown) rememberShown([study])
  }, [shown, study])
  return (
    <>
      <PageHead
        name={`Study ${shorten(study)}`}
        title={<StudyTitle detail={detail} />}
        question={<StudyQuestion detail={detail} />}
        queries={[query]}
      />
      {query.error !== null && detail === undefined ? (
        <FailurePanel error={query.error} framed />
      ) : (
        <div className="sections">
          <Facts facts={studyFacts(detail, hidden)} />
          {detail === undefined ? (
            <LoadingPanel what="the study" framed />
          ) : (
            <>
              <Scores detail={detail} hidden={hidden} />
              <Explanations detail={detail} hidden={hidden} />
              <Verification detail={detail} hidden={hidden} />
              <Deliveries deliveries={detail.deliveries} />
              <Revisions revisions={detail.revisions} />
            </>
          )}
        </div>
      )}
    </>
  )
}

function StudyTitle({ detail }: { readonly detail: StudyDetail | undefined }) {
  if (detail === undefined) return <>Study</>
  const { patientName, patientId } = detail.summary
  const name = formatPersonName(patientName)
  return (
    <>
      <Given words={name === '' ? '(no name)' : name} />{' '}
      <span className="mono quiet">
        <Given words={patientId} />
      </span>
    </>
  )
}

function StudyQuestion({ detail }: { readonly detail: StudyDetail | undefined }) {
  if (detail === undefined) return <>…</>
  const { patientSex, patientBirthDate, modality, description, accessionNumber } = detail.summary
  const born = patientBirthDate === '' ? '' : `born ${formatDicomDate(patientBirthDate)}`
  return (
    <Given words={joinKnown([patientSex, born, joinKnown([modality, description], ' '), accessionNumber]) || '–'} />
  )
}

function studyFacts(detail: StudyDetail | undefined, hidden: boolean): Fact[] {
  const summary = detail?.summary
  const of = <Value,>(value: (known: StudyDetail) => Value): Value | undefined =>
    detail === undefined ? undefined : value(detail)
  return [
    { name: 'State', value: summary && <StudyMark study={summary} hidden={hidden} /> },
    { name: 'Reason', value: of(({ summary: { reason } }) => (reason === null ? '–' : reasonWords(reason))) },
    {
      name: 'Study date',
      value:
        summary && (joinKnown([formatDicomDate(summary.studyDate), formatDicomTime(summary.studyTime)], ' ') || '–'),
    },
    { name: 'Received', value: summary && formatInstant(summary.receivedAt) },
    { name: 'Images', value: summary?.instances },
    { name: 'Revision', value: of(({ revisions }) => `${summary?.revision} of ${revisions.length}`) },
    { name: 'Complete because', wide: true, value: of(({ completion }) => wordsOf(completion ?? 'still receiving')) },
    {
      name: 'Pseudonym · what left',
      value: summary && (
        <Link className="mono" to="/egress" search={{ study: summary.study }} title={summary.study}>
          {shorten(summary.study)}
        </Link>
      ),
    },
  ]
}
