import { revokedReaders } from '@leadglass/ui/contract/hub-api'
import type { Command } from 'commander'
import { z } from 'zod'
import { InstanceClient } from '../client.ts'
import { print, withData, withJson } from '../options.ts'
import { renderTable } from '../table.ts'

interface Options {
  readonly data: string
  readonly json: boolean
}

const one = z.object({ site: z.string(), reader: z.string() })

/** `leadglass lake readers list|revoke|restore`. */
export function registerLakeReaders(lake: Command): void {
  const readers = lake.command('readers').description('readers whose labels no longer count')
  const add = (name: string, description: string): Command =>
    withJson(withData(readers.command(name).description(description)))
  add('list', 'who was revoked, by whom and why').action(list)
  add('revoke <site> <reader>', 'no dataset takes labels of this reader any more')
    .requiredOption('--reason <words>', 'why; free of identities')
    .action(revoke)
  add('restore <site> <reader>', 'labels of this reader count again').action(restore)
}

async function list(options: Options): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const path = '/api/lake/revoked-readers'
  const answer = await client.request({ service: 'hub', method: 'GET', path, schema: revokedReaders })
  print(options.json, answer.readers, () =>
    answer.readers.length === 0
      ? 'Labels of every reader count.'
      : renderTable(
          ['site', 'reader', 'revoked', 'by', 'reason'],
          answer.readers.map(({ site, reader, revokedAt, revokedBy, reason }) => [
            site,
            reader,
            revokedAt,
            revokedBy,
            reason,
          ]),
        ),
  )
}

async function revoke(
  site: string,
  reader: string,
  { data, json, reason }: Options & { readonly reason: string },
): Promise<void> {
  const client = await InstanceClient.open(data)
  const path = '/api/lake/revoked-readers'
  const body = { site, reader, reason }
  const answer = await client.request({ service: 'hub', method: 'POST', path, body, schema: one })
  print(json, answer, () => `Labels of ${answer.reader} at ${answer.site} no longer count.`)
}

async function restore(site: string, reader: string, { data, json }: Options): Promise<void> {
  const client = await InstanceClient.open(data)
  const path = `/api/lake/revoked-readers/${encodeURIComponent(site)}/${encodeURIComponent(reader)}`
  const answer = await client.request({ service: 'hub', method: 'DELETE', path, schema: one })
  print(json, answer, () => `Labels of ${answer.reader} at ${answer.site} count again.`)
}
