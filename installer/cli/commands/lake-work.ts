import { lakeCompaction, lakeQueryAnswer, lakeVerification } from '@leadglass/ui/contract/hub-api'
import type { Command } from 'commander'
import { InstanceClient } from '../client.ts'
import { EXIT } from '../exit.ts'
import { print, wholeNumber } from '../options.ts'
import { createProgress } from '../progress.ts'
import { type Cell, renderTable } from '../table.ts'

interface Options {
  readonly data: string
  readonly json: boolean
}

/** `leadglass lake compact|verify|query`: what may take long. */
export function registerLakeWork(add: (name: string, description: string) => Command): void {
  add('compact', 'put the small files of each site and day together')
    .option('--least <n>', 'files that a day must have', wholeNumber(2, 1000), 2)
    .action(compact)
  add(
    'verify',
    'replay every chain of versions and read every file again; exit status 1 when something differs',
  ).action(verify)
  add('query <sql>', 'run one SELECT over features, scores, quality, labels, revisions, not_scored, drift_counts')
    .option('--limit <n>', 'most rows to show', wholeNumber(1, 10_000), 100)
    .action(query)
}

async function work(data: string, title: string, path: string, body: unknown): Promise<unknown> {
  const client = await InstanceClient.open(data)
  const progress = createProgress()
  progress.step(title)
  const answer = await client.longPost('hub', path, body)
  progress.step('done')
  return JSON.parse(answer.body.toString('utf8'))
}

async function compact({ data, json, least }: Options & { readonly least: number }): Promise<void> {
  const answer = lakeCompaction.parse(
    await work(data, 'putting files together at the hub', '/api/lake/compaction', { least }),
  )
  print(
    json,
    answer,
    () => `${answer.before} files became ${answer.after} (${answer.rows} rows, ${answer.bytes} bytes).`,
  )
}

async function verify({ data, json }: Options): Promise<void> {
  const answer = lakeVerification.parse(await work(data, 'reading every file', '/api/lake/verification', undefined))
  print(json, answer, () =>
    answer.findings.length === 0
      ? `${answer.files} files are what their versions say.`
      : renderTable(
          ['table', 'what', 'where'],
          answer.findings.map((one) => [one.table, one.what, one.where]),
        ),
  )
  if (answer.findings.length > 0) process.exitCode = EXIT.failed
}

async function query(sql: string, { data, json, limit }: Options & { readonly limit: number }): Promise<void> {
  const answer = lakeQueryAnswer.parse(await work(data, 'asking the hub', '/api/lake/query', { sql, limit }))
  print(json, answer, () =>
    [
      renderTable(
        answer.columns,
        answer.rows.map((row) => row.map(shown)),
      ),
      ...(answer.truncated ? [`(the first ${limit} rows)`] : []),
    ].join('\n'),
  )
}

function shown(cell: unknown): Cell {
  if (cell === null || typeof cell === 'number' || typeof cell === 'boolean' || typeof cell === 'string') return cell
  return JSON.stringify(cell)
}
