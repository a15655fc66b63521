import { type monitoringAlert, monitoringAlertList } from '@leadglass/ui/contract/hub-api'
import type { Command } from 'commander'
import { z } from 'zod'
import { InstanceClient } from '../client.ts'
import { print, withData, withJson } from '../options.ts'
import { renderTable } from '../table.ts'

/** Options of every command that asks the hub. */
export interface HubOptions {
  readonly data: string
  readonly json: boolean
}

const settled = z.object({ alert: z.uuid() })

/** Adds `alerts` and `settle` to a command about models in use. @param path of the alerts at the hub. */
export function addAlertCommands(parent: Command, path: string): void {
  const alerts = parent.command('alerts').description('list the alerts of the hub, open ones first')
  withJson(withData(alerts)).action((options: HubOptions) => list(path, options))
  const settle = parent
    .command('settle <alert>')
    .description('close an alert: you have looked at it')
    .requiredOption('--reason <words>', 'what was found; free of identities')
  withJson(withData(settle)).action((alert: string, options: HubOptions & { readonly reason: string }) =>
    close(path, alert, options),
  )
}

async function list(path: string, options: HubOptions): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const answer = await client.request({ service: 'hub', method: 'GET', path, schema: monitoringAlertList })
  print(options.json, answer, () =>
    answer.alerts.length === 0
      ? 'Nothing is beyond its limits.'
      : renderTable(
          ['alert', 'priority', 'raised', 'device', 'model', 'finding', 'what', 'settled'],
          answer.alerts.map(line),
        ),
  )
}

function line(one: z.infer<typeof monitoringAlert>): string[] {
  const state = one.settledAt === null ? '-' : `${one.settledAt} by ${one.settledBy ?? '-'}`
  const model = `${one.model.name} ${one.model.version}`
  return [
    one.alert,
    one.priority,
    one.raisedAt,
    one.device,
    model,
    one.finding,
    `${one.what}: ${one.detail.join(', ')}`,
    state,
  ]
}

async function close(path: string, alert: string, options: HubOptions & { readonly reason: string }): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const answer = await client.request({
    service: 'hub',
    method: 'POST',
    path: `${path}/${encodeURIComponent(alert)}/settle`,
    body: { reason: options.reason },
    schema: settled,
  })
  print(options.json, answer, () => `Alert ${answer.alert} is settled.`)
}
