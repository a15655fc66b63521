import { readFile } from 'node:fs/promises'
import { writeFileAtomically } from '@leadglass/sync-agent/foundation'
import { logExport } from '@leadglass/ui/contract/hub-api'
import { auditDetailView, auditFeedList } from '@leadglass/ui/contract/local-api'
import { type Command, Option } from 'commander'
import type { AuditVerdict } from '../../audit/audit-verdict.ts'
import { proveEntry } from '../../audit/prove-entry.ts'
import { readPolicy, readTrustedKeys } from '../../audit/trusted-keys.ts'
import { parseExport, verifyAuditFile } from '../../audit/verify-file.ts'
import { InstallerError } from '../../errors.ts'
import { InstanceClient, type ServiceName } from '../client.ts'
import { EXIT } from '../exit.ts'
import { callerPath, print, wholeNumber, withData, withJson } from '../options.ts'
import { renderTable } from '../table.ts'
import { registerPeers } from './audit-peers.ts'
import { registerRetention } from './audit-retention.ts'

/** `leadglass audit export|prove|verify|feeds|retention|reveal|peers`. */
export function registerAudit(program: Command): void {
  const audit = program.command('audit').description('the tamper-evident logs: export, prove, verify offline')
  registerExport(audit)
  registerProve(audit)
  registerVerify(audit)
  registerFeeds(audit)
  registerRetention(audit)
  registerReveal(audit)
  registerPeers(audit)
}

function registerExport(audit: Command): void {
  const command = audit
    .command('export')
    .description('write a whole log, with its signed checkpoint, into a file')
    .addOption(new Option('--log <log>', 'whose log').choices(['appliance', 'hub']).default('appliance'))
    .requiredOption('--out <file>', 'file to write', callerPath)
  withJson(withData(command)).action(
    async (options: {
      readonly data: string
      readonly json: boolean
      readonly log: ServiceName
      readonly out: string
    }) => {
      const client = await InstanceClient.open(options.data)
      const exported = await fetchLog(client, options.log)
      await writeFileAtomically(options.out, `${JSON.stringify(exported)}\n`)
      const { origin, size, root } = exported.checkpoint
      print(
        options.json,
        { origin, size, root, file: options.out },
        () => `Wrote ${size} entries of ${origin} to ${options.out}.`,
      )
    },
  )
}

/** Fetches a log from a running service. */
export function fetchLog(client: InstanceClient, service: ServiceName): Promise<ReturnType<typeof logExport.parse>> {
  return client.request({ service, method: 'GET', path: '/api/audit/export', schema: logExport })
}

function registerFeeds(audit: Command): void {
  const command = audit
    .command('feeds')
    .description('which audit repositories have what')
    .addOption(new Option('--log <log>', 'whose log').choices(['appliance', 'hub']).default('appliance'))
  withJson(withData(command)).action(
    async (options: { readonly data: string; readonly json: boolean; readonly log: ServiceName }) => {
      const client = await InstanceClient.open(options.data)
      const path = '/api/audit/feeds'
      const { feeds } = await client.request({ service: options.log, method: 'GET', path, schema: auditFeedList })
      print(options.json, { feeds }, () =>
        feeds.length === 0
          ? `No repository is told. Name one in ${options.log === 'hub' ? 'the hub’s configuration' : 'settings.json'} under "auditFeeds".`
          : renderTable(
              ['repository', 'kind', 'has', 'waiting', 'last taken', 'failure'],
              feeds.map((feed) => [
                feed.name,
                feed.kind,
                String(feed.sent),
                String(feed.waiting),
                feed.takenAt ?? '-',
                feed.failure === null ? '-' : `${feed.failure} since ${feed.failingSince ?? '-'}`,
              ]),
            ),
      )
    },
  )
}

function registerReveal(audit: Command): void {
  const command = audit
    .command('reveal')
    .description(
      'show the detail behind the commitment of one entry; it names patients or peers, and reading it is recorded',
    )
    .requiredOption('--index <n>', 'which entry, from 0', wholeNumber(0, Number.MAX_SAFE_INTEGER))
    .option('--out <file>', 'write what a verifier needs, usually .leadglass-detail.json', callerPath)
  withJson(withData(command)).action(
    async (options: {
      readonly data: string
      readonly json: boolean
      readonly index: number
      readonly out?: string
    }) => {
      const client = await InstanceClient.open(options.data)
      const path = `/api/audit/details/${options.index}`
      const file = await client.request({ service: 'appliance', method: 'GET', path, schema: auditDetailView })
      if (options.out !== undefined) await writeFileAtomically(options.out, `${JSON.stringify(file)}\n`)
      print(options.json, file, () => JSON.stringify(file.detail, null, 2))
    },
  )
}

