import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Ceremony,
  createCustodianKey,
  DRILLS,
  type DrillStep,
  drillNamed,
  exchangeApprover,
  exchangeCustodian,
  FolderRepositoryFiles,
  type OpenCustodianKey,
  openCustodianKey,
  RepositoryWriter,
  readCustodianKeyFile,
  readOnlineKeys,
  replaceOnlineKeys,
  runDrill,
} from '@leadglass/cloud-hub/delivery'
import { readApproverKeyFile } from '@leadglass/cloud-hub/governance'
import { systemClock, writeFileAtomically } from '@leadglass/sync-agent/foundation'
import type { Command } from 'commander'
import { InstallerError } from '../../errors.ts'
import { holdInstanceLock } from '../../start/instance-lock.ts'
import { layoutOf } from '../../start/layout.ts'
import { EXIT } from '../exit.ts'
import { callerPath, print, withData, withJson } from '../options.ts'
import { readPassphrase } from '../passphrase.ts'
import { renderTable } from '../table.ts'

interface RotateOptions {
  readonly data: string
  readonly json: boolean
  readonly custodian: readonly string[]
  readonly passphraseFile?: string
}

/** `leadglass tuf drill` and `leadglass tuf rotate root|targets|online|approver`. */
export function registerTuf(program: Command): void {
  const tuf = program.command('tuf').description('keys of the repository: emergencies rehearsed, keys exchanged')
  withJson(
    tuf
      .command('drill')
      .description('rehearse emergencies on a repository and devices of their own; touches no instance')
      .argument('[name]', `one of: ${DRILLS.map((drill) => drill.name).join(', ')}; all unless told`)
      .addHelpText('after', `\n${DRILLS.map((drill) => `  ${drill.name.padEnd(22)} ${drill.summary}`).join('\n')}`),
  ).action(drill)
  const rotate = tuf.command('rotate').description('exchange keys; the instance must be stopped')
  for (const role of ['root', 'targets'] as const) {
    withCustodians(rotate.command(role).description(`exchange one custodian's key of ${role}, lost or compromised`))
      .requiredOption('--replace <file>', 'key file of the custodian whose key goes', callerPath)
      .requiredOption('--new-key <file>', 'where the new key file is made', callerPath)
      .action((options: RotateOptions & { replace: string; newKey: string }) => rotateCustodian(role, options))
  }
  withCustodians(rotate.command('online').description("exchange the hub's keys for snapshot and timestamp")).action(
    rotateOnline,
  )
  withCustodians(rotate.command('approver').description("exchange, add or remove an approver's key"))
    .requiredOption('--person <id>', 'the approver')
    .option('--approver-key <file>', "the approver's new key file; none removes the approver", callerPath)
    .option('--revoke', 'also when the present list of models loses its approvals thereby', false)
    .action(rotateApprover)
}

function withCustodians(command: Command): Command {
  return withJson(withData(command))
    .requiredOption(
      '--custodian <files...>',
      'key files of the custodians who are present',
      (path, all: string[]) => [...all, callerPath(path)],
      [],
    )
    .option('--passphrase-file <file>', 'file whose first line opens the key files, instead of asking', callerPath)
}

