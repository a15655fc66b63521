import { lakeErasure, lakeErasures, lakeSnapshots, lakeStatus } from '@leadglass/ui/contract/hub-api'
import type { Command } from 'commander'
import { InstanceClient } from '../client.ts'
import { print, withData, withJson } from '../options.ts'
import { renderTable } from '../table.ts'
import { registerLakeReaders } from './lake-readers.ts'
import { registerLakeWork } from './lake-work.ts'

interface Options {
  readonly data: string
  readonly json: boolean
}

interface ErasureOptions extends Options {
  readonly site: string
  readonly patient: string
  readonly reason: string
}

/** `leadglass lake …`. */
export function registerLake(program: Command): void {
  const lake = program.command('lake').description('what the sites sent, as the hub keeps it for training')
  const add = (name: string, description: string): Command =>
    withJson(withData(lake.command(name).description(description)))
  add('status', 'tables, versions, and what came in against what lies here').action(status)
  add('snapshots', 'the newest datasets, with the account from envelope to row').action(snapshots)
  registerLakeWork(add)
  add('erase', 'delete everything of one patient of one site; cannot be taken back')
    .requiredOption('--site <device>', 'the device that sent the patient')
    .requiredOption('--patient <pseudonym>', 'the pseudonym under which it did, 32 hexadecimal digits')
    .requiredOption('--reason <words>', 'why; free of identities')
    .action(erase)
  add('erasures', 'what was erased: who, when, why, how much').action(erasures)
  registerLakeReaders(lake)
}

async function status(options: Options): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const answer = await client.request({ service: 'hub', method: 'GET', path: '/api/lake', schema: lakeStatus })
  print(options.json, answer, () =>
    [
      renderTable(
        ['table', 'rows', 'files', 'bytes', 'sites', 'version', 'readable from', 'digest'],
        answer.tables.map((one) => [
          one.table,
          one.rows,
          one.files,
          one.bytes,
          one.sites,
          one.version,
          one.readableFrom,
          one.digest?.slice(0, 12),
        ]),
      ),
      '',
      renderTable(
        ['site', 'envelopes of', 'taken', 'in the lake', 'erased', 'balanced'],
        answer.accounts.map((one) => [one.site, one.kind, one.envelopes, one.rows, one.erased, one.balanced]),
      ),
    ].join('\n'),
  )
}

async function snapshots(options: Options): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const path = '/api/lake/snapshots'
  const answer = await client.request({ service: 'hub', method: 'GET', path, schema: lakeSnapshots })
  print(options.json, answer.snapshots, () =>
    answer.snapshots.length === 0
      ? 'No dataset was taken yet.'
      : answer.snapshots
          .map((one) =>
            [
              `${one.digest}  ${one.model}, ${one.finding}, ${one.createdAt}${one.state === 'intact' ? '' : ', ALTERED BY ERASURE'}`,
              renderTable(
                ['envelopes', 'became'],
                [
                  [one.rows, 'rows'],
                  ...one.excluded.map(({ envelopes, reason, words }) => [envelopes, `${reason}: ${words}`]),
                  [one.envelopes, 'all'],
                ],
              ),
            ].join('\n'),
          )
          .join('\n\n'),
  )
}

async function erase({ data, json, ...body }: ErasureOptions): Promise<void> {
  const client = await InstanceClient.open(data)
  const answer = lakeErasure.parse(
    JSON.parse((await client.longPost('hub', '/api/lake/erasures', body)).body.toString()),
  )
  print(
    json,
    answer,
    () =>
      `Erased (${answer.erasure}): ${answer.envelopes} envelopes, ${answer.rows} rows; ${answer.filesBefore} files written again as ${answer.filesAfter}; ${answer.snapshots.length} snapshots superseded.`,
  )
}

async function erasures(options: Options): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const path = '/api/lake/erasures'
  const answer = await client.request({ service: 'hub', method: 'GET', path, schema: lakeErasures })
  print(options.json, answer.erasures, () =>
    renderTable(
      ['erasure', 'site', 'by', 'begun', 'finished', 'envelopes', 'snapshots', 'reason'],
      answer.erasures.map((one) => [
        one.erasure,
        one.site,
        one.requestedBy,
        one.begunAt,
        one.finishedAt,
        one.envelopes,
        one.report?.snapshots.length,
        one.reason,
      ]),
    ),
  )
}
