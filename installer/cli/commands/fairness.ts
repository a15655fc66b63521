import { type FairnessView, fairnessList } from '@leadglass/ui/contract/hub-api'
import type { Command } from 'commander'
import { InstanceClient } from '../client.ts'
import { print, withData, withJson } from '../options.ts'
import { renderTable } from '../table.ts'
import { addAlertCommands, type HubOptions } from './monitoring-alerts.ts'

/** `leadglass fairness show|alerts|settle`. */
export function registerFairness(program: Command): void {
  const fairness = program.command('fairness').description('whether versions serve groups of patients equally')
  const show = fairness
    .command('show')
    .description('gaps between groups with their intervals, by dimension')
    .option('--model <name>', 'of this model only')
  withJson(withData(show)).action(showViews)
  addAlertCommands(fairness, '/api/fairness/alerts')
}

async function showViews(options: HubOptions & { readonly model?: string }): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const query = options.model === undefined ? '' : `?model=${encodeURIComponent(options.model)}`
  const path = `/api/fairness${query}`
  const answer = await client.request({ service: 'hub', method: 'GET', path, schema: fairnessList })
  print(options.json, answer, () =>
    answer.views.length === 0
      ? 'The hub has not looked yet, or nothing is labelled.'
      : renderTable(
          ['model', 'finding', 'dimension', 'groups', 'measure', 'value', 'limit', 'verdict'],
          answer.views.flatMap(lines),
        ),
  )
}

function lines(view: FairnessView): string[][] {
  const model = `${view.model.name} ${view.model.version}`
  if (view.dimensions.length === 0) return [[model, view.finding, '-', '-', '-', '-', '-', view.state]]
  return view.dimensions.flatMap(({ dimension, groups, disparities }) =>
    disparities
      .filter((one) => one.limit !== null)
      .map(({ measure, value, low, high, limit, verdict }) => [
        model,
        view.finding,
        dimension,
        String(groups.length),
        measure,
        value === null ? '-' : `${value} (${low ?? '-'} to ${high ?? '-'})`,
        String(limit ?? '-'),
        verdict,
      ]),
  )
}
