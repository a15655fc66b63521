import { driftAlertList } from '@leadglass/ui/contract/hub-api'
import type { Command } from 'commander'
import { z } from 'zod'
import { InstanceClient } from '../client.ts'
import { print, withData, withJson } from '../options.ts'
import { renderTable } from '../table.ts'

interface Options {
  readonly data: string
  readonly json: boolean
}

const settled = z.object({ alert: z.uuid() })

/** `leadglass drift alerts|settle`. */
export function registerDrift(program: Command): void {
  const drift = program.command('drift').description('distributions that moved too far at a site')
  const alerts = drift.command('alerts').description('list the alerts of the hub, newest first')
  withJson(withData(alerts)).action(list)
  const settle = drift
    .command('settle <alert>')
    .description('close an alert: you have looked at it')
    .requiredOption('--reason <words>', 'what was found; free of identities')
  withJson(withData(settle)).action(close)
}

async function list(options: Options): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const path = '/api/drift/alerts'
  const answer = await client.request({ service: 'hub', method: 'GET', path, schema: driftAlertList })
  print(options.json, answer, () =>
    answer.alerts.length === 0
      ? 'Nothing has moved beyond its limit.'
      : renderTable(
          ['alert', 'raised', 'device', 'model', 'feature', 'month', 'settled'],
          answer.alerts.map((one) => [
            one.alert,
            one.raisedAt,
            one.device,
            `${one.model} ${one.version}`,
            one.feature,
            one.month,
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
