import { moveHubRecords } from '@leadglass/cloud-hub/commands'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { layoutOf } from '../../start/layout.ts'
import { print, withData, withJson } from '../options.ts'
import { createProgress } from '../progress.ts'
import { renderTable } from '../table.ts'

interface Options {
  readonly data: string
  readonly json: boolean
  readonly to: 'postgres' | 'sqlite'
  readonly url?: string
}

/** `leadglass hub move-database`. */
export function registerMoveDatabase(hub: Command): void {
  const command = hub
    .command('move-database')
    .description('move the records of a hub that does not run to PostgreSQL, or back into its own file')
    .addOption(new Option('--to <kind>', 'where to').choices(['postgres', 'sqlite']).makeOptionMandatory())
    .option('--url <url>', 'postgresql://USER@HOST/DATABASE, without a password (PGPASSFILE has it)', postgresUrl)
  withJson(withData(command)).action(async (_own: Options, self: Command) =>
    move(self.optsWithGlobals<Options>(), self),
  )
}

async function move({ data, json, to, url }: Options, command: Command): Promise<void> {
  if ((to === 'postgres') !== (url !== undefined))
    command.error('error: --url goes with "--to postgres", and only with it')
  const progress = createProgress()
  progress.step('moving the records')
  const report = await moveHubRecords({
    folder: layoutOf(data).hub.folder,
    to: url === undefined ? { kind: 'sqlite' } : { kind: 'postgres', url },
    onProgress: (done, total) => progress.count(done, total),
  })
  print(json, report, () =>
    [
      `${report.rows} rows in ${report.tables.length} tables are on ${report.to} now, with the same digests on both sides.`,
      '',
      renderTable(
        ['table', 'rows', 'SHA-256'],
        report.tables.filter(({ rows }) => rows > 0).map((one) => [one.table, one.rows, one.digest.slice(0, 16)]),
      ),
    ].join('\n'),
  )
}

function postgresUrl(text: string): string {
  if (!/^postgres(?:ql)?:\/\/\S+$/.test(text)) throw new InvalidArgumentError('It must begin with postgresql://.')
  if (/^[a-z]+:\/\/[^/@]*:[^/@]*@/.test(text)) {
    throw new InvalidArgumentError('The password does not belong into the address: put it into the file of PGPASSFILE.')
  }
  return text
}
