import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { isSingleWord, type OptionName } from '@leadglass/appliance/deidentify'
import { writeFileAtomically } from '@leadglass/sync-agent/foundation'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { PIXEL_MODES, type PixelMode } from '../../deid/pixel-check.ts'
import {
  DEFAULT_PROFILE,
  extended,
  type NamedProfile,
  OPTION_NAMES,
  PROFILES,
  profileNamed,
} from '../../deid/profiles.ts'
import { RateMeter } from '../../deid/rate-meter.ts'
import { type DeidRun, runDeidentification } from '../../deid/run-deid.ts'
import { InstallerError } from '../../errors.ts'
import { EXIT } from '../exit.ts'
import { callerPath, print, wholeNumber, withJson } from '../options.ts'
import { createProgress } from '../progress.ts'
import { registerDeidReidentify } from './deid-reidentify.ts'
import { registerDeidScore } from './deid-score.ts'
import { registerDeidTable } from './deid-table.ts'

const SECRET_BYTES = 32

interface DeidCommandOptions {
  readonly profile: NamedProfile
  readonly option: readonly OptionName[]
  readonly safeWords?: string
  readonly secret?: string
  readonly dryRun: boolean
  readonly pixels: PixelMode
  readonly heads: boolean
  readonly threads?: number
  readonly report?: string
  readonly listHeld?: string
  readonly json: boolean
}

const HELP = `
Profiles:
${PROFILES.map(({ name, summary }) => `  ${name.padEnd(18)} ${summary}`).join('\n')}

Options of PS3.15 E.3 that --option adds to the profile, as often as it is given:
${OPTION_NAMES.map((name) => `  ${name}`).join('\n')}

With --secret, a run that was interrupted goes on where it was: start it again with the same command.
Exit status: 0 every file was written (or was before); 1 at least one was not, the report says why; 2 wrong use.`

/** `leadglass deid IN OUT`: the appliance's de-identification for folders and archives. */
export function registerDeid(program: Command): void {
  const command = program
    .command('deid')
    .description('de-identify DICOM files in folders and archives by the PS3.15 Basic Profile')
    .argument(
      '<in>',
      'folder, file, or archive (.zip, .tar, .tar.gz, .tgz); archives in the folder are read too',
      callerPath,
    )
    .argument('<out>', 'folder to write; one folder a study, names from the new UIDs', callerPath)
    .option('--profile <name>', 'what is kept and what goes', parseProfile, DEFAULT_PROFILE)
    .option('--option <name>', 'add an option of PS3.15 E.3 to the profile; may be given several times', addOption, [])
    .option('--safe-words <file>', 'words that descriptions may keep besides the built-in ones, one a line', callerPath)
    .option(
      '--secret <file>',
      'file with the key of the pseudonyms (64 hexadecimal digits; made when missing); without it a key is made for this run alone',
      callerPath,
    )
    .addOption(
      new Option(
        '--pixels <mode>',
        'read: every frame is read, text masked, doubt held; table: only what may show text is read; reviewed: a person has looked at all pixels',
      )
        .choices(PIXEL_MODES)
        .default('read'),
    )
    .option('--heads', 'also write CT and MR volumes of heads, of which a face can be made', false)
    .option('--dry-run', 'write nothing, only report', false)
    .option('--threads <n>', 'most threads; as many as there are processors otherwise', wholeNumber(1, 8))
    .option('--report <file>', 'also write the report there, as JSON', callerPath)
    .option(
      '--list-held <file>',
      'write which files were not written, and why; their names may identify, so the list stays with the originals',
      callerPath,
    )
    .addHelpText('after', HELP)
  withJson(command).action(runDeid)
  registerDeidScore(command)
  registerDeidReidentify(command)
  registerDeidTable(command)
}

async function runDeid(input: string, output: string, options: DeidCommandOptions): Promise<void> {
  const { dryRun, pixels, heads, threads } = options
  const profile = extended(options.profile, options.option, await wordsOf(options.safeWords))
  const progress = createProgress()
  let meter = new RateMeter(undefined)
  const run = await runDeidentification(
    {
      input,
      output,
      profile,
      secret: await secretOf(options.secret),
      isResumable: options.secret !== undefined,
      dryRun,
      pixels,
      heads,
      ...(threads === undefined ? {} : { threads }),
    },
    (files, archives) => {
      progress.step(`de-identifying ${files} files${archives === 0 ? '' : ` and ${archives} archives`}`)
      meter = new RateMeter(archives === 0 ? files : undefined)
    },
    (bytes) => meter.count(bytes),
  )
  const { report } = run
  if (options.report !== undefined) await writeFileAtomically(options.report, `${JSON.stringify(report, null, 2)}\n`)
  if (options.listHeld !== undefined) await writeFileAtomically(options.listHeld, heldList(run))
  print(options.json, report, () => textOf(run))
  process.exitCode = report.quarantined.length === 0 ? EXIT.done : EXIT.failed
}

function textOf({ report }: DeidRun): string {
  const { files, deidentified, skipped, actions, quarantined, dryRun } = report
  const reasons = new Map<string, number>()
  for (const { reason } of quarantined) reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
  return [
    `${deidentified} of ${files} files ${dryRun ? 'can be de-identified' : 'were written'}.`,
    ...(skipped === 0 ? [] : [`${skipped} were written by an earlier run.`]),
    `Actions: ${
      Object.entries(actions)
        .map(([code, count]) => `${code} ${count}`)
        .join(', ') || 'none'
    }.`,
    ...[...reasons].map(([reason, count]) => `Not written, ${reason}: ${count}`),
  ].join('\n')
}

/** One line a file: number, reason, path. Entries of archives have no path: their names are never read. */
function heldList({ report, files }: DeidRun): string {
  const lines = report.quarantined.map(({ file, reason }) =>
    [file + 1, reason, files[file] ?? '(in an archive)'].join('\t'),
  )
  return ['number\treason\tfile', ...lines, ''].join('\n')
}

function parseProfile(name: string): NamedProfile {
  const profile = profileNamed(name)
  if (profile !== undefined) return profile
  throw new InvalidArgumentError(`There is ${PROFILES.map((one) => one.name).join(', ')}.`)
}

function addOption(name: string, before: readonly OptionName[]): readonly OptionName[] {
  const option = OPTION_NAMES.find((one) => one === name)
  if (option !== undefined) return [...before, option]
  throw new InvalidArgumentError(`There is ${OPTION_NAMES.join(', ')}.`)
}

/** Words of a file; lines that begin with # are remarks. */
async function wordsOf(file: string | undefined): Promise<readonly string[]> {
  if (file === undefined) return []
  const lines = (await readFile(file, 'utf8')).split(/\r?\n/).map((line) => line.trim())
  const words = lines.filter((line) => line !== '' && !line.startsWith('#'))
  const wrong = words.findIndex((word) => !isSingleWord(word))
  if (wrong < 0) return words
  throw new InstallerError('input-invalid', {
    message: `${file} holds a line that is no single word of letters and digits: word ${wrong + 1}`,
    effect: 'nothing was de-identified',
    nextStep: 'write one word a line',
  })
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
