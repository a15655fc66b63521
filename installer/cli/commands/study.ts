import { type StudyDetail, type StudySummary, studyDetail, studyList } from '@leadglass/ui/contract/local-api'
import type { Command } from 'commander'
import { InstanceClient } from '../client.ts'
import { print, wholeNumber, withData, withJson } from '../options.ts'
import { renderTable } from '../table.ts'

interface ListOptions {
  readonly data: string
  readonly json: boolean
  readonly state?: string
  readonly search?: string
  readonly limit: number
}

/** `leadglass study list|show`. */
export function registerStudy(program: Command): void {
  const study = program.command('study').description('the studies that the appliance holds')
  const list = study
    .command('list')
    .description('list studies, newest first; JSON: an array of studies with state and instances')
    .option('--state <state>', 'only this state (receiving, queued, running, scored, not-scored, failed, quarantined)')
    .option('--search <text>', 'patient name, patient ID or accession number contains this')
    .option('--limit <n>', 'at most so many', wholeNumber(1, 100_000), 1000)
  withJson(withData(list)).action(listStudies)
  const show = study.command('show').description('show one study').argument('<study>', 'study pseudonym, as listed')
  withJson(withData(show)).action(showStudy)
}

async function listStudies(options: ListOptions): Promise<void> {
  const studies = await fetchStudies(await InstanceClient.open(options.data), options)
  print(options.json, studies, () =>
    studies.length === 0
      ? 'No studies.'
      : renderTable(['study', 'state', 'rev', 'instances', 'modality', 'received', 'score'], studies.map(listRow)),
  )
}

/** Reads pages of the worklist until `limit` studies are there. */
export async function fetchStudies(
  client: InstanceClient,
  filter: { readonly state?: string; readonly search?: string; readonly limit: number },
): Promise<StudySummary[]> {
  const studies: StudySummary[] = []
  let before: string | null = null
  do {
    const query = new URLSearchParams({ limit: String(Math.min(500, filter.limit - studies.length)) })
    if (filter.state !== undefined) query.set('state', filter.state)
    if (filter.search !== undefined) query.set('search', filter.search)
    if (before !== null) query.set('before', before)
    const page: { studies: StudySummary[]; next: string | null } = await client.request({
      service: 'appliance',
      method: 'GET',
      path: `/api/studies?${query.toString()}`,
      schema: studyList,
    })
    studies.push(...page.studies)
    before = page.next
  } while (before !== null && studies.length < filter.limit)
  return studies
}

async function showStudy(study: string, options: { readonly data: string; readonly json: boolean }): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const detail = await client.request({
    service: 'appliance',
    method: 'GET',
    path: `/api/studies/${encodeURIComponent(study)}`,
    schema: studyDetail,
  })
  print(options.json, detail, () => presentStudy(detail))
}

function listRow(study: StudySummary): (string | number)[] {
  return [
    study.study,
    study.state,
    study.revision,
    study.instances,
    study.modality,
    study.receivedAt,
    study.scores.length > 0
      ? study.scores.map((score) => `${score.code} ${score.value.toFixed(3)}${score.above ? ' ABOVE' : ''}`).join(', ')
      : (study.reason ?? ''),
  ]
}

function presentStudy({ summary, completion, instances, deliveries, labels }: StudyDetail): string {
  const scoreRows = instances.flatMap((instance) =>
    instance.scores.map((score) => [
      instance.instance,
      score.code,
      score.value,
      score.thresholdMilli / 1000,
      score.above ? 'above' : 'below',
      `${score.model.name} ${score.model.version}`,
    ]),
  )
  return [
    `Study ${summary.study}: ${summary.state}, revision ${summary.revision}, ${summary.instances} instances`,
    `Complete because: ${completion ?? '(still receiving)'}${summary.reason === null ? '' : `; reason: ${summary.reason}`}`,
    '',
    renderTable(['instance', 'score', 'value', 'operating point', 'side', 'model'], scoreRows),
    '',
    renderTable(
      ['destination', 'delivery', 'attempts', 'last error'],
      deliveries.map((delivery) => [delivery.destination, delivery.state, delivery.attempts, delivery.lastError]),
    ),
    '',
    renderTable(
      ['finding', 'label', 'blind', 'reader', 'at'],
      labels.map((label) => [label.finding, label.value, label.blind, label.reader, label.at]),
    ),
  ].join('\n')
}
