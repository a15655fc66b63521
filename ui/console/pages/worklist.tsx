import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect } from 'react'
import { type StudyList, type StudySummary, studyList, studyState } from '../../contract/local-api.ts'
import { getJson } from '../../shared/api-client.ts'
import { type Choice, Choices } from '../../shared/choices.tsx'
import { Button } from '../../shared/controls.tsx'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { formatClock, formatDay, wordsOf } from '../../shared/format.ts'
import { Given } from '../../shared/given.tsx'
import { PageHead } from '../../shared/page-head.tsx'
import { EmptyPanel } from '../../shared/panels.tsx'
import { formatDicomDate, formatPersonName, joinKnown } from '../dicom-format.ts'
import { rememberShown } from '../score-exposure.ts'
import { ScoresCell } from '../scores-cell.tsx'
import { SearchField, useSearchWords } from '../search-field.tsx'
import { StudyMark } from '../study-mark.tsx'
import { useStudyEvents } from '../use-study-events.ts'
import { studiesPath, type ViewSearch } from '../worklist-query.ts'

const REFRESH_MS = 15_000

/** All studies, newest first. The order never hides a study; filters are in sight and in the address. */
export function WorklistPage({ view }: { readonly view: ViewSearch }) {
  const [words, setWords] = useSearchWords()
  const hidden = view.scores === 'hidden'
  const query = useInfiniteQuery({
    queryKey: ['studies', 'list', view.state, words],
    queryFn: ({ pageParam, signal }) =>
      getJson(studiesPath({ state: view.state, words }, pageParam), studyList, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
    // Each search is an entry in the audit log; without words the list refreshes also without events.
    refetchInterval: words === '' ? REFRESH_MS : false,
  })
  const studies = query.data?.pages.flatMap((page) => page.studies)
  useStudyEvents(({ study }) => words === '' || studies?.some((shown) => shown.study === study) === true)
  useEffect(() => {
    if (!hidden && studies !== undefined) {
      rememberShown(studies.filter((study) => study.scores.length > 0).map((study) => study.study))
    }
  }, [studies, hidden])
  return (
    <>
      <PageHead
        name="Worklist"
        question="Which studies came, and what was found? Newest first; nothing is left out."
        queries={[query]}
      />
      <div className="toolbar">
        <Choices caption="State" to="/" choices={stateChoices(view, query.data?.pages[0]?.counts)} />
        <div className="together">
          <SearchField words={words} onWords={setWords} />
          <BlindLink view={view} />
        </div>
      </div>
      <DataTable
        caption="The worklist"
        columns={columnsOf(hidden)}
        rows={studies}
        rowKey={(study) => study.study}
        error={query.error}
        fills
        empty={<Nothing filtered={view.state !== undefined || words !== ''} />}
      />
      {query.hasNextPage && (
        <div>
          <Button onClick={() => void query.fetchNextPage()} disabled={query.isFetchingNextPage}>
            Show older studies
          </Button>
        </div>
      )}
    </>
  )
}

function Nothing({ filtered }: { readonly filtered: boolean }) {
  return filtered ? (
    <EmptyPanel title="No study is in this view." hint="Choose “all” and clear the search to see every study." />
  ) : (
    <EmptyPanel
      title="No study has arrived yet."
      hint="Send one by C-STORE; address and port are on the page Device."
    />
  )
}

function columnsOf(hidden: boolean): readonly Column<StudySummary>[] {
  return [
    { heading: 'Patient', width: 16.5, cell: (study) => <PatientCell study={study} hidden={hidden} /> },
    { heading: 'Study', width: 16, cell: (study) => <StudyCell study={study} /> },
    { heading: 'State', width: 14, cell: (study) => <StudyMark study={study} hidden={hidden} /> },
    {
      heading: 'Score, operating point, model',
      width: 31,
      cell: (study) => <ScoresCell study={study} hidden={hidden} />,
    },
    { heading: 'Images', width: 6, cell: (study) => study.instances, numeric: true },
    {
      heading: 'Received',
      width: 7,
      cell: ({ receivedAt }) => (
        <span className="two">
          <span>{formatClock(new Date(receivedAt).getTime())}</span>
          <span>{formatDay(receivedAt)}</span>
        </span>
      ),
    },
  ]
}

function PatientCell({ study, hidden }: { readonly study: StudySummary; readonly hidden: boolean }) {
  const name = formatPersonName(study.patientName)
  const more = joinKnown([study.patientId, study.patientSex, formatDicomDate(study.patientBirthDate)])
  return (
    <span className="two">
      <Link to="/studies/$study" params={{ study: study.study }} search={hidden ? { scores: 'hidden' as const } : {}}>
        <Given words={name === '' ? '(no name)' : name} />
      </Link>
      <Given words={more === '' ? '(no ID)' : more} />
    </span>
  )
}

function StudyCell({ study }: { readonly study: StudySummary }) {
  const what = joinKnown([study.modality, study.description], ' ')
  const more = joinKnown([study.accessionNumber, formatDicomDate(study.studyDate)])
  return (
    <span className="two">
      <Given words={what === '' ? '(no description)' : what} />
      <Given words={more === '' ? '(no accession number)' : more} />
    </span>
  )
}

function stateChoices(view: ViewSearch, counts: StudyList['counts'] | undefined): Choice[] {
  const all = counts === undefined ? null : Object.values(counts).reduce((sum, count) => sum + count, 0)
  const listed = studyState.options.filter((state) => state !== 'superseded' || (counts?.superseded ?? 0) > 0)
  return [
    { name: 'all', search: { scores: view.scores }, count: all },
    ...listed.map((state) => ({
      name: wordsOf(state),
      search: { state, scores: view.scores },
      count: counts === undefined ? null : (counts[state] ?? 0),
    })),
  ]
}

/** Hides or shows the scores; both have an address. */
function BlindLink({ view }: { readonly view: ViewSearch }) {
  return view.scores === 'hidden' ? (
    <Link className="button" to="/" search={{ state: view.state }} replace>
      Show scores
    </Link>
  ) : (
    <Link className="button" to="/" search={{ state: view.state, scores: 'hidden' }} replace title="For blind reading">
      Hide scores
    </Link>
  )
}
