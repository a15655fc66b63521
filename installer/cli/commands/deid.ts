import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { writeFileAtomically } from '@leadglass/sync-agent/foundation'
import type { Command } from 'commander'
import { deidentifyFiles, overlaps } from '../../deid/deidentify-folder.ts'
import { InstallerError } from '../../errors.ts'
import { findFiles } from '../../send/find-files.ts'
import { EXIT } from '../exit.ts'
import { callerPath, print, withJson } from '../options.ts'
import { createProgress } from '../progress.ts'
import { registerDeidScore } from './deid-score.ts'

const SECRET_BYTES = 32

interface DeidCommandOptions {
  readonly secret?: string
  readonly dryRun: boolean
  readonly pixelsReviewed: boolean
  readonly json: boolean
}

/** `leadglass deid IN OUT`: the appliance's de-identification for a folder. */
export function registerDeid(program: Command): void {
  const command = program
    .command('deid')
    .description(
      'de-identify a folder of DICOM files by the PS3.15 Basic profile (modified dates, patient characteristics kept)',
    )
    .argument('<in>', 'folder or file', callerPath)
    .argument('<out>', 'folder to write; one folder a study, names from the new UIDs', callerPath)
    .option(
      '--secret <file>',
      'file with the key of the pseudonyms (64 hexadecimal digits; made when missing); without it a key is made for this run alone',
      callerPath,
    )
    .option(
      '--pixels-reviewed',
      'a person has looked at the pixels: also write objects that may show text in them (ultrasound, captures, film)',
      false,
    )
    .option('--dry-run', 'write nothing, only report', false)
    .addHelpText('after', '\nExit status 1 when at least one file was not written; the report says why for each.')
  withJson(command).action(runDeid)
  registerDeidScore(command)
}

async function runDeid(input: string, output: string, options: DeidCommandOptions): Promise<void> {
  if (overlaps(input, output)) {
    throw new InstallerError('input-invalid', {
      message: 'the output folder lies within the input folder, or the other way round',
      effect: 'nothing was written',
      nextStep: 'choose an output folder elsewhere',
    })
  }
  const files = await findFiles(input)
  const progress = createProgress()
  progress.step(`de-identifying ${files.length} files`)
  const report = await deidentifyFiles(files, {
    output,
    secret: await secretOf(options.secret),
    dryRun: options.dryRun,
    pixelsReviewed: options.pixelsReviewed,
    onFile: (done) => progress.count(done, files.length),
  })
  print(options.json, report, () =>
    [
      `${report.deidentified} of ${report.files} files ${options.dryRun ? 'can be de-identified' : 'were written'}.`,
      `Actions: ${
        Object.entries(report.actions)
          .map(([code, count]) => `${code} ${count}`)
          .join(', ') || 'none'
      }.`,
      ...report.quarantined.map(({ file, reason }) => `  file ${file + 1} of the sorted list: ${reason}`),
    ].join('\n'),
  )
  process.exitCode = report.quarantined.length === 0 ? EXIT.done : EXIT.failed
}

async function secretOf(file: string | undefined): Promise<Uint8Array> {
  if (file === undefined) return randomBytes(SECRET_BYTES)
  const existing = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (existing === undefined) {
    const secret = randomBytes(SECRET_BYTES)
    await writeFileAtomically(file, `${secret.toString('hex')}\n`)
    return secret
  }
  if (!/^[0-9a-f]{64}\s*$/.test(existing)) {
    throw new InstallerError('input-invalid', {
      message: `${file} is not a key file: it must hold 64 hexadecimal digits`,
      effect: 'nothing was de-identified',
      nextStep: 'name the right file, or a new name to have one made',
    })
  }
  return Buffer.from(existing.trim(), 'hex')
}
