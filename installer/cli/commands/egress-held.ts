import { type HeldBatchView, heldBatchDetail, heldBatchList, heldDecision } from '@leadglass/ui/contract/local-api'
import type { Command } from 'commander'
import { InstanceClient } from '../client.ts'
import { print, withData, withJson } from '../options.ts'
import { renderTable } from '../table.ts'

interface Options {
  readonly data: string
  readonly json: boolean
}

/** `leadglass egress held|release|refuse`: batches that wait for a person. */
export function registerEgressHeld(egress: Command): void {
  withJson(withData(egress.command('held')))
    .description('list batches that wait for a person, then decided ones; or show one with every body')
    .argument('[batch]', 'batch, as listed')
    .action(held)
  withJson(withData(egress.command('release')))
    .description('let a batch leave as it is now')
    .argument('<batch>', 'batch, as listed')
    .action(release)
  withJson(withData(egress.command('refuse')))
    .description('refuse a batch: it is never sent, and what it holds is erased')
    .argument('<batch>', 'batch, as listed')
    .requiredOption('--reason <text>', 'why, for the record')
    .action(refuse)
}

async function held(batch: string | undefined, options: Options): Promise<void> {
  const client = await InstanceClient.open(options.data)
  if (batch !== undefined) {
    const detail = await read(client, batch)
    print(options.json, detail, () =>
      [describe(detail), ...detail.envelopes.map((one) => JSON.stringify(one.body, null, 2))].join('\n'),
    )
    return
  }
  const path = '/api/egress/held'
  const list = await client.request({ service: 'appliance', method: 'GET', path, schema: heldBatchList })
  const { totals } = list
  print(options.json, list, () =>
    [
      list.hold ? `Held: ${list.holdStreams.join(', ')}.` : 'The settings hold nothing; what waits was held before.',
      `${totals.waiting} envelopes wait, ${totals.released} were released, ${totals.refused} were refused.`,
      '',
      renderTable(
        ['batch', 'state', 'study', 'envelopes', 'since', 'decided by', 'reason'],
        list.batches.map((one) => [
          one.batch,
          one.state,
          one.study,
          kindsOf(one),
          one.openedAt,
          one.decidedBy,
          one.reason,
        ]),
      ),
    ].join('\n'),
  )
}

async function release(batch: string, options: Options): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const detail = await read(client, batch)
  const path = `/api/egress/held/${batch}/release`
  const body = { digest: detail.digest }
  const answer = await client.request({ service: 'appliance', method: 'POST', path, body, schema: heldDecision })
  print(options.json, answer, () => `Released: ${describe(detail)}`)
}

async function refuse(batch: string, options: Options & { readonly reason: string }): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const detail = await read(client, batch)
  const path = `/api/egress/held/${batch}/refuse`
  const body = { digest: detail.digest, reason: options.reason }
  const answer = await client.request({ service: 'appliance', method: 'POST', path, body, schema: heldDecision })
  print(options.json, answer, () => `Refused, never to be sent: ${describe(detail)}`)
}

function read(client: InstanceClient, batch: string) {
  const path = `/api/egress/held/${encodeURIComponent(batch)}`
  return client.request({ service: 'appliance', method: 'GET', path, schema: heldBatchDetail })
}

function describe(batch: HeldBatchView): string {
  return `${kindsOf(batch)} of ${batch.study === null ? 'the site' : `study ${batch.study}`} (${batch.state})`
}

function kindsOf({ kinds }: HeldBatchView): string {
  return Object.entries(kinds)
    .map(([kind, count]) => `${count} ${kind}`)
    .join(', ')
}
