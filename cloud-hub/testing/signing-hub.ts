/**
 * A hub with one submitted approval, as a process of its own for tests of the pages: they are compiled for a browser, and a
 * hub is not. Speaks over the channel of `fork`: says what it is once it runs, lists a key as the custodians would, stops.
 */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@leadglass/sync-agent/foundation'
import { approvalSummary, importAnswer } from '@leadglass/ui/contract/hub-api'
import { z } from 'zod'
import { initialiseHub } from '../commands.ts'
import {
  FolderRepositoryFiles,
  openCustodianKey,
  RepositoryWriter,
  readCustodianKeyFile,
  readOnlineKeys,
  signTargets,
} from '../delivery/index.ts'
import { hubLayout } from '../hub-folder.ts'
import { holdTestCeremony, TEST_PASSPHRASE, type TestCeremony } from './ceremony.ts'
import { HubProcess } from './hub-process.ts'

const PACKAGE = join(import.meta.dirname, '..', '..', 'models', 'packages', 'chest-radiograph', '1.0.0')
const request = z.union([z.object({ list: z.string() }), z.object({ stop: z.literal(true) })])

const folder = await mkdtemp(join(tmpdir(), 'hub-signing-'))
const ceremony = await holdTestCeremony(folder)
const approvers = ceremony.approvers.map(({ person, role, printedName, publicKey }) => ({
  person,
  role,
  printedName,
  publicKey,
}))
const made = await initialiseHub({ folder, names: ['localhost'], policy: ceremony.policy, approvers })
const hub = await HubProcess.start(folder, { pagesFolder: process.argv[2] ?? '' })
const { model } = importAnswer.parse(await hub.post('/api/models/import', { folder: PACKAGE }))
const signoffs = approvers.map(({ person, role }) => ({ person, role }))
const submission = { name: model.name, version: model.version, signoffs, dueInDays: 7 }
const { approval } = approvalSummary.parse(await hub.post('/api/approvals', submission))
const token = (await readFile(hubLayout(folder).operatorToken, 'utf8')).trim()

process.on('message', (message) => {
  const asked = request.parse(message)
  if ('list' in asked) void listKey(asked.list, ceremony).then(() => process.send?.({ done: true }))
  else void stop()
})
process.send?.({ origin: `http://127.0.0.1:${hub.http}`, token, approval, accounts: made.accounts })

/** What the custodians do: they list a key of the clinical approver in the place of the one from the ceremony. */
async function listKey(publicKey: string, { approvers: known }: TestCeremony): Promise<void> {
  const at = join(folder, 'ceremony')
  const names = (await readdir(at)).filter((name) => /^(?:root|targets)-\d\.key\.json$/.test(name)).sort()
  const files = await Promise.all(
    names.map(async (name) => readCustodianKeyFile(JSON.parse(await readFile(join(at, name), 'utf8')))),
  )
  const of = (role: string) => files.filter((file) => file.role === role)
  const keys = await readOnlineKeys(hubLayout(folder).onlineKeys)
  const parties = {
    custodians: { root: of('root'), targets: of('targets') },
    online: { snapshot: keys.snapshot.publicKey, timestamp: keys.timestamp.publicKey },
    approvers: [
      { person: 'clinical-approver', role: 'clinical' as const, publicKey },
      ...known.filter((one) => one.role === 'technical'),
    ],
  }
  const present = of('targets').slice(0, 2)
  const signers = await Promise.all(present.map((file) => openCustodianKey(file, TEST_PASSPHRASE)))
  const repository = new FolderRepositoryFiles({ folder: hubLayout(folder).repository })
  const writer = new RepositoryWriter({ files: repository, keys, clock: systemClock })
  await writer.publishTargets(signTargets(2, parties, signers, systemClock))
}

async function stop(): Promise<void> {
  await hub.stop()
  await rm(folder, { recursive: true, force: true })
  process.disconnect()
}
