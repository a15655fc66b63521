import { createTokenKey, openTokenKey, type signingKeyKind } from '@leadglass/cloud-hub/governance'
import { approverRole } from '@leadglass/sync-agent/contract'
import { enrolledKey, signingKey, signingKeyList } from '@leadglass/ui/contract/hub-api'
import { type Command, Option } from 'commander'
import type { z } from 'zod'
import { PersonSession } from '../../approve/person-session.ts'
import { readKeyFile } from '../../approve/sign-approval.ts'
import { InstallerError } from '../../errors.ts'
import { InstanceClient } from '../client.ts'
import { callerPath, print, withData, withJson } from '../options.ts'
import { readPassphrase } from '../passphrase.ts'
import { renderTable } from '../table.ts'

interface PersonOptions {
  readonly data: string
  readonly json: boolean
  readonly as: string
  readonly passwordFile?: string
}

interface EnrolOptions extends PersonOptions {
  readonly role: z.infer<typeof approverRole>
  readonly printedName: string
  readonly key?: string
  readonly module?: string
  readonly token?: string
  readonly keyId?: string
  readonly pinFile?: string
  readonly create: boolean
}

/** `leadglass approve keys|enrol-key|confirm-key|revoke-key`. */
export function registerApproveKeys(approve: Command): void {
  withJson(
    withData(approve.command('keys').description('approvers’ keys: whose, where they lie, who confirmed them')),
  ).action(list)
  person(
    approve
      .command('enrol-key')
      .description('bring a key of your own: a key file, or a key in a PKCS#11 token')
      .addOption(new Option('--role <role>', 'your role').choices(approverRole.options).makeOptionMandatory())
      .requiredOption('--printed-name <name>', 'your name as it stands in every printed signature (21 CFR 11.50)')
      .option('--key <file>', 'your approver key file', callerPath)
      .option('--module <path>', 'PKCS#11 module of your token')
      .option('--token <label>', 'label of the token')
      .option('--key-id <hex>', 'identifier of the key in the token')
      .option('--pin-file <file>', 'file whose first line is the PIN, instead of asking', callerPath)
      .option('--create', 'make the key inside the token first', false),
  ).action(enrol)
  person(
    approve
      .command('confirm-key')
      .description('say that a key is its owner’s, with the code that the owner told you')
      .argument('<keyid>')
      .argument('<code>'),
  ).action(confirm)
  person(
    approve
      .command('revoke-key')
      .description('a lost or doubtful key: nothing that it signs counts from now on')
      .argument('<keyid>')
      .argument('<reason>'),
  ).action(revoke)
}

function person(command: Command): Command {
  return withJson(
    withData(
      command
        .requiredOption('--as <account>', 'your hub account')
        .option('--password-file <file>', 'file whose first line is your password, instead of asking', callerPath),
    ),
  )
}

async function list(options: { readonly data: string; readonly json: boolean }): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const request = { service: 'hub', method: 'GET', path: '/api/signing-keys', schema: signingKeyList } as const
  const { keys } = await client.request(request)
  print(options.json, keys, () =>
    renderTable(
      ['key', 'person', 'role', 'printed name', 'lies in', 'state', 'confirmed by'],
      keys.map((one) => [
        one.keyid,
        one.person,
        one.role,
        one.printedName,
        one.kind,
        one.state,
        one.confirmedBy.join(', '),
      ]),
    ),
  )
}

async function enrol(options: EnrolOptions): Promise<void> {
  const { publicKey, kind } = await broughtKey(options)
  const { role, printedName, as } = options
  const enrolled = await during(options, (session, password) =>
    session.post('/api/signing-keys', { person: as, password, role, printedName, publicKey, kind }, enrolledKey),
  )
  print(options.json, enrolled, () =>
    [
      `Enrolled ${enrolled.keyid}.`,
      `Tell this code to who confirms it, in person, within fifteen minutes: ${enrolled.code}`,
      `They run: leadglass approve confirm-key ${enrolled.keyid} CODE --as THEIR-ACCOUNT`,
      'Then the custodians list the key; until they do, it signs nothing.',
    ].join('\n'),
  )
}

async function broughtKey(
  options: EnrolOptions,
): Promise<{ readonly publicKey: string; readonly kind: z.infer<typeof signingKeyKind> }> {
  const { key, module, token, keyId, create } = options
  if (key !== undefined) return { publicKey: (await readKeyFile(key)).publicKey, kind: 'file' }
  if (module === undefined || token === undefined || keyId === undefined) {
    throw new InstallerError('input-invalid', {
      message: 'no key is named',
      effect: 'nothing was enrolled',
      nextStep: 'give --key FILE, or --module, --token and --key-id; in a browser, use the page Approvals',
    })
  }
  const pin = await readPassphrase(`PIN of the token ${token}: `, options.pinFile)
  const place = { module, token, id: keyId }
  const signer = create ? await createTokenKey(place, pin, 'leadglass approver') : await openTokenKey(place, pin)
  return { publicKey: signer.publicKey, kind: 'pkcs11' }
}

async function confirm(keyid: string, code: string, options: PersonOptions): Promise<void> {
  const key = await during(options, (session) =>
    session.post(`/api/signing-keys/${encodeURIComponent(keyid)}/confirmation`, { code }, signingKey),
  )
  print(options.json, key, () => `Confirmed ${key.confirmedBy.length} of ${key.needed}; the key is ${key.state}.`)
}

async function revoke(keyid: string, reason: string, options: PersonOptions): Promise<void> {
  const key = await during(options, (session) =>
    session.post(`/api/signing-keys/${encodeURIComponent(keyid)}/revocation`, { reason }, signingKey),
  )
  print(
    options.json,
    key,
    () => `Revoked. Tell the custodians to take ${key.keyid} off the list; a new key needs two people to confirm it.`,
  )
}

async function during<Result>(
  options: PersonOptions,
  act: (session: PersonSession, password: string) => Promise<Result>,
): Promise<Result> {
  const client = await InstanceClient.open(options.data)
  const password = await readPassphrase(`Hub password of ${options.as}: `, options.passwordFile)
  return PersonSession.during(client, options.as, password, (session) => act(session, password))
}
