import {
  type RouteView,
  type StudyDetail,
  type StudySummary,
  studyDetail,
  studyList,
} from '@leadglass/ui/contract/local-api'
import type { Command } from 'commander'
import { InstanceClient } from '../client.ts'
import { print, wholeNumber, withData, withJson } from '../options.ts'
import { renderTable } from '../table.ts'
import { registerStudyExport } from './study-export.ts'

interface ListOptions {
  readonly data: string
  readonly json: boolean
  readonly state?: string
  readonly search?: string
  readonly limit: number
}

/** `leadglass study list|show|export`. */
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
  registerStudyExport(study)
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

/** What was corrected, and what is kept and not used. */
function correctionLines({ corrections = [], withdrawn = [] }: StudyDetail): string[] {
  if (corrections.length + withdrawn.length === 0) return []
  return [
    '',
    renderTable(
      ['corrected', 'revision', 'by', 'at', 'reason'],
      corrections.map(({ cause, revision, by, at, reason }) => [cause, revision, by, at, reason]),
    ),
    ...withdrawn.map(({ sopInstanceUid, reason }) => `Not used: ${sopInstanceUid} (${reason})`),
  ]
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

function presentStudy(detail: StudyDetail): string {
  const { summary, completion, revisions, instances, deliveries, labels } = detail
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
    `Complete because: ${completion ?? '(still receiving)'}${expectedWords(detail)}${summary.reason === null ? '' : `; reason: ${summary.reason}`}`,
    ...revisions
      .slice(0, 1)
      .flatMap(({ egressBlocked }) =>
        egressBlocked == null ? [] : [`Nothing about it left the box: ${egressBlocked}`],
      ),
    ...revisions.slice(0, 1).flatMap(({ route }) => (route == null ? [] : [routeLine(route)])),
    '',
    renderTable(['instance', 'score', 'value', 'operating point', 'side', 'model'], scoreRows),
    '',
    renderTable(
      ['destination', 'delivery', 'attempts', 'last error'],
      deliveries.map((delivery) => [
        delivery.destination,
        deliveryWords(delivery),
        delivery.attempts,
        delivery.lastError,
      ]),
    ),
    '',
    ...priorLines(detail),
    renderTable(
      ['finding', 'label', 'blind', 'reader', 'at', 'counts'],
      labels.map(({ finding, value, blind, reader, at, counts }) => [
        finding,
        value,
        blind,
        reader,
        at,
        counts ?? true,
      ]),
    ),
    ...correctionLines(detail),
  ].join('\n')
}

function expectedWords({ revisions, instances }: StudyDetail): string {
  const expected = revisions[0]?.expectedInstances ?? null
  return expected === null ? '' : ` (${instances.length} instances, ${expected} were named)`
}

/** A delivery that the destination accepted is done only when it is confirmed in the way that the settings name. */
function deliveryWords({ state, storedAt, confirmedBy }: StudyDetail['deliveries'][number]): string {
  if (state === 'pending' && storedAt != null) return 'stored, not confirmed'
  return state === 'accepted' && confirmedBy != null && confirmedBy !== 'store' ? `accepted, ${confirmedBy}` : state
}

function priorLines({ priors = [] }: StudyDetail): string[] {
  if (priors.length === 0) return []
  const rows = priors.map((prior) => [
    prior.studyDate,
    prior.modalities,
    prior.state,
    prior.instances,
    prior.bytes,
    prior.source,
    prior.reason,
  ])
  return [renderTable(['prior', 'modality', 'state', 'instances', 'bytes', 'source', 'reason'], rows), '']
}

function routeLine({ version, rule, lane, processing, profile, reason }: RouteView): string {
  const decided = version === null ? 'no rules in force' : `rule ${rule ?? '(none matched)'} of version ${version}`
  return `Routed by: ${decided}; lane ${lane}, ${processing}, ${profile}${reason === null ? '' : `; ${reason}`}`
}
