import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Ceremony,
  createCustodianKey,
  createOnlineTokenKeys,
  DRILLS,
  type DrillStep,
  drillNamed,
  exchangeApprover,
  exchangeCustodian,
  FolderRepositoryFiles,
  type OnlineTokenPlace,
  type OpenCustodianKey,
  openCustodianKey,
  RepositoryWriter,
  readCustodianKeyFile,
  readOnlineKeys,
  replaceOnlineKeys,
  runDrill,
} from '@leadglass/cloud-hub/delivery'
import { type PublicApprover, readApproverKeyFile, tufKey } from '@leadglass/cloud-hub/governance'
import { type ApproverRole, approverRole } from '@leadglass/sync-agent/contract'
import { systemClock, writeFileAtomically } from '@leadglass/sync-agent/foundation'
import { keyIdOf } from '@leadglass/sync-agent/updates'
import { type Command, Option } from 'commander'
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

interface ApproverOptions extends RotateOptions {
  readonly person: string
  readonly approverKey?: string
  readonly publicKey?: string
  readonly role?: ApproverRole
  readonly revoke: boolean
}

interface OnlineOptions extends RotateOptions {
  readonly module?: string
  readonly token?: string
  readonly snapshotId?: string
  readonly timestampId?: string
  readonly pinFile?: string
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
  withCustodians(rotate.command('online').description("exchange the hub's keys for snapshot and timestamp"))
    .option('--module <path>', 'PKCS#11 module: the new keys lie in a token instead of a file of the hub')
    .option('--token <label>', 'label of the token')
    .option('--snapshot-id <hex>', 'identifier of the key of snapshot in the token; made there unless it exists')
    .option('--timestamp-id <hex>', 'identifier of the key of timestamp')
    .option('--pin-file <file>', 'file whose first line is the PIN; the hub reads it for each signature', callerPath)
    .action(rotateOnline)
  withCustodians(rotate.command('approver').description("exchange, add or remove an approver's key"))
    .requiredOption('--person <id>', 'the approver')
    .option('--approver-key <file>', "the approver's new key file; none removes the approver", callerPath)
    .option('--public-key <hex>', 'instead of a key file: the public key, as "leadglass approve keys --json" shows it')
    .addOption(new Option('--role <role>', 'with --public-key: the role').choices(approverRole.options))
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

async function rotateOnline(options: OnlineOptions): Promise<void> {
  const place = tokenPlace(options)
  const create = place === undefined ? undefined : (path: string) => createOnlineTokenKeys(path, place)
  await atRepository(options, ({ ceremony, files, onlineKeys }) =>
    replaceOnlineKeys(onlineKeys, files, ceremony.signers, systemClock, create),
  )
  const lie = place === undefined ? 'file' : 'pkcs11'
  print(options.json, { role: 'online', lie }, () => 'The online keys are exchanged; the old ones count for nothing.')
}

/** Undefined for keys in a file of the hub. */
function tokenPlace({ module, token, snapshotId, timestampId, pinFile }: OnlineOptions): OnlineTokenPlace | undefined {
  const given = [module, token, snapshotId, timestampId, pinFile]
  if (given.every((one) => one === undefined)) return undefined
  if (module && token && snapshotId && timestampId && pinFile && snapshotId !== timestampId) {
    return { module, token, snapshot: snapshotId, timestamp: timestampId, pinFile }
  }
  throw unusable(
    'the place of the online keys in the token is not complete',
    'give --module, --token, --pin-file, and a different --snapshot-id and --timestamp-id',
  )
}

async function rotateApprover(options: ApproverOptions): Promise<void> {
  const { person, revoke } = options
  const next = await replacementOf(options)
  await atRepository(options, ({ ceremony }) => exchangeApprover(person, next, ceremony, { revoking: revoke }))
  const keyid = next === undefined ? null : keyIdOf(tufKey(next.publicKey))
  print(options.json, { person, keyid }, () =>
    next === undefined ? `${person} approves nothing any more.` : `${person} approves with the new key from now on.`,
  )
}

/** The key that the custodians list: from a file, or the public half of one in a browser or token; undefined for none. */
async function replacementOf(options: ApproverOptions): Promise<PublicApprover | undefined> {
  const { person, approverKey, publicKey, role } = options
  if (publicKey !== undefined) {
    if (role === undefined || approverKey !== undefined || !/^[0-9a-f]{64}$/.test(publicKey)) {
      throw unusable('the public key is not complete', 'give --public-key with 64 hexadecimal digits, and --role')
    }
    return { person, role, publicKey }
  }
  if (approverKey === undefined) return undefined
  const file = readApproverKeyFile(await readJson(approverKey))
  if (file.person !== person) throw unusable(`the key file is of ${file.person}`, 'name both alike')
  return file
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
