import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { applianceFolders } from '@leadglass/appliance/commands'
import { approvalPolicy, modelReference, type SignatureMeaning, signatureMeaning } from '@leadglass/sync-agent/contract'
import { systemClock, writeFileAtomically } from '@leadglass/sync-agent/foundation'
import { localModelList } from '@leadglass/ui/contract/local-api'
import { type Command, Option } from 'commander'
import { askMeaning } from '../../approve/ask-meaning.ts'
import { parseReference } from '../../approve/model-reference.ts'
import { createSiteKey, readSiteKey, signSiteApproval } from '../../approve/site-key.ts'
import { InstallerError } from '../../errors.ts'
import { layoutOf } from '../../start/layout.ts'
import { InstanceClient } from '../client.ts'
import { callerPath, print, withData, withJson } from '../options.ts'
import { readPassphrase } from '../passphrase.ts'

interface SignOptions {
  readonly data: string
  readonly json: boolean
  readonly key: string
  readonly passphraseFile?: string
  readonly meaning?: SignatureMeaning
}

interface KeyOptions {
  readonly json: boolean
  readonly out: string
  readonly printedName: string
  readonly passphraseFile?: string
}

/** `leadglass approve local key|require|sign`: the hospital's own approval, without any hub. */
export function registerApproveLocal(approve: Command): void {
  const local = approve.command('local').description('the hospital’s own approval, made at the site without the hub')
  withJson(
    local
      .command('key')
      .description('make a key for somebody of the hospital')
      .argument('<person>', 'a stable identifier, such as site.physicist')
      .requiredOption('--printed-name <name>', 'the name as it stands in every printed form (21 CFR 11.50)')
      .requiredOption('--out <file>', 'the key file to make', callerPath)
      .option('--passphrase-file <file>', 'file whose first line is the passphrase, instead of asking', callerPath),
  ).action(makeKey)
  withJson(
    withData(
      local
        .command('require')
        .description('pin in the device’s policy that one of these people must approve every version')
        .argument('<key-file...>', 'site key files; only their public halves are pinned'),
    ),
  ).action(require_)
  withJson(
    withData(
      local
        .command('sign')
        .description('approve for the hospital a version that waits on this box')
        .argument('<name@version>')
        .requiredOption('--key <file>', 'your site key file', callerPath)
        .option('--passphrase-file <file>', 'file whose first line is the passphrase, instead of asking', callerPath)
        .addOption(
          new Option('--meaning <meaning>', 'what the signature means (21 CFR 11.50); asked for unless given').choices(
            signatureMeaning.options,
          ),
        ),
    ),
  ).action(signVersion)
}

async function makeKey(person: string, options: KeyOptions): Promise<void> {
  const passphrase = await readPassphrase(`Passphrase for the key of ${person}: `, options.passphraseFile)
  const file = await createSiteKey(person, options.printedName, passphrase)
  await writeFileAtomically(options.out, `${JSON.stringify(file, null, 2)}\n`, 0o600)
  print(options.json, { file: options.out, publicKey: file.publicKey }, () =>
    [`Made ${options.out}.`, 'Then: leadglass approve local require FILE, and start the box again.'].join('\n'),
  )
}

/** Only tightens: what the policy asks for already stays. */
async function require_(
  files: readonly string[],
  options: { readonly data: string; readonly json: boolean },
): Promise<void> {
  const folders = applianceFolders(layoutOf(options.data).appliance.folder)
  const policy = approvalPolicy.parse(JSON.parse(await readFile(folders.policy, 'utf8')))
  if (policy.siteApproval !== undefined) {
    throw new InstallerError('input-invalid', {
      message: 'this device asks for the hospital’s approval already',
      effect: 'the policy is as it was',
      nextStep: 'who may approve is changed by provisioning the device anew',
    })
  }
  const keys = await Promise.all(files.map(async (file) => readSiteKey(callerPath(file))))
  const siteApproval = { keys: keys.map(({ person, printedName, publicKey }) => ({ person, printedName, publicKey })) }
  const next = approvalPolicy.parse({ ...policy, siteApproval })
  await writeFileAtomically(folders.policy, `${JSON.stringify(next, null, 2)}\n`)
  print(options.json, next, () => 'Pinned. It holds from the next start of the box.')
}

async function signVersion(reference: string, options: SignOptions): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const { name, version } = parseReference(reference)
  const request = { service: 'appliance', method: 'GET', path: '/api/models', schema: localModelList } as const
  const { models } = await client.request(request)
  const waiting = models.find(
    (one) => one.model.name === name && one.model.version === version && one.state === 'staged',
  )
  if (waiting === undefined) {
    throw new InstallerError('input-invalid', {
      message: `${reference} does not wait on this box`,
      effect: 'nothing was signed',
      nextStep: 'see what waits with "leadglass model status"',
    })
  }
  const file = await readSiteKey(options.key)
  const meaning = await askMeaning(options.meaning)
  const model = modelReference.parse(waiting.model)
  process.stderr.write(
    [
      'You are about to approve for the hospital:',
      `  Model: ${model.name} ${model.version}`,
      `  Package: SHA-256 ${model.digest}`,
      `  Approved at the hub by: ${waiting.approvals.map(({ person, role }) => `${person} (${role})`).join(', ')}`,
      `  as ${file.printedName}, meaning: ${meaning}`,
      '',
    ].join('\n'),
  )
  const passphrase = await readPassphrase(`Passphrase of ${file.person}: `, options.passphraseFile)
  const envelope = await signSiteApproval(file, passphrase, model, meaning, systemClock)
  const folder = applianceFolders(client.layout.appliance.folder).siteApprovals
  const path = join(folder, `${model.digest}.json`)
  await writeFileAtomically(path, `${JSON.stringify(envelope)}\n`)
  print(options.json, { file: path, model }, () => `Signed. The box goes on with ${reference} by itself.`)
}
