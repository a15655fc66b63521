import { type TrainingExecutors, trainingExecutors } from '@leadglass/ui/contract/hub-api'
import type { Command } from 'commander'
import { InstanceClient } from '../client.ts'
import { print, withData, withJson } from '../options.ts'
import { renderTable } from '../table.ts'

const PROOF: Readonly<Record<TrainingExecutors['executors'][number]['proof'], string>> = {
  'run-in-tests': 'real jobs run in the tests',
  'never-run-for-real': 'NEVER RUN FOR REAL: held against the published interface only',
}

const HELP = `
Executors are named in the hub's configuration (training.executors; docs/executors.md). Kubernetes, Databricks and Azure ML
adapters have never run for real: they are held against the published interfaces by contract tests only. Try one with a job
that does not matter before you rely on it. Whatever comes back from any executor is measured again by the hub.`

/** `leadglass training executors`: where the hub can train, what is known of each place, and how MLflow keeps up. */
export function registerTrainingExecutors(training: Command): void {
  const command = training
    .command('executors')
    .description('list where the hub can train, and how far the MLflow server is behind')
    .addHelpText('after', HELP)
  withJson(withData(command)).action(async (options: { readonly data: string; readonly json: boolean }) => {
    const client = await InstanceClient.open(options.data)
    const path = '/api/training-executors'
    const found = await client.request({ service: 'hub', method: 'GET', path, schema: trainingExecutors })
    print(options.json, found, () => present(found))
  })
}

function present({ executors, tracking }: TrainingExecutors): string {
  return [
    renderTable(
      ['executor', 'kind', 'where', 'training now', 'known of it'],
      executors.map((one, i) => [
        i === 0 ? `${one.name} (default)` : one.name,
        one.kind,
        one.target,
        one.training,
        PROOF[one.proof],
      ]),
    ),
    '',
    tracking === null
      ? 'MLflow: no server is configured.'
      : `MLflow: ${tracking.url}, experiment ${tracking.experiment}: ${tracking.told} runs told, ${tracking.backlog} waiting${tracking.failure === null ? '' : ` (last failure: ${tracking.failure})`}.`,
  ].join('\n')
}
