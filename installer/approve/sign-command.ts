import { openTokenKey } from '@leadglass/cloud-hub/governance'
import { type SignatureMeaning, signatureMeaning } from '@leadglass/sync-agent/contract'
import { signingKeyList } from '@leadglass/ui/contract/hub-api'
import { type Command, Option } from 'commander'
import { InstanceClient } from '../cli/client.ts'
import { callerPath, print, withData, withJson } from '../cli/options.ts'
import { readPassphrase } from '../cli/passphrase.ts'
import { InstallerError } from '../errors.ts'
import { askMeaning } from './ask-meaning.ts'
import { type ApproverSigner, fetchDocument, fileSigner, readKeyFile, signDocument } from './sign-approval.ts'

interface SignOptions {
  readonly data: string
  readonly json: boolean
  readonly key?: string
  readonly passphraseFile?: string
  readonly passwordFile?: string
  readonly module?: string
  readonly token?: string
  readonly keyId?: string
  readonly pinFile?: string
  readonly meaning?: SignatureMeaning
}

/** A key that has been found, but not opened: whose it is, and how to open it. */
interface FoundKey {
  readonly keyid: string
  readonly person: string
  readonly printedName: string
  readonly role: string
  readonly open: () => Promise<ApproverSigner>
}

/** Adds `sign` to a group of commands: shows what is signed, asks for both components, signs once. */
export function registerSign(group: Command): void {
  withJson(
    withData(
      group
        .command('sign')
        .description(
          'sign a submitted version: shows what is signed, asks for your hub password and opens your key, signs once',
        )
        .argument('<approval>', 'identifier of the approval, as "leadglass approve list" shows it')
        .option('--key <file>', 'your approver key file', callerPath)
        .option('--passphrase-file <file>', 'file whose first line opens the key file, instead of asking', callerPath)
        .option('--password-file <file>', 'file whose first line is your hub password, instead of asking', callerPath)
        .option('--module <path>', 'PKCS#11 module of your token, instead of a key file')
        .option('--token <label>', 'label of the token')
        .option('--key-id <hex>', 'identifier of the key in the token')
        .option('--pin-file <file>', 'file whose first line is the PIN of the token, instead of asking', callerPath)
        .addOption(
          new Option('--meaning <meaning>', 'what the signature means (21 CFR 11.50); asked for unless given').choices(
            signatureMeaning.options,
          ),
        ),
    ),
  ).action(sign)
}

async function sign(approval: string, options: SignOptions): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const key = options.key === undefined ? await tokenKey(client, options) : await fileKey(options.key, options)
  const document = await fetchDocument(client, approval)
  const meaning = await askMeaning(options.meaning)
  process.stderr.write(
    [
      'You are about to sign:',
      ...document.summary.map(({ name, value }) => `  ${name}: ${value}`),
      `  SHA-256 of the signed bytes: ${document.digest}`,
      `  as ${key.printedName} (${key.role}), meaning: ${meaning}, at ${document.serverTime}`,
      '',
    ].join('\n'),
  )
  const password = await readPassphrase(`Hub password of ${key.person}: `, options.passwordFile)
  const { keyid, person, open } = key
  const result = await signDocument(client, document, { keyid, person, password, open, meaning })
  print(options.json, result, () => `Signed. The approval is now: ${result.state}.`)
}

async function fileKey(path: string, options: SignOptions): Promise<FoundKey> {
  const file = await readKeyFile(path)
  const { keyid, person, printedName, role } = file
  const open = async (): Promise<ApproverSigner> =>
    fileSigner(file, await readPassphrase(`Passphrase of ${person}'s key: `, options.passphraseFile))()
  return { keyid, person, printedName, role, open }
}

/** A token says which key it holds; the hub says whose that is. */
async function tokenKey(client: InstanceClient, options: SignOptions): Promise<FoundKey> {
  const { module, token, keyId } = options
  if (module === undefined || token === undefined || keyId === undefined) {
    throw new InstallerError('input-invalid', {
      message: 'no key is named',
      effect: 'nothing was signed',
      nextStep: 'give --key FILE, or --module, --token and --key-id of your token',
    })
  }
  const pin = await readPassphrase(`PIN of the token ${token}: `, options.pinFile)
  const signer = await openTokenKey({ module, token, id: keyId }, pin)
  const { keys } = await client.request({
    service: 'hub',
    method: 'GET',
    path: '/api/signing-keys',
    schema: signingKeyList,
  })
  const known = keys.find((one) => one.keyid === signer.keyid)
  if (known === undefined) {
    throw new InstallerError('request-refused', {
      message: 'the hub does not know the key in this token',
      effect: 'nothing was signed',
      nextStep: 'enrol it with "leadglass approve enrol-key"',
    })
  }
  const { keyid, person, printedName, role } = known
  return { keyid, person, printedName, role, open: async () => ({ keyid, person, sign: (data) => signer.sign(data) }) }
}
