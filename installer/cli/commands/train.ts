import {
  CALIBRATIONS,
  HEAD_TRAINERS,
  type TrainerRequest,
  type TrainingRun,
  trainingRun,
} from '@leadglass/ui/contract/hub-api'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { InstanceClient } from '../client.ts'
import { EXIT } from '../exit.ts'
import { print, wholeNumber, withData, withJson } from '../options.ts'
import { createProgress, type Progress } from '../progress.ts'
import { renderTable } from '../table.ts'

interface TrainOptions {
  readonly data: string
  readonly json: boolean
  readonly finding: string
  readonly model: string
  readonly parent?: string
  readonly seed: number
  readonly trainer?: TrainerRequest['trainer']
  readonly calibration: TrainerRequest['calibration']
  readonly option: Readonly<Record<string, number | string | number[]>>
  readonly wait: boolean
}

const POLL_MS = 300
const FINAL: readonly TrainingRun['state'][] = ['succeeded', 'stopped-by-gate', 'failed', 'interrupted', 'cancelled']

/** `leadglass train`: trains a head from features and labels at the hub, and registers a candidate. */
export function registerTrain(program: Command): void {
  describeTrain(program.command('train'))
}

/** What `train` and `training start` are told and do. */
export function describeTrain(bare: Command): void {
  const command = bare
    .description(
      'train a head at the hub from synced features and labels; a run that passes its gates registers a candidate',
    )
    .requiredOption('--finding <code>', 'the finding to learn, such as pneumonia')
    .option('--model <name>', 'model package to improve', 'chest-radiograph')
    .option('--parent <version>', 'version to start from; the newest when left out')
    .option('--seed <n>', 'seed of everything random', wholeNumber(0, 2 ** 31 - 1), 1)
    .addOption(
      new Option('--trainer <name>', 'how the head is fitted; held around its parent when left out').choices(
        HEAD_TRAINERS,
      ),
    )
    .addOption(new Option('--calibration <method>', 'calibration of a new head').choices(CALIBRATIONS).default('none'))
    .option('--option <name=value>', 'option of the trainer, such as maximumDepth=3; repeatable', gatherOption, {})
    .option('--no-wait', 'return at once instead of waiting for the end')
  withJson(withData(command)).action(async (options: TrainOptions) => {
    const client = await InstanceClient.open(options.data)
    const started = await startTraining(client, options)
    const run = options.wait ? await waitForTraining(client, started.run, createProgress()) : started
    print(options.json, run, () => presentRun(run))
    process.exitCode = run.state === 'succeeded' || !options.wait ? EXIT.done : EXIT.failed
  })
}

/** `name=value`; a number where it is one, and a list of them with commas. */
function gatherOption(text: string, known: TrainOptions['option']): TrainOptions['option'] {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('must be name=value')
  const [name, value] = [text.slice(0, at), text.slice(at + 1)]
  const numbers = value.split(',').map(Number)
  const first = numbers[0]
  if (first === undefined || numbers.some(Number.isNaN)) return { ...known, [name]: value }
  return { ...known, [name]: numbers.length > 1 || name === 'hidden' ? numbers : first }
}

/** Starts a run. */
export function startTraining(
  client: InstanceClient,
  options: Pick<TrainOptions, 'finding' | 'model' | 'parent' | 'seed'> &
    Partial<Pick<TrainOptions, 'trainer' | 'calibration' | 'option'>>,
): Promise<TrainingRun> {
  const { finding, model, parent, seed, trainer, calibration = 'none', option = {} } = options
  const choice = trainer === undefined ? {} : { trainer: { trainer, calibration, options: option } }
  return client.request({
    service: 'hub',
    method: 'POST',
    path: '/api/training-runs',
    body: { finding, model, parent: parent ?? null, seed, ...choice },
    schema: trainingRun,
  })
}

/** Waits until a run has ended, showing its own words. */
export async function waitForTraining(client: InstanceClient, run: string, progress: Progress): Promise<TrainingRun> {
  let last = ''
  for (;;) {
    const current = await client.request({
      service: 'hub',
      method: 'GET',
      path: `/api/training-runs/${encodeURIComponent(run)}`,
      schema: trainingRun,
    })
    if (current.message !== last) progress.step(`training: ${current.message}`)
    last = current.message
    if (FINAL.includes(current.state)) return current
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

/** A run with its figures, in words. */
export function presentRun(run: TrainingRun): string {
  return [
    `Run ${run.run}: ${run.state}. ${run.message}`,
    run.candidate === null
      ? 'No candidate.'
      : `Candidate: ${run.candidate.name} ${run.candidate.version} (${run.candidate.digest})`,
    '',
    renderTable(
      ['metric', 'on', 'value', 'low', 'high', 'cases'],
      run.metrics.map((entry) => [entry.name, entry.split, entry.value, entry.low, entry.high, entry.cases]),
    ),
    '',
    renderTable(
      ['gate', 'wanted', 'measured', 'holds'],
      run.gates.map((gate) => [
        gate.name,
        gate.wanted,
        gate.value,
        gate.outcome === 'not-evaluable'
          ? `not evaluable, ${gate.holds ? 'let through' : 'NO'}`
          : gate.holds
            ? 'yes'
            : 'NO',
      ]),
    ),
    '',
    renderTable(
      ['rows', 'number'],
      run.rows.map((entry) => [entry.name, entry.rows]),
    ),
  ].join('\n')
}
