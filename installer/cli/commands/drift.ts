import { type DriftList, driftAlertList, driftList } from '@leadglass/ui/contract/hub-api'
import type { Command } from 'commander'
import { z } from 'zod'
import { InstanceClient } from '../client.ts'
import { print, withData, withJson } from '../options.ts'
import { renderTable } from '../table.ts'

interface Options {
  readonly data: string
  readonly json: boolean
}

type Row = DriftList['features'][number]
const settled = z.object({ alert: z.uuid() })

/** `leadglass drift [alerts|settle]`. */
export function registerDrift(program: Command): void {
  const drift = program
    .command('drift')
    .description('how distributions at the sites compare with those the models were made from, newest window of each')
  withJson(withData(drift)).action(show)
  const alerts = drift.command('alerts').description('list the alerts of the hub, newest first')
  withJson(withData(alerts)).action(list)
  const settle = drift
    .command('settle <alert>')
    .description('close an alert: you have looked at it')
    .requiredOption('--reason <words>', 'what was found; free of identities')
  withJson(withData(settle)).action(close)
}

async function show(options: Options): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const answer = await client.request({ service: 'hub', method: 'GET', path: '/api/drift', schema: driftList })
  print(options.json, answer, () =>
    answer.features.length === 0
      ? 'No counts have left a site yet.'
      : renderTable(
          ['site', 'model', 'feature', 'window', 'n', 'PSI', 'of limit', 'q', 'verdict'],
          newestOf(answer.features).map((one) => [
            one.device === '*' ? 'all sites' : one.device,
            `${one.model.name} ${one.model.version}`,
            one.feature,
            `${one.window.from.slice(0, 13)} to ${one.window.to.slice(0, 13)}`,
            String(one.n),
            one.psi?.toFixed(3) ?? '-',
            one.level?.toFixed(2) ?? '-',
            one.q?.toPrecision(2) ?? '-',
            one.verdict,
          ]),
        ),
  )
}

/** The newest window of each feature at each site, the furthest from its reference first. */
function newestOf(rows: readonly Row[]): Row[] {
  const newest = new Map<string, Row>()
  for (const row of rows) {
    const key = `${row.device}/${row.model.digest}/${row.feature}`
    const known = newest.get(key)
    if (known === undefined || known.window.from < row.window.from) newest.set(key, row)
  }
  return [...newest.values()].sort((a, b) => (b.level ?? -1) - (a.level ?? -1))
}

async function list(options: Options): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const path = '/api/drift/alerts'
  const answer = await client.request({ service: 'hub', method: 'GET', path, schema: driftAlertList })
  print(options.json, answer, () =>
    answer.alerts.length === 0
      ? 'Nothing has moved beyond its limit.'
      : renderTable(
          ['alert', 'priority', 'raised', 'site', 'model', 'what moved', 'test', 'gone since', 'settled'],
          answer.alerts.map((one) => [
            one.alert,
            one.priority,
            one.raisedAt,
            one.device === '*' ? 'all sites' : one.device,
            `${one.model} ${one.version}`,
            one.feature,
            one.test,
            one.clearedAt ?? '-',
            one.settledAt === null ? '-' : `${one.settledAt} by ${one.settledBy ?? '-'}`,
          ]),
        ),
  )
}

async function close(alert: string, options: Options & { readonly reason: string }): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const path = `/api/drift/alerts/${encodeURIComponent(alert)}/settle`
  const body = { reason: options.reason }
  const answer = await client.request({ service: 'hub', method: 'POST', path, body, schema: settled })
  print(options.json, answer, () => `Alert ${answer.alert} is settled.`)
}
