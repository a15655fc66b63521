import { type BackfillView, backfillList, backfillView } from '@leadglass/ui/contract/local-api'
import { type Command, InvalidArgumentError } from 'commander'
import { InstanceClient } from '../client.ts'
import { print, wholeNumber, withData, withJson } from '../options.ts'
import { renderTable } from '../table.ts'

interface Options {
  readonly data: string
  readonly json: boolean
}

interface StartOptions extends Options {
  readonly model: string
  readonly from?: string
  readonly to?: string
  readonly modality?: string
  readonly window: string
  readonly zone?: string
  readonly deliver: boolean
}

const number = wholeNumber(1, Number.MAX_SAFE_INTEGER)

/** `leadglass backfill start|status|pause|resume|cancel`. */
export function registerBackfill(program: Command): void {
  const backfill = program.command('backfill').description('run a model in use over past studies, in off-peak hours')
  withJson(withData(backfill.command('start').description('start over the studies that the box holds now')))
    .requiredOption('--model <name>', 'a model in use, or name@version')
    .option('--from <date>', 'studies of this date or later, such as 2025-01-31', date)
    .option('--to <date>', 'studies of this date or earlier', date)
    .option('--modality <code>', 'studies that have this modality, such as CR')
    .option('--window <times>', 'when it works; equal times mean the whole day', '22:00-06:00')
    .option('--zone <name>', 'time zone of the window; that of the rules unless told, else UTC')
    .option('--deliver', 'send results to the destinations too; they stay on the box otherwise', false)
    .action(start)
  withJson(withData(backfill.command('status').description('every backfill, or one, and how far it is')))
    .argument('[job]', 'number', number)
    .action(status)
  for (const act of ['pause', 'resume', 'cancel'] as const) {
    withJson(withData(backfill.command(act).description(`${act} a backfill`)))
      .argument('<job>', 'number, as "status" shows it', number)
      .action((job: number, options: Options) => change(job, act, options))
  }
}

async function start({ data, json, ...wanted }: StartOptions): Promise<void> {
  const client = await InstanceClient.open(data)
  const view = await client.request({
    service: 'appliance',
    method: 'POST',
    path: '/api/backfills',
    body: wanted,
    schema: backfillView,
  })
  print(json, view, () => describe([view]))
}

async function status(job: number | undefined, { data, json }: Options): Promise<void> {
  const client = await InstanceClient.open(data)
  if (job !== undefined) {
    const path = `/api/backfills/${job}`
    const view = await client.request({ service: 'appliance', method: 'GET', path, schema: backfillView })
    return print(json, view, () => describe([view]))
  }
  const path = '/api/backfills'
  const { backfills } = await client.request({ service: 'appliance', method: 'GET', path, schema: backfillList })
  print(json, backfills, () => describe(backfills))
}

async function change(job: number, act: 'pause' | 'resume' | 'cancel', { data, json }: Options): Promise<void> {
  const client = await InstanceClient.open(data)
  const view = await client.request({
    service: 'appliance',
    method: 'POST',
    path: `/api/backfills/${job}/state`,
    body: { act },
    schema: backfillView,
  })
  print(json, view, () => describe([view]))
}

function describe(views: readonly BackfillView[]): string {
  if (views.length === 0) return 'No backfill was ever started here.'
  return renderTable(
    ['job', 'model', 'state', 'window', 'done', 'scored', 'not scored', 'failed', 'skipped', 'left', 'delivers'],
    views.map((one) => [
      one.job,
      `${one.model.name}@${one.model.version}`,
      one.reason === null ? one.state : `${one.state}: ${one.reason}`,
      `${one.window} ${one.zone}${one.open ? ' (open)' : ''}`,
      `${one.done} of ${one.total}`,
      one.scored,
      one.notScored,
      one.failed,
      one.skipped,
      one.secondsLeft === null ? 'not known yet' : `${Math.ceil(one.secondsLeft / 60)} min`,
      one.deliver ? 'yes' : 'no',
    ]),
  )
}

function date(text: string): string {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || Number.isNaN(Date.parse(text))) {
    throw new InvalidArgumentError('It must be a date such as 2025-01-31.')
  }
  return text.replaceAll('-', '')
}
