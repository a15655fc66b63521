import { type TrainingTriggerPolicy, type TrainingTriggers, trainingTriggers } from '@leadglass/ui/contract/hub-api'
import { type Command, InvalidArgumentError } from 'commander'
import { InstanceClient } from '../client.ts'
import { print, wholeNumber, withData, withJson } from '../options.ts'
import { renderTable } from '../table.ts'

interface Options {
  readonly data: string
  readonly json: boolean
}
interface Named {
  readonly model: string
  readonly finding: string
}
interface SetOptions extends Options, Named {
  readonly labels?: number
  readonly labelsCooldown?: number
  readonly ageDays?: number
  readonly ageLabels: number
  readonly ageCooldown?: number
  readonly drift?: readonly ('P1' | 'P2')[]
  readonly driftCooldown?: number
  readonly cron?: string
  readonly timeZone?: string
  readonly cronCooldown?: number
  readonly maximumPerDay?: number
  readonly off: boolean
}

const PATH = '/api/training-triggers'

/** `leadglass training triggers list|set|remove`. */
export function registerTriggers(training: Command): void {
  const triggers = training.command('triggers').description('what starts runs without anybody asking')
  withJson(withData(triggers.command('list').description('triggers, their standing and what was decided'))).action(list)
  const studies = wholeNumber(1, 10_000_000)
  withNames(
    withJson(
      withData(triggers.command('set').description('declare the triggers of a finding, in place of those before')),
    ),
  )
    .option('--labels <n>', 'so many studies labelled since the last dataset', studies)
    .option('--labels-cooldown <hours>', 'held back for so long after it fired; a day unless told', hours)
    .option('--age-days <days>', 'the oldest label that no dataset has is so old', hours)
    .option('--age-labels <n>', 'and there are so many of them', studies, 1)
    .option('--age-cooldown <hours>', 'held back for so long after it fired; a week unless told', hours)
    .option('--drift <priorities...>', 'an open alert of the model: P1, or P1 P2')
    .option('--drift-cooldown <hours>', 'held back for so long after it fired; a day unless told', hours)
    .option('--cron <expression>', 'at the times of a cron expression, if anything was labelled')
    .option('--time-zone <name>', 'of the expression, as in Europe/Berlin; UTC unless told')
    .option('--cron-cooldown <hours>', 'held back for so long after it fired', hours)
    .option('--maximum-per-day <n>', 'runs that all triggers together may start in 24 hours', wholeNumber(1, 24))
    .option('--off', 'declared, but switched off', false)
    .action(set)
  withNames(
    withJson(withData(triggers.command('remove').description('nothing starts runs of the finding any more'))),
  ).action(remove)
}

function withNames(command: Command): Command {
  return command
    .requiredOption('--finding <code>', 'the finding, such as pneumonia')
    .option('--model <name>', 'the model', 'chest-radiograph')
}

function hours(text: string): number {
  const value = Number(text)
  if (!Number.isFinite(value) || value < 0) throw new InvalidArgumentError('It must be a number from 0.')
  return value
}

async function list(options: Options): Promise<void> {
  const client = await InstanceClient.open(options.data)
  tell(options, await client.request({ service: 'hub', method: 'GET', path: PATH, schema: trainingTriggers }))
}

async function set(options: SetOptions): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const body = policyOf(options)
  tell(options, await client.request({ service: 'hub', method: 'POST', path: PATH, body, schema: trainingTriggers }))
}

async function remove(options: Options & Named): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const path = `${PATH}/${encodeURIComponent(options.model)}/${encodeURIComponent(options.finding)}`
  tell(options, await client.request({ service: 'hub', method: 'DELETE', path, schema: trainingTriggers }))
}

/** What the flags declare; what is not given is the hub's to fill in. */
function policyOf(options: SetOptions): TrainingTriggerPolicy {
  const { model, finding, off, labels, ageDays, ageLabels, drift, cron, timeZone, maximumPerDay } = options
  const cooled = (cooldownHours: number | undefined) => (cooldownHours === undefined ? {} : { cooldownHours })
  return {
    model,
    finding,
    enabled: !off,
    ...(maximumPerDay === undefined ? {} : { maximumPerDay }),
    ...(labels === undefined ? {} : { labels: { atLeast: labels, ...cooled(options.labelsCooldown) } }),
    ...(ageDays === undefined
      ? {}
      : { age: { olderThanDays: ageDays, atLeast: ageLabels, ...cooled(options.ageCooldown) } }),
    ...(drift === undefined ? {} : { drift: { priorities: [...drift], ...cooled(options.driftCooldown) } }),
    ...(cron === undefined
      ? {}
      : { schedule: { cron, ...(timeZone === undefined ? {} : { timeZone }), ...cooled(options.cronCooldown) } }),
  }
}

function tell({ json }: Options, found: TrainingTriggers): void {
  print(json, found, () =>
    [
      ...found.policies.map(({ policy, changedBy, changedAt }) =>
        [
          `${policy.model}, ${policy.finding}: ${JSON.stringify(policy)}`,
          `  declared by ${changedBy} at ${changedAt}`,
        ].join('\n'),
      ),
      ...(found.policies.length === 0 ? ['Nothing starts runs by itself.'] : []),
      '',
      renderTable(
        ['at', 'model', 'finding', 'trigger', 'decision', 'new labels', 'looks', 'run', 'why'],
        found.decisions.map((one) => [
          one.lastAt,
          one.model,
          one.finding,
          one.cause,
          one.outcome,
          one.newLabels,
          one.looks,
          one.run,
          one.reason,
        ]),
      ),
    ].join('\n'),
  )
}