async function drill(name: string | undefined, { json }: { readonly json: boolean }): Promise<void> {
  const chosen = name === undefined ? DRILLS : DRILLS.filter((one) => one === drillNamed(name))
  if (chosen.length === 0) throw unusable(`there is no drill named "${name ?? ''}"`, 'see leadglass tuf drill --help')
  const folder = await mkdtemp(join(tmpdir(), 'leadglass-drill-'))
  const results: (DrillStep & { readonly drill: string })[] = []
  try {
    for (const one of chosen) {
      const steps = await runDrill(one, folder, systemClock.now())
      results.push(...steps.map((step) => ({ drill: one.name, ...step })))
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  print(json, results, () =>
    renderTable(
      ['drill', 'step', 'expected', 'seen', 'holds'],
      results.map((row) => [row.drill, row.step, row.expected, row.seen, row.holds ? 'yes' : 'NO']),
    ),
  )
  if (results.some((row) => !row.holds)) process.exitCode = EXIT.failed
}

async function rotateCustodian(
  role: 'root' | 'targets',
  options: RotateOptions & { readonly replace: string; readonly newKey: string },
): Promise<void> {
  const old = readCustodianKeyFile(await readJson(options.replace))
  if (old.role !== role) throw unusable(`${options.replace} is a key of ${old.role}`, `name a key of ${role}`)
  const passphrase = await readPassphrase('Passphrase of the new key: ', options.passphraseFile)
  const made = await createCustodianKey({ role, number: old.number, passphrase })
  await writeFileAtomically(options.newKey, JSON.stringify(made, null, 2), 0o600)
  // The new key signs as well: it shows that it can be opened before anything depends on it.
  const added = await openCustodianKey(made, passphrase)
  await atRepository(options, async ({ ceremony }) => {
    const signers = [...ceremony.signers, added]
    await exchangeCustodian(role, old.publicKey, made.publicKey, { ...ceremony, signers })
  })
  print(
    options.json,
    { role, keyid: made.keyid, keyFile: options.newKey },
    () => `The key of ${role} is exchanged. Carry ${options.newKey} away; destroy ${options.replace}.`,
  )
}

async function rotateOnline(options: RotateOptions): Promise<void> {
  await atRepository(options, ({ ceremony, files, onlineKeys }) =>
    replaceOnlineKeys(onlineKeys, files, ceremony.signers, systemClock),
  )
  print(options.json, { role: 'online' }, () => 'The online keys are exchanged; the old ones count for nothing.')
}

async function rotateApprover(
  options: RotateOptions & { readonly person: string; readonly approverKey?: string; readonly revoke: boolean },
): Promise<void> {
  const { person, approverKey, revoke } = options
  const file = approverKey === undefined ? undefined : readApproverKeyFile(await readJson(approverKey))
  if (file !== undefined && file.person !== person)
    throw unusable(`the key file is of ${file.person}`, 'name both alike')
  await atRepository(options, ({ ceremony }) => exchangeApprover(person, file, ceremony, { revoking: revoke }))
  print(options.json, { person, keyid: file?.keyid ?? null }, () =>
    file === undefined ? `${person} approves nothing any more.` : `${person} approves with the new key from now on.`,
  )
}

/** Opens the repository of a stopped instance with the custodians who are present. */
async function atRepository(
  options: RotateOptions,
  act: (at: {
    readonly ceremony: Ceremony
    readonly files: FolderRepositoryFiles
    readonly onlineKeys: string
  }) => Promise<void>,
): Promise<void> {
  const layout = layoutOf(options.data)
  const signers: OpenCustodianKey[] = []
  for (const path of options.custodian) {
    const passphrase = await readPassphrase(`Passphrase of ${path}: `, options.passphraseFile)
    signers.push(await openCustodianKey(await readJson(path), passphrase))
  }
  const release = await holdInstanceLock(layout)
  try {
    const files = new FolderRepositoryFiles({ folder: join(layout.hub.folder, 'repository') })
    const onlineKeys = join(layout.hub.folder, 'secrets', 'online-keys.json')
    const writer = new RepositoryWriter({ files, keys: await readOnlineKeys(onlineKeys), clock: systemClock })
    await act({ ceremony: { writer, signers, clock: systemClock }, files, onlineKeys })
  } finally {
    await release()
  }
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'))
  } catch (cause) {
    throw unusable(`the key file ${path} cannot be read`, 'name a key file of the ceremony', cause)
  }
}

function unusable(message: string, nextStep: string, cause?: unknown): InstallerError {
  return new InstallerError('input-invalid', { message, effect: 'nothing was exchanged', nextStep, cause })
}
