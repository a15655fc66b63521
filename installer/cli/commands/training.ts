import {
  type TrainingReproduction,
  type TrainingRun,
  trainingLog,
  trainingReproductions,
  trainingRun,
  trainingRunList,
} from '@leadglass/ui/contract/hub-api'
import type { Command } from 'commander'
import { InstanceClient } from '../client.ts'
import { EXIT } from '../exit.ts'
import { print, withData, withJson } from '../options.ts'
import { createProgress } from '../progress.ts'
import { renderTable } from '../table.ts'
import { describeTrain, presentRun, waitForTraining } from './train.ts'
import { registerTrainingExecutors } from './training-executors.ts'
import { registerTriggers } from './training-triggers.ts'

interface Options {
  readonly data: string
  readonly json: boolean
}
interface WaitOptions extends Options {
  readonly wait: boolean
}

const POLL_MS = 500

/** `leadglass training list|show|start|cancel|retry|reproduce|triggers|executors`. */
export function registerTraining(program: Command): void {
  const training = program.command('training').description('training runs at the hub, and what starts them by itself')
  withJson(withData(training.command('list').description('runs, newest first'))).action(list)
  withJson(withData(training.command('show').description('one run: figures, gates, rows, record and log')))
    .argument('<run>')
    .action(show)
  describeTrain(training.command('start'))
  withJson(withData(training.command('cancel').description('end a waiting or running run')))
    .argument('<run>')
    .action((run: string, options: Options) => act(run, 'cancellation', options))
  withJson(withData(training.command('retry').description('start a run again, from the dataset that it had')))
    .argument('<run>')
    .option('--no-wait', 'return at once instead of waiting for the end')
    .action((run: string, options: WaitOptions) => act(run, 'restart', options, options.wait))
  withJson(
    withData(
      training.command('reproduce').description('do a run again from its record, and compare head, report and package'),
    ),
  )
    .argument('<run>')
    .option('--no-wait', 'return at once instead of waiting for the end')
    .action(reproduce)
  registerTriggers(training)
  registerTrainingExecutors(training)
}

async function list(options: Options): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const path = '/api/training-runs'
  const found = await client.request({ service: 'hub', method: 'GET', path, schema: trainingRunList })
  print(options.json, found, () =>
    renderTable(
      ['run', 'model', 'finding', 'state', '%', 'started by', 'candidate', 'started', 'message'],
      found.runs.map((run) => [
        run.run,
        run.model,
        run.finding,
        run.state,
        Math.round(run.progress * 100),
        run.cause === 'asked' ? run.requestedBy : run.cause,
        run.candidate?.version,
        run.startedAt,
        run.message,
      ]),
    ),
  )
}

async function show(run: string, options: Options): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const path = pathOf(run)
  const [found, log, again] = await Promise.all([
    client.request({ service: 'hub', method: 'GET', path, schema: trainingRun }),
    client.request({ service: 'hub', method: 'GET', path: `${path}/log`, schema: trainingLog }),
    client.request({ service: 'hub', method: 'GET', path: `${path}/reproductions`, schema: trainingReproductions }),
  ])
  print(options.json, { ...found, log: log.lines, reproductions: again.reproductions }, () =>
    [
      presentRun(found),
      '',
      found.record === null ? 'No record yet.' : `Record: ${JSON.stringify(found.record, null, 2)}`,
      ...again.reproductions.map((one) => `Done again at ${one.createdAt}: ${one.state}. ${one.reason ?? ''}`),
      '',
      ...log.lines,
    ].join('\n'),
  )
}

async function act(run: string, act: 'cancellation' | 'restart', options: Options, wait = false): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const path = `${pathOf(run)}/${act}`
  const begun = await client.request({ service: 'hub', method: 'POST', path, body: {}, schema: trainingRun })
  const ended: TrainingRun = wait ? await waitForTraining(client, run, createProgress()) : begun
  print(options.json, ended, () => presentRun(ended))
  process.exitCode = wait && ended.state !== 'succeeded' ? EXIT.failed : EXIT.done
}

async function reproduce(run: string, options: WaitOptions): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const path = `${pathOf(run)}/reproductions`
  const begun = await client.request({ service: 'hub', method: 'POST', path, body: {}, schema: trainingReproductions })
  let [newest] = begun.reproductions
  const mine = newest?.reproduction
  while (options.wait && (newest?.state === 'queued' || newest?.state === 'running')) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    const { reproductions } = await client.request({
      service: 'hub',
      method: 'GET',
      path,
      schema: trainingReproductions,
    })
    newest = reproductions.find((one) => one.reproduction === mine)
  }
  const ended = newest
  print(options.json, ended ?? null, () =>
    ended === undefined ? 'Nothing was done again.' : presentReproduction(ended),
  )
  process.exitCode = options.wait && ended?.state !== 'equal' ? EXIT.failed : EXIT.done
}

const WORDS: Readonly<Record<TrainingReproduction['state'], string>> = {
  queued: 'waits for its turn',
  running: 'is being done again',
  equal: 'equal: the same bytes came out',
  differs: 'differs',
  'altered-by-erasure': 'altered by erasure',
  failed: 'failed',
}

function presentReproduction({ run, state, reason, parts }: TrainingReproduction): string {
  return [
    `Run ${run}: ${WORDS[state]}.${reason === null ? '' : ` ${reason}`}`,
    ...(parts.length === 0
      ? []
      : [
          '',
          renderTable(
            ['part', 'recorded', 'now', 'equal'],
            parts.map((one) => [one.part, one.recorded, one.now, one.isEqual ? 'yes' : 'NO']),
          ),
        ]),
  ].join('\n')
}

function pathOf(run: string): string {
  return `/api/training-runs/${encodeURIComponent(run)}`
}
