import { auditRetention } from '@leadglass/ui/contract/hub-api'
import type { Command } from 'commander'
import { z } from 'zod'
import { InstanceClient } from '../client.ts'
import { print, wholeNumber, withData, withJson } from '../options.ts'
import { renderTable } from '../table.ts'

interface Common {
  readonly data: string
  readonly json: boolean
}

const placed = z.object({ hold: z.number() })
const lifted = z.object({ lifted: z.literal(true) })
const pruned = z.object({ pruned: auditRetention.shape.epochs })

/** `leadglass audit retention|hold|lift|prune`: how long the hub's logs are kept in full. */
export function registerRetention(audit: Command): void {
  const hub = { service: 'hub' } as const
  withJson(withData(audit.command('retention').description('the years of each log, and the legal holds'))).action(
    async (options: Common) => {
      const client = await InstanceClient.open(options.data)
      const path = '/api/audit/retention'
      const shown = await client.request({ ...hub, method: 'GET', path, schema: auditRetention })
      print(options.json, shown, () => tableOf(shown.epochs))
    },
  )
  withJson(
    withData(
      audit
        .command('hold')
        .description('keep entries from being pruned, until the hold is lifted')
        .requiredOption('--reason <words>', 'why; free of identities')
        .option('--log <log>', '"hub" or the name of a device; every log unless told')
        .option('--year <year>', 'one year; every year unless told', wholeNumber(2000, 9999)),
    ),
  ).action(async (options: Common & { readonly reason: string; readonly log?: string; readonly year?: number }) => {
    const client = await InstanceClient.open(options.data)
    const body = { log: options.log ?? null, year: options.year ?? null, reason: options.reason }
    const made = await client.request({ ...hub, method: 'POST', path: '/api/audit/holds', body, schema: placed })
    print(options.json, made, () => `Hold ${made.hold} is in force.`)
  })
  withJson(
    withData(
      audit
        .command('lift')
        .description('lift a hold')
        .argument('<hold>', 'its number', wholeNumber(1, Number.MAX_SAFE_INTEGER)),
    ),
  ).action(async (hold: number, options: Common) => {
    const client = await InstanceClient.open(options.data)
    const path = `/api/audit/holds/${hold}/lift`
    const done = await client.request({ ...hub, method: 'POST', path, body: {}, schema: lifted })
    print(options.json, done, () => `Hold ${hold} is lifted.`)
  })
  withJson(
    withData(
      audit.command('prune').description('empty entries older than seven years; hashes and proofs stay for ever'),
    ),
  ).action(async (options: Common) => {
    const client = await InstanceClient.open(options.data)
    const done = await client.request({ ...hub, method: 'POST', path: '/api/audit/prune', body: {}, schema: pruned })
    print(options.json, done, () => (done.pruned.length === 0 ? 'Nothing is due.' : tableOf(done.pruned)))
  })
}

function tableOf(epochs: z.infer<typeof auditRetention>['epochs']): string {
  return renderTable(
    ['log', 'year', 'entries', 'state'],
    epochs.map(({ origin, year, from, to, state }) => [origin, String(year), `${from} to ${to - 1}`, state]),
  )
}
