import { mkdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { writeFileAtomically } from '@leadglass/sync-agent/foundation'
import {
  EXPORT_MASKED_HEADER,
  EXPORT_NAME_HEADER,
  exportPlan,
  type NotExported,
  notExported,
} from '@leadglass/ui/contract/local-api'
import type { Command } from 'commander'
import { InstanceClient } from '../client.ts'
import { EXIT } from '../exit.ts'
import { callerPath, print, withData, withJson } from '../options.ts'
import { createProgress } from '../progress.ts'
import { renderTable } from '../table.ts'

interface Options {
  readonly data: string
  readonly json: boolean
  readonly out: string
}

/** What became of each object. */
type Entry =
  | { readonly instance: number; readonly kind: 'written'; readonly file: string; readonly masked: number }
  | ({ readonly instance: number } & NotExported)

/** `leadglass study export`. */
export function registerStudyExport(study: Command): void {
  const command = study
    .command('export')
    .description(
      'take a study out of the box de-identified, every frame read for text; exit status 1 when an object stays',
    )
    .argument('<study>', 'study pseudonym, as listed')
    .requiredOption('--out <folder>', 'where the files go, in a folder of the study', callerPath)
  withJson(withData(command)).action(exportStudy)
}

async function exportStudy(study: string, options: Options): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const path = `/api/studies/${encodeURIComponent(study)}/export`
  const plan = await client.request({ service: 'appliance', method: 'GET', path, schema: exportPlan })
  const folder = join(options.out, plan.study)
  await mkdir(folder, { recursive: true, mode: 0o750 })
  const progress = createProgress()
  const entries: Entry[] = []
  for (const { instance } of plan.instances) {
    progress.step(`object ${entries.length + 1} of ${plan.instances.length}`)
    entries.push(await exportInstance(client, `${path}/${instance}`, instance, folder))
  }
  print(options.json, { study: plan.study, revision: plan.revision, objects: entries }, () => textOf(entries))
  if (entries.some(({ kind }) => kind !== 'written')) process.exitCode = EXIT.failed
}

async function exportInstance(client: InstanceClient, path: string, instance: number, folder: string): Promise<Entry> {
  const answer = await client.longPost('appliance', path)
  const name = answer.header(EXPORT_NAME_HEADER)
  if (name === undefined) return { instance, ...notExported.parse(JSON.parse(answer.body.toString('utf8'))) }
  const file = join(folder, basename(name))
  await writeFileAtomically(file, answer.body)
  return { instance, kind: 'written', file, masked: Number(answer.header(EXPORT_MASKED_HEADER) ?? 0) }
}

function textOf(entries: readonly Entry[]): string {
  const written = entries.filter(({ kind }) => kind === 'written').length
  const stayed = entries.flatMap((entry) =>
    entry.kind === 'written'
      ? []
      : [[entry.instance, entry.kind, 'review' in entry ? entry.review : null, entry.reason]],
  )
  return [
    `${written} of ${entries.length} objects were written.`,
    ...(stayed.length === 0 ? [] : ['', renderTable(['instance', 'stayed', 'review', 'reason'], stayed)]),
    ...(stayed.some(([, kind]) => kind === 'held')
      ? ['', 'A person must look: "leadglass review show NUMBER", or the page Pixels. Then export again.']
      : []),
  ].join('\n')
}
