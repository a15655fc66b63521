import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  createOfficerKey,
  officerKeyFile,
  openCustodianKey,
  openOfficerKey,
  signOfficersOffline,
} from '@leadglass/cloud-hub/delivery'
import { approvalPolicy } from '@leadglass/sync-agent/contract'
import { systemClock } from '@leadglass/sync-agent/foundation'
import { recallDraft, recallList, recallTargets } from '@leadglass/ui/contract/hub-api'
import type { Command } from 'commander'
import { z } from 'zod'
import { parseReference } from '../../approve/model-reference.ts'
import { SAFETY_OFFICER_KEY } from '../../start/ceremony.ts'
import { InstanceClient } from '../client.ts'
import { callerPath, print, withData, withJson } from '../options.ts'
import { readPassphrase } from '../passphrase.ts'
import { renderTable } from '../table.ts'

interface Options {
  readonly data: string
  readonly json: boolean
}

interface RecallOptions extends Options {
  readonly reason: string
  readonly key?: string
  readonly passphraseFile?: string
}

interface OfficersOptions extends Options {
  readonly officer: readonly string[]
  readonly custodian: readonly string[]
  readonly passphraseFile?: string
}

const recalled = z.object({ recalled: z.array(z.object({ name: z.string(), version: z.string() })) })

/** `leadglass recall list|model|new-officer|officers`. */
export function registerRecall(program: Command): void {
  const recall = program
    .command('recall')
    .description('stop a version at every site, for ever; one safety officer suffices')
  withJson(withData(recall.command('list').description('what is recalled, and who may recall'))).action(list)
  withJson(
    withData(recall.command('model').description('recall a version: signed here with your key, published at once')),
  )
    .argument('<name@version>')
    .requiredOption('--reason <text>', 'why, for the people at the sites; nothing about a patient')
    .option('--key <file>', 'key file of the safety officer (default: that of an evaluation instance)', callerPath)
    .option('--passphrase-file <file>', 'file whose first line opens the key file, instead of asking', callerPath)
    .action(recallModel)
  withJson(recall.command('new-officer').description('make the key of a safety officer'))
    .argument('<person>', 'such as safety-officer')
    .requiredOption('--out <file>', 'where the key file goes', callerPath)
    .option('--passphrase-file <file>', 'file whose first line is the passphrase, instead of asking', callerPath)
    .action(newOfficer)
  withJson(
    withData(
      recall
        .command('officers')
        .description('name the safety officers: two custodians of targets sign; for instances made without any'),
    ),
  )
    .requiredOption('--officer <files...>', 'key files of the safety officers; only what is public is read')
    .requiredOption('--custodian <files...>', 'key files of two custodians of targets')
    .option(
      '--passphrase-file <file>',
      'file whose first line opens the custodians’ keys, instead of asking',
      callerPath,
    )
    .action(nameOfficers)
}

async function list(options: Options): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const found = await client.request({ service: 'hub', method: 'GET', path: '/api/recalls', schema: recallList })
  print(options.json, found, () =>
    [
      renderTable(
        ['model', 'version', 'recalled by', 'at', 'why'],
        found.recalls.map(({ model, person, recalledAt, reason }) => [
          model.name,
          model.version,
          person,
          recalledAt,
          reason,
        ]),
      ),
      `May recall: ${found.officers.map(({ person }) => person).join(', ') || 'nobody yet; see "leadglass recall officers"'}.`,
    ].join('\n'),
  )
}

async function recallModel(reference: string, options: RecallOptions): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const path = options.key ?? join(client.layout.approvers, SAFETY_OFFICER_KEY)
  const file = officerKeyFile.parse(await readJson(path))
  const wanted = { ...parseReference(reference), person: file.person, reason: options.reason }
  const draft = await client.request({
    service: 'hub',
    method: 'GET',
    path: `/api/recalls/draft?${new URLSearchParams(wanted).toString()}`,
    schema: recallDraft,
  })
  const passphrase = await readPassphrase(`Passphrase of ${file.person}'s key: `, options.passphraseFile)
  const key = await openOfficerKey(file, passphrase)
  const signature = Buffer.from(key.sign(Buffer.from(draft.signedBytes, 'base64'))).toString('hex')
  const answer = await client.request({
    service: 'hub',
    method: 'POST',
    path: '/api/recalls',
    body: { signedBytes: draft.signedBytes, keyid: key.keyid, signature },
    schema: recalled,
  })
  print(options.json, answer, () => `${reference} is recalled. Each box stops it as soon as it has seen this.`)
}

async function newOfficer(
  person: string,
  options: { readonly out: string; readonly json: boolean; readonly passphraseFile?: string },
): Promise<void> {
  const passphrase = await readPassphrase('Passphrase for the new key: ', options.passphraseFile)
  const file = await createOfficerKey({ person, passphrase })
  await writeFile(options.out, JSON.stringify(file, null, 2), { mode: 0o600, flag: 'wx' })
  const { keyid } = file
  print(options.json, { person, keyid, path: options.out }, () => `Wrote the key of ${person} to ${options.out}.`)
}

async function nameOfficers(options: OfficersOptions): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const present = await client.request({
    service: 'hub',
    method: 'GET',
    path: '/api/recalls/targets',
    schema: recallTargets,
  })
  const officers = await Promise.all(
    options.officer.map(async (path) => officerKeyFile.parse(await readJson(callerPath(path)))),
  )
  const passphrase = await readPassphrase('Passphrase of the custodians’ keys: ', options.passphraseFile)
  const signers = await Promise.all(
    options.custodian.map(async (path) => openCustodianKey(await readJson(callerPath(path)), passphrase)),
  )
  const targets = signOfficersOffline(
    { root: Buffer.from(present.root, 'base64'), targets: Buffer.from(present.targets, 'base64') },
    officers.map(({ person, publicKey }) => ({ person, publicKey })),
    signers,
    approvalPolicy.parse(present.policy),
    systemClock,
  )
  const body = { targets: Buffer.from(targets).toString('base64') }
  const found = await client.request({
    service: 'hub',
    method: 'POST',
    path: '/api/recalls/officers',
    body,
    schema: recallList,
  })
  print(options.json, found, () => `May recall from now on: ${found.officers.map(({ person }) => person).join(', ')}.`)
}

async function readJson(path: string): Promise<unknown> {
  return JSON.parse(await readFile(path, 'utf8'))
}
