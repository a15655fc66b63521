import { Button, Group, NativeSelect, Text, TextInput, Title } from '@mantine/core'
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type StudyList, type StudyState, type StudySummary, studyList, studyState } from '../../contract/local-api.ts'
import { getJson } from '../../shared/api-client.ts'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { formatInstant } from '../../shared/format.ts'
import { EmptyPanel, FailurePanel, LoadingPanel } from '../../shared/panels.tsx'
import { StudyMark } from '../study-mark.tsx'
import { useStudyEvents } from '../use-study-events.ts'

/** What the address says of the view. */
export interface WorklistFilter {
  readonly state?: StudyState | undefined
  readonly search?: string | undefined
}

const PAGE_SIZE = 100

/** All studies, newest first. The order never hides a study; filters are visible and in the address. */
export function WorklistPage({
  filter,
  onFilter,
}: {
  readonly filter: WorklistFilter
  readonly onFilter: (filter: WorklistFilter) => void
}) {
  useStudyEvents()
  const query = useInfiniteQuery({
    queryKey: ['studies', filter],
    queryFn: ({ pageParam, signal }) => getJson(`/api/studies?${queryOf(filter, pageParam)}`, studyList, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
  })
  const studies = query.data?.pages.flatMap((page) => page.studies)
  return (
    <>
      <Group justify="space-between" align="end" mb="md">
        <div>
          <Title order={1} size="h2">
            Worklist
          </Title>
          <Text size="sm" c="dark.2">
            {query.data === undefined ? ' ' : countWords(query.data.pages[0]?.counts ?? {})}
          </Text>
        </div>
        <Group align="end">
          <TextInput
            label="Search"
            placeholder="name, ID, accession"
            value={filter.search ?? ''}
            onChange={(event) => onFilter({ ...filter, search: event.currentTarget.value || undefined })}
          />
          <NativeSelect
            label="State"
            value={filter.state ?? ''}
            data={[
              { value: '', label: 'all' },
              ...studyState.options.map((state) => ({ value: state, label: state.replace('-', ' ') })),
            ]}
            onChange={(event) => onFilter({ ...filter, state: studyState.safeParse(event.currentTarget.value).data })}
          />
        </Group>
      </Group>
      {query.error !== null && <FailurePanel error={query.error} />}
      {studies === undefined ? (
        query.error === null && <LoadingPanel what="the worklist" />
      ) : studies.length === 0 ? (
        <EmptyPanel title="No studies here." hint="Send one by C-STORE, or clear the filters above." />
      ) : (
        <DataTable caption="Studies" columns={COLUMNS} rows={studies} rowKey={(study) => study.study} />
      )}
      {query.hasNextPage && (
        <Button
          variant="default"
          mt="md"
          onClick={() => void query.fetchNextPage()}
          disabled={query.isFetchingNextPage}
        >
          Show more
        </Button>
      )}
    </>
  )
}

const COLUMNS: readonly Column<StudySummary>[] = [
  {
    heading: 'Patient',
    cell: (study) => (
      <Link to="/studies/$study" params={{ study: study.study }}>
        {study.patientName === '' ? '(no name)' : study.patientName}
      </Link>
    ),
  },
  { heading: 'ID', cell: (study) => study.patientId },
  { heading: 'Accession', cell: (study) => study.accessionNumber },
  { heading: 'Study', cell: (study) => `${study.modality} ${study.description}`.trim() },
  { heading: 'State', cell: (study) => <StudyMark study={study} /> },
  { heading: 'Score or reason', cell: (study) => <ScoreCell study={study} /> },
  { heading: 'Model', cell: (study) => modelsOf(study) },
  { heading: 'Images', cell: (study) => study.instances, numeric: true },
  { heading: 'Received', cell: (study) => formatInstant(study.receivedAt) },
]

function ScoreCell({ study }: { readonly study: StudySummary }) {
  if (study.scores.length === 0) return <>{study.reason ?? ''}</>
  return (
    <>
      {study.scores.map((score) => (
        <div key={score.code} title={`operating point ${(score.thresholdMilli / 1000).toFixed(3)}`}>
          {score.code} {score.value.toFixed(3)} / {(score.thresholdMilli / 1000).toFixed(3)}
        </div>
      ))}
    </>
  )
}

function modelsOf(study: StudySummary): string {
  return [...new Set(study.scores.map((score) => `${score.model.name} ${score.model.version}`))].join(', ')
}

function countWords(counts: StudyList['counts']): string {
  const entries = Object.entries(counts).filter(([, count]) => count > 0)
  return entries.length === 0
    ? 'no studies yet'
    : entries.map(([state, count]) => `${count} ${state.replace('-', ' ')}`).join(', ')
}

function queryOf(filter: WorklistFilter, before: string | null): URLSearchParams {
  const query = new URLSearchParams({ limit: String(PAGE_SIZE) })
  if (filter.state !== undefined) query.set('state', filter.state)
  if (filter.search !== undefined) query.set('search', filter.search)
  if (before !== null) query.set('before', before)
  return query
}
