import { setTimeout as pause } from 'node:timers/promises'
import {
  REFUSAL_WORDS,
  type SyncEpoch,
  syncEpoch,
  syncResealed,
  syncStated,
  syncStatus,
} from '@leadglass/ui/contract/local-api'
import type { Command } from 'commander'
import { InstanceClient } from '../client.ts'
import { EXIT } from '../exit.ts'
import { print, wholeNumber, withData, withJson } from '../options.ts'
import { renderTable } from '../table.ts'

const POLL_MS = 500
const MOST_EPOCH = 1_000_000

interface Options {
  readonly data: string
  readonly json: boolean
}

/** `leadglass sync status|prove|reseal`: the way to the hub, and whether both sides hold the same. */
export function registerSync(program: Command): void {
  const sync = program
    .command('sync')
    .description('the way to the hub: what waits, and whether both sides hold the same')
  withJson(withData(sync.command('status').description('classes, quotas, what was turned away, epochs'))).action(status)
  withJson(withData(sync.command('prove').description('compare an epoch with the hub: both roots, or what differs')))
    .option('--epoch <n>', 'the epoch; the present one when left out', wholeNumber(1, MOST_EPOCH))
    .option('--wait <seconds>', 'how long to wait for the answer', wholeNumber(1, 3600), 120)
    .addHelpText('after', '\nExit status 1 when the two sides differ or no answer came.')
    .action(prove)
  const again = sync
    .command('reseal')
    .description('seal again, at new places, what the hub refused because its place was taken')
  withJson(withData(again)).requiredOption('--reason <text>', 'why; kept in the audit log of this site').action(reseal)
}

async function reseal(options: Options & { readonly reason: string }): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const path = '/api/sync/reseal'
  const body = { reason: options.reason }
  const done = await client.request({ service: 'appliance', method: 'POST', path, body, schema: syncResealed })
  print(options.json, done, () => `${done.envelopes} envelopes were sealed again, in epoch ${done.epoch}`)
}

async function status(options: Options): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const facts = await client.request({ service: 'appliance', method: 'GET', path: '/api/sync', schema: syncStatus })
  print(options.json, facts, () =>
    [
      renderTable(
        ['class', 'unsent', 'bytes', 'quota', 'quota bytes'],
        facts.classes.map(({ stream, unsentEnvelopes, unsentBytes, quota }) => [
          stream,
          unsentEnvelopes,
          unsentBytes,
          quota?.envelopes ?? 'always taken',
          quota?.bytes ?? '',
        ]),
      ),
      facts.rejected.length === 0 ? 'Nothing was turned away.' : 'Turned away:',
      ...facts.rejected.map((row) => `  ${row.bodies} ${row.kind} (${row.reason}), last at ${row.lastAt}`),
      facts.refused.length === 0 ? 'The hub refuses nothing.' : 'Refused by the hub, and kept here:',
      ...facts.refused.map(
        ({ stream, code, count, epoch, first, last }) =>
          `  ${count} of ${stream} (epoch ${epoch}, ${first} to ${last}): ${code}, ${REFUSAL_WORDS[code]?.found ?? ''}`,
      ),
      '',
      renderTable(
        ['epoch', 'opened', 'why', 'closed', 'verdict', 'envelopes here', 'at the hub'],
        facts.epochs.map((one) => [
          one.epoch,
          one.openedAt,
          one.reason,
          one.closed ? 'yes' : 'no',
          one.verdict,
          one.envelopes,
          one.hubEnvelopes,
        ]),
      ),
    ].join('\n'),
  )
}

async function prove(options: Options & { readonly epoch?: number; readonly wait: number }): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const read = { service: 'appliance', method: 'GET' } as const
  const epoch =
    options.epoch ?? (await client.request({ ...read, path: '/api/sync', schema: syncStatus })).epochs[0]?.epoch ?? 1
  const path = `/api/sync/epochs/${epoch}`
  const ask = { service: 'appliance', method: 'POST', path: `${path}/statement`, schema: syncStated } as const
  const { serial } = await client.request(ask)
  const until = Date.now() + options.wait * 1000
  let found = await client.request({ ...read, path, schema: syncEpoch })
  while ((found.verdict === 'pending' || (found.serial ?? 0) < serial) && Date.now() < until) {
    await pause(POLL_MS)
    found = await client.request({ ...read, path, schema: syncEpoch })
  }
  print(options.json, found, () => present(found))
  if (found.verdict !== 'equal') process.exitCode = EXIT.failed
}

function present(found: SyncEpoch): string {
  const head = [
    `Epoch ${found.epoch}${found.closed ? '' : ' (still open: compared as far as the hub has acknowledged it)'}`,
    `  this side ${found.envelopes ?? 0} envelopes, root ${found.root ?? 'none'}`,
    `  the hub   ${found.hubEnvelopes ?? 0} envelopes, root ${found.hubRoot ?? 'no answer yet'}`,
  ]
  if (found.verdict === 'equal') return [...head, 'Equal.'].join('\n')
  if (found.verdict !== 'unequal') return [...head, 'The hub has not answered yet.'].join('\n')
  const where = found.differences.map(({ stream, from, to }) => `  ${stream} ${from}${to === from ? '' : ` to ${to}`}`)
  return [...head, 'NOT EQUAL. These differ:', ...where].join('\n')
}