function registerProve(audit: Command): void {
  audit
    .command('prove')
    .description(
      'make the proof of one entry from an export: a file that anyone can verify without the rest of the log',
    )
    .argument('<export>', 'file written by "leadglass audit export"', callerPath)
    .requiredOption('--index <n>', 'which entry, from 0', wholeNumber(0, Number.MAX_SAFE_INTEGER))
    .requiredOption('--out <file>', 'file to write, usually .tlog-proof', callerPath)
    .action(async (file: string, options: { readonly index: number; readonly out: string }) => {
      const exported = parseExport(await readInput(file))
      if (exported === undefined) throw invalidInput(file)
      await writeFileAtomically(options.out, proveEntry(exported, options.index))
      process.stdout.write(`Wrote the proof of entry ${options.index} to ${options.out}.\n`)
    })
}

function registerVerify(audit: Command): void {
  const command = audit
    .command('verify')
    .description('verify a whole log export, or the proof of one entry, offline')
    .argument('<file>', 'export or .tlog-proof file', callerPath)
    .addOption(
      new Option(
        '--keys <file>',
        'trusted keys, one C2SP verifier key a line, kept since the first start outside the data folder',
      ).argParser(callerPath),
    )
    .addOption(
      new Option('--policy <file>', 'keys and quorum as a C2SP tlog-policy, instead of --keys')
        .argParser(callerPath)
        .conflicts('keys'),
    )
    .option('--cosignatures <n>', 'how many witnesses must have signed the checkpoint', wholeNumber(0, 16), 0)
    .addHelpText('after', '\nExit status 4 when the log or the entry is refused.')
  withJson(command).action(
    async (
      file: string,
      options: {
        readonly keys?: string
        readonly policy?: string
        readonly cosignatures: number
        readonly json: boolean
      },
    ) => {
      const keys =
        options.policy === undefined ? await readTrustedKeys(keysOf(options.keys)) : await readPolicy(options.policy)
      const verdict = verifyAuditFile(await readInput(file), keys, options.cosignatures)
      print(options.json, verdict, () => presentVerdict(verdict))
      process.exitCode = verdict.verdict === 'verified' ? EXIT.done : EXIT.refused
    },
  )
}

/** @throws InstallerError `input-invalid` when neither keys nor a policy were named. */
function keysOf(path: string | undefined): string {
  if (path !== undefined) return path
  throw new InstallerError('input-invalid', {
    message: 'whose signatures count was not said',
    effect: 'nothing was verified',
    nextStep: 'name a file of trusted keys with --keys, or a policy with --policy',
  })
}

function presentVerdict(verdict: AuditVerdict): string {
  if (verdict.verdict === 'refused') {
    const place = verdict.index === null ? '' : ` (entry ${verdict.index} or after)`
    return `REFUSED: ${verdict.meaning}${place} [${verdict.reason}]`
  }
  const witnesses = verdict.cosignedBy.length === 0 ? 'no witness' : verdict.cosignedBy.join(', ')
  const subject =
    verdict.entry === null ? `all ${verdict.size} entries` : `entry ${verdict.entry.index} of ${verdict.size}`
  return [
    `VERIFIED: ${subject} of ${verdict.origin}; root ${verdict.root}; cosigned by ${witnesses}.`,
    ...verdict.findings.map(({ index, code }) => `look at entry ${index}: ${code}`),
    ...(verdict.entry === null ? [] : [JSON.stringify(verdict.entry.event, null, 2)]),
    ...(verdict.entry?.detail === undefined ? [] : [JSON.stringify(verdict.entry.detail, null, 2)]),
  ].join('\n')
}

async function readInput(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: unknown) => {
    throw new InstallerError('file-not-found', {
      message: `${file} cannot be read`,
      effect: 'nothing was done',
      nextStep: 'name an existing file',
      cause,
    })
  })
}

function invalidInput(file: string): InstallerError {
  return new InstallerError('input-invalid', {
    message: `${file} is not a log export`,
    effect: 'no proof was made',
    nextStep: 'write one with "leadglass audit export --out FILE"',
  })
}
