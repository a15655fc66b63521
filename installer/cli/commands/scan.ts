import { openHeldSearch } from '@leadglass/appliance/commands'
import type { Command } from 'commander'
import { InstallerError } from '../../errors.ts'
import { layoutOf } from '../../start/layout.ts'
import { EXIT } from '../exit.ts'
import { callerPath, print, withData, withJson } from '../options.ts'
import { createProgress } from '../progress.ts'
import { renderTable } from '../table.ts'
import { filesAt, type PlaceReport, placesOf, scanPlace } from './scan-places.ts'

interface Options {
  readonly data: string
  readonly json: boolean
}

/** `leadglass scan [paths...]`: looks for the held studies' identifiers where none may be. */
export function registerScan(program: Command): void {
  const command = program
    .command('scan')
    .description(
      'look for identifiers of the studies in the box where none may be: exchange, agent, hub, logs, and any path given',
    )
    .argument('[paths...]', 'files and folders to search instead, such as a support bundle')
  withJson(withData(command)).action(scan)
}

async function scan(paths: readonly string[], options: Options): Promise<void> {
  const layout = layoutOf(options.data)
  const progress = createProgress()
  progress.step('reading whom the studies are about')
  const search = await openHeldSearch(layout.appliance.configFile).catch((cause: unknown) => {
    throw new InstallerError('no-instance', {
      message: `the record of the appliance in ${options.data} cannot be read`,
      effect: 'nothing was searched',
      nextStep: 'name the instance with --data, and run the command as the user who started it',
      cause,
    })
  })
  const places =
    paths.length === 0 ? placesOf(layout) : paths.map(callerPath).map((path) => ({ name: 'given', path, isDeep: true }))
  const reports: PlaceReport[] = []
  for (const place of places) {
    progress.step(`searching ${place.name}`)
    const total = await filesAt(place)
    let done = 0
    const onFile = (): void => {
      done += 1
      progress.count(done, total)
    }
    reports.push(await scanPlace(search, place, onFile))
  }
  const hits = reports.reduce((sum, report) => sum + report.hits.length, 0)
  const unread = reports.reduce((sum, report) => sum + report.unread.length, 0)
  const answer = { clean: hits === 0 && unread === 0, studies: search.studies, places: reports }
  print(options.json, answer, () => asText(search.studies, reports))
  if (!answer.clean) process.exitCode = EXIT.failed
}

function asText(studies: number, reports: readonly PlaceReport[]): string {
  const lines = [
    `Identifiers of ${studies} studies were searched for.`,
    '',
    renderTable(
      ['place', 'files', 'bytes', 'files with identifiers', 'weak', 'not searched'],
      reports.map((one) => [one.place, one.files, one.bytes, one.hits.length, one.weak, one.unread.length]),
    ),
  ]
  const at = ({ file, entry }: { file: string; entry?: number }): string =>
    entry === undefined ? file : `${file}, entry ${entry}`
  const hits = reports.flatMap((one) => one.hits)
  if (hits.length > 0)
    lines.push('', 'Identifiers were found in:', ...hits.map((hit) => `  ${at(hit)}: ${hit.identifiers}`))
  const unread = reports.flatMap((one) => one.unread)
  if (unread.length > 0) lines.push('', 'Not searched:', ...unread.map((one) => `  ${at(one)}: ${one.reason}`))
  return lines.join('\n')
}
