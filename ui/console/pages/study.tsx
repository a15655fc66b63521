import { Stack, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { type InstanceView, type StudyDetail, studyDetail } from '../../contract/local-api.ts'
import { getJson } from '../../shared/api-client.ts'
import { DataTable } from '../../shared/data-table.tsx'
import { Facts } from '../../shared/facts.tsx'
import { formatBytes, formatInstant } from '../../shared/format.ts'
import { EmptyPanel, Loaded } from '../../shared/panels.tsx'
import { LabelForm } from '../label-form.tsx'
import { StudyMark } from '../study-mark.tsx'
import { useStudyEvents } from '../use-study-events.ts'

/** One study: what it is, what was found, where the results went, and what readers verified. */
export function StudyPage({ study, mayLabel }: { readonly study: string; readonly mayLabel: boolean }) {
  useStudyEvents()
  const query = useQuery({
    queryKey: ['studies', 'one', study],
    queryFn: ({ signal }) => getJson(`/api/studies/${encodeURIComponent(study)}`, studyDetail, signal),
  })
  return (
    <Loaded query={query} what="the study">
      {(detail) => <StudyContent detail={detail} mayLabel={mayLabel} />}
    </Loaded>
  )
}

function StudyContent({ detail, mayLabel }: { readonly detail: StudyDetail; readonly mayLabel: boolean }) {
  const { summary } = detail
  return (
    <Stack gap="lg">
      <Title order={1} size="h2">
        {summary.patientName} <span className="mono">{summary.patientId}</span>
      </Title>
      <Facts
        facts={[
          { name: 'State', value: <StudyMark study={summary} /> },
          { name: 'Reason', value: summary.reason ?? '–' },
          { name: 'Accession', value: summary.accessionNumber || '–' },
          { name: 'Study', value: `${summary.modality} ${summary.description} ${summary.studyDate}` },
          { name: 'Revision', value: `${summary.revision} of ${detail.revisions.length}` },
          { name: 'Complete because', value: detail.completion ?? 'still receiving' },
          { name: 'Pseudonym', value: <span className="mono">{summary.study}</span> },
          { name: 'Received', value: formatInstant(summary.receivedAt) },
        ]}
      />
      <Title order={2} size="h4">
        Images and scores
      </Title>
      <DataTable
        caption="Images and scores"
        rows={detail.instances.flatMap((instance) => scoreRows(instance))}
        rowKey={(row) => row.key}
        columns={[
          { heading: 'Image', cell: (row) => row.instance.instance + 1, numeric: true },
          { heading: 'Outcome', cell: (row) => row.words },
          { heading: 'Score', cell: (row) => row.value, numeric: true },
          { heading: 'Operating point', cell: (row) => row.threshold, numeric: true },
          { heading: 'Model', cell: (row) => row.model },
          { heading: 'Size', cell: (row) => formatBytes(row.instance.bytes), numeric: true },
        ]}
      />
      <Quality instances={detail.instances} />
      <Title order={2} size="h4">
        Results sent
      </Title>
      {detail.deliveries.length === 0 ? (
        <EmptyPanel
          title="Results went nowhere."
          hint="Name a destination in settings.json to return results to a PACS."
        />
      ) : (
        <DataTable
          caption="Results sent"
          rows={detail.deliveries}
          rowKey={(row) => String(row.delivery)}
          columns={[
            { heading: 'Destination', cell: (row) => row.destination },
            { heading: 'State', cell: (row) => row.state },
            { heading: 'Attempts', cell: (row) => row.attempts, numeric: true },
            { heading: 'Last error', cell: (row) => row.lastError ?? '–' },
            { heading: 'Settled', cell: (row) => (row.settledAt === null ? 'not yet' : formatInstant(row.settledAt)) },
          ]}
        />
      )}
      <Title order={2} size="h4">
        Verified
      </Title>
      {detail.labels.length === 0 ? (
        <EmptyPanel
          title="Nobody has verified this study yet."
          hint="A label goes to the hub as a code, without any name."
        />
      ) : (
        <DataTable
          caption="Labels"
          rows={detail.labels}
          rowKey={(row) => row.label}
          columns={[
            { heading: 'Finding', cell: (row) => row.finding },
            { heading: 'Answer', cell: (row) => row.value },
            { heading: 'Blind', cell: (row) => (row.blind ? 'yes' : 'no') },
            { heading: 'Reader', cell: (row) => row.reader },
            { heading: 'At', cell: (row) => formatInstant(row.at) },
          ]}
        />
      )}
      {mayLabel && <LabelForm study={summary.study} findings={detail.findings} />}
    </Stack>
  )
}

interface ScoreRow {
  readonly key: string
  readonly instance: InstanceView
  readonly words: string
  readonly value: string
  readonly threshold: string
  readonly model: string
}

function scoreRows(instance: InstanceView): ScoreRow[] {
  const missing = { instance, value: '–', threshold: '–' }
  const reasons = instance.notScored.map(({ reason, model }) => ({
    ...missing,
    key: `${instance.instance}/${model?.digest ?? ''}/${reason}`,
    words: `not scored: ${reason}`,
    model: model === null ? '–' : `${model.name} ${model.version}`,
  }))
  const scores = instance.scores.map((score) => ({
    key: `${instance.instance}/${score.model.digest}/${score.code}`,
    instance,
    words: `${score.title}: ${score.above ? 'above' : 'below'}`,
    value: score.value.toFixed(3),
    threshold: (score.thresholdMilli / 1000).toFixed(3),
    model: `${score.model.name} ${score.model.version}`,
  }))
  const rows = [...scores, ...reasons]
  return rows.length > 0 ? rows : [{ ...missing, key: `${instance.instance}`, words: 'not looked at yet', model: '–' }]
}

function Quality({ instances }: { readonly instances: readonly InstanceView[] }) {
  const rows = instances.flatMap((instance) =>
    Object.entries(instance.quality).map(([code, value]) => ({ instance: instance.instance, code, value })),
  )
  if (rows.length === 0) return null
  return (
    <details>
      <summary>Image quality figures ({rows.length})</summary>
      <DataTable
        caption="Image quality"
        rows={rows}
        rowKey={(row) => `${row.instance}/${row.code}`}
        columns={[
          { heading: 'Image', cell: (row) => row.instance + 1, numeric: true },
          { heading: 'Figure', cell: (row) => row.code },
          { heading: 'Value', cell: (row) => row.value.toPrecision(4), numeric: true },
        ]}
      />
    </details>
  )
}
