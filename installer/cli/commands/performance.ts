import { readFile } from 'node:fs/promises'
import {
  type PerformanceView,
  performanceList,
  performanceReferenceRequest,
  performanceReferenceTaken,
} from '@leadglass/ui/contract/hub-api'
import type { Command } from 'commander'
import { InstanceClient } from '../client.ts'
import { print, withData, withJson } from '../options.ts'
import { renderTable } from '../table.ts'
import { addAlertCommands, type HubOptions } from './monitoring-alerts.ts'

interface ShowOptions extends HubOptions {
  readonly model?: string
  readonly device?: string
}

interface ReferenceOptions extends HubOptions {
  readonly model: string
  readonly finding: string
  readonly reason: string
}

/** `leadglass performance show|reference|alerts|settle`. */
export function registerPerformance(program: Command): void {
  const performance = program
    .command('performance')
    .description('how versions perform in use: estimated without labels, measured with them')
  const show = performance
    .command('show')
    .description('the newest chunk of each version, finding and site')
    .option('--model <name>', 'of this model only')
    .option('--device <name>', 'of this site only; * is all sites together')
  withJson(withData(show)).action(showViews)
  const reference = performance
    .command('reference <file>')
    .description(
      'take labelled cases, a JSON list of [score, at or above the operating point, truth], as the reference',
    )
    .requiredOption('--model <digest>', 'digest of the version')
    .requiredOption('--finding <code>', 'code of the output')
    .requiredOption('--reason <words>', 'why these cases; free of identities')
  withJson(withData(reference)).action(takeReference)
  addAlertCommands(performance, '/api/performance/alerts')
}

async function showViews(options: ShowOptions): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const query = new URLSearchParams()
  if (options.model !== undefined) query.set('model', options.model)
  if (options.device !== undefined) query.set('device', options.device)
  const path = `/api/performance?${query.toString()}`
  const answer = await client.request({ service: 'hub', method: 'GET', path, schema: performanceList })
  print(options.json, answer, () =>
    answer.views.length === 0
      ? 'The hub has not looked yet, or no version has scored anything.'
      : renderTable(
          ['model', 'finding', 'site', 'state', 'studies', 'chunk', 'AUC', 'recall', 'specificity', 'beyond'],
          answer.views.map(line),
        ),
  )
}

function line(view: PerformanceView): string[] {
  const last = view.chunkings.find((one) => one.chunking === 'count')?.chunks.at(-1)
  const figure = (metric: string): string => {
    const found = last?.figures.find((one) => one.metric === metric)
    if (found === undefined || found.value === null) return '-'
    return `${found.value.toFixed(3)} (${found.low?.toFixed(3) ?? '-'} to ${found.high?.toFixed(3) ?? '-'})`
  }
  const beyond = last?.figures.filter((one) => one.beyond).map((one) => one.metric) ?? []
  return [
    `${view.model.name} ${view.model.version}`,
    view.finding,
    view.device,
    view.state,
    String(view.studies),
    last?.key ?? '-',
    figure('roc-auc'),
    figure('recall'),
    figure('specificity'),
    beyond.length === 0 ? '-' : beyond.join(', '),
  ]
}

async function takeReference(file: string, options: ReferenceOptions): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const body = performanceReferenceRequest.parse({
    model: options.model,
    finding: options.finding,
    reason: options.reason,
    cases: JSON.parse(await readFile(file, 'utf8')) as unknown,
  })
  const path = '/api/performance/references'
  const answer = await client.request({ service: 'hub', method: 'POST', path, body, schema: performanceReferenceTaken })
  print(options.json, answer, () => `The reference is ${answer.digest}. The next look estimates from it.`)
}
