import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ApprovalPolicy, ApproverRole, ReleaseStatement } from '@leadglass/sync-agent/contract'
import { canonicalJson, digestOf, ManualClock, silentLogger } from '@leadglass/sync-agent/foundation'
import {
  FileHighWaterMarks,
  FolderFetcher,
  UpdateClient,
  type UpdateOutcome,
  type VerifiedOutcome,
  verifyKit,
} from '@leadglass/sync-agent/updates'
import type Database from 'better-sqlite3'
import { ChangeControlError } from '../../change-control/errors.ts'
import { type ApproverKeyFile, createApproverKey } from '../../governance/approver-key.ts'
import { GovernanceRepository } from '../../governance/repository.ts'
import type { CardGate } from '../../model-card/index.ts'
import { PackageStore } from '../../registry/package-store.ts'
import { type PackageReader, Registry } from '../../registry/registry.ts'
import { openHubDatabase } from '../../storage/index.ts'
import { placeTestHub } from '../../testing/databases.ts'
import { createRepositoryKeys, initialiseRepository, type RepositoryParties } from '../ceremony.ts'
import { type OpenCustodianKey, openCustodianKey } from '../custodian-key.ts'
import { createOnlineKeys, type OnlineKeys } from '../online-keys.ts'
import { type ChangeGate, ReleaseService } from '../release-service.ts'
import { FolderRepositoryFiles, type RepositoryFiles } from '../repository-files.ts'
import { RepositoryWriter } from '../repository-writer.ts'

/** Cheap derivation, so that a test does not wait half a second for each key. */
export const TEST_COST = { n: 2 ** 14, r: 8, p: 1 } as const
export const PASSPHRASE = 'correct horse battery'
export const START = Date.parse('2026-11-22T12:00:00Z')

/** The packages of these tests have no card: what a card must say is tested with the real ones. */
export const ANY_CARD: CardGate = { assertCardComplete: async () => undefined }

/** No model of these tests has a plan for changes. */
export const NO_PLAN: ChangeGate = {
  claim: async () => Promise.reject(new ChangeControlError('not-within-plan', 'no plan is in force')),
  assertClaim: async () => Promise.reject(new ChangeControlError('not-within-plan', 'no plan is in force')),
}

/** The three approvers of the fixture. */
export const APPROVERS: readonly { person: string; role: ApproverRole; printedName: string }[] = [
  { person: 'clinical-approver', role: 'clinical', printedName: 'Clinical Approver' },
  { person: 'technical-approver', role: 'technical', printedName: 'Technical Approver' },
  { person: 'second-technical-approver', role: 'technical', printedName: 'Second Technical Approver' },
]

export const SIGNOFFS: ReleaseStatement['signoffs'] = [
  { person: 'clinical-approver', role: 'clinical', meaning: 'approval' },
  { person: 'technical-approver', role: 'technical', meaning: 'approval' },
]

/** A hub's delivery side on real files and a real database, as it stands after the key ceremony. */
export interface HubFixture {
  readonly folder: string
  readonly clock: ManualClock
  readonly database: Database.Database
  readonly governance: GovernanceRepository
  readonly registry: Registry
  readonly onlineKeys: OnlineKeys
  readonly approverKeys: readonly ApproverKeyFile[]
  readonly custodians: readonly OpenCustodianKey[]
  readonly parties: RepositoryParties
  readonly root: Uint8Array
  readonly policy: ApprovalPolicy
  readonly writer: RepositoryWriter
  readonly service: ReleaseService
  /** The same hub over other files, as after a restart. */
  restart(
    files?: RepositoryFiles,
    cards?: CardGate,
  ): { readonly writer: RepositoryWriter; readonly service: ReleaseService }
  /** Imports a small package by `trainer`. */
  importPackage(options: { version: string; releaseCounter: number; name?: string; author?: string }): Promise<string>
}

/** Holds a key ceremony in `folder` and opens the hub over it. */
export async function createHub(folder: string): Promise<HubFixture> {
  const clock = new ManualClock(START)
  const files = new FolderRepositoryFiles({ folder: join(folder, 'repository') })
  const ceremony = join(folder, 'ceremony')
  const keys = await createRepositoryKeys({
    folder: ceremony,
    passphraseOf: (name) => `${PASSPHRASE} ${name}`,
    cost: TEST_COST,
  })
  const custodians: OpenCustodianKey[] = []
  for (const file of [...keys.root, ...keys.targets]) {
    custodians.push(await openCustodianKey(file, `${PASSPHRASE} ${file.role}-${file.number}`))
  }
  const approverKeys = await Promise.all(
    APPROVERS.map((approver) => createApproverKey({ ...approver, passphrase: PASSPHRASE, cost: TEST_COST })),
  )
  await mkdir(join(folder, 'secrets'), { recursive: true })
  const onlineKeys = await createOnlineKeys(join(folder, 'secrets', 'online-keys.json'))
  const parties: RepositoryParties = {
    custodians: keys,
    online: { snapshot: onlineKeys.snapshot.publicKey, timestamp: onlineKeys.timestamp.publicKey },
    approvers: approverKeys,
  }
  const signers = custodians.filter((_, index) => index !== 2 && index !== 5)
  const { root, rootDigest } = await initialiseRepository({ files, parties, signers, onlineKeys, clock })
  const policy: ApprovalPolicy = {
    schema: 'leadglass.approval-policy/1',
    minimumApprovals: 2,
    requiredRoles: ['clinical', 'technical'],
    initialRootDigest: rootDigest,
  }
  const { database, governance, registry } = openRecords(folder, clock)
  for (const file of approverKeys) governance.addApprover(file)
  const restart: HubFixture['restart'] = (over = files, cards = ANY_CARD) => {
    const writer = new RepositoryWriter({ files: over, keys: onlineKeys, clock })
    return {
      writer,
      service: new ReleaseService({
        governance,
        registry,
        cards,
        changes: NO_PLAN,
        writer,
        policy,
        clock,
        logger: silentLogger,
      }),
    }
  }
  const importPackage: HubFixture['importPackage'] = async (options) => {
    const source = await writeSmallPackage(
      join(folder, 'incoming', `${options.name ?? 'm'}-${options.version}`),
      options,
    )
    return (await registry.importPackage(source, options.author ?? 'trainer')).model.digest
  }
  const rest = { onlineKeys, approverKeys, custodians, parties, root, policy, restart, importPackage }
  return { folder, clock, database, governance, registry, ...rest, ...restart() }
}

/** The records of a hub's delivery side, as a process finds them at its start. */
export function openRecords(
  folder: string,
  clock: ManualClock,
): Pick<HubFixture, 'database' | 'governance' | 'registry'> {
  placeTestHub(folder)
  const database = openHubDatabase(folder)
  const store = new PackageStore({ folder: join(folder, 'packages') })
  return {
    database,
    governance: new GovernanceRepository({ database, clock }),
    registry: new Registry({ database, store, clock, readPackage: readSmallPackage }),
  }
}

/** Writes a package folder with two files; just what delivery depends on. */
export async function writeSmallPackage(
  folder: string,
  options: {
    readonly version: string
    readonly releaseCounter: number
    readonly name?: string
    readonly parent?: string
  },
): Promise<string> {
  const { version, releaseCounter, name = 'chest-radiograph', parent = null } = options
  const files = {
    'backbone.onnx': Buffer.alloc(50_000, name),
    'golden/one.json': Buffer.from(`{"version":"${version}"}`),
  }
  await mkdir(join(folder, 'golden'), { recursive: true })
  for (const [path, bytes] of Object.entries(files)) await writeFile(join(folder, path), bytes)
  const manifest = {
    schema: 'leadglass.model-package/1',
    name,
    version,
    releaseCounter,
    title: `${name} ${version}`,
    lineage: { parent },
    files: Object.entries(files).map(([path, bytes]) => ({ path, sha256: digestOf(bytes), bytes: bytes.length })),
  }
  await writeFile(join(folder, 'manifest.json'), canonicalJson(manifest))
  return folder
}

/** A package reader for packages of {@link writeSmallPackage}: verifies every listed file, as the real one does. */
export const readSmallPackage: PackageReader = async (folder) => {
  const bytes = await readFile(join(folder, 'manifest.json'))
  const manifest = JSON.parse(bytes.toString()) as {
    title: string
    lineage: { parent: string | null }
    files: { path: string; sha256: string }[]
  }
  for (const file of manifest.files) {
    if (digestOf(await readFile(join(folder, file.path))) !== file.sha256) throw new Error(`${file.path} has changed`)
  }
  return { digest: digestOf(bytes), manifest }
}

/** Proposes, submits and signs with the two named approvers. @returns the proposal's identifier. */
export async function release(hub: HubFixture, digests: readonly string[], service = hub.service): Promise<string> {
  const draft = await service.draft(
    'trainer',
    digests.map((digest) => ({ digest, signoffs: SIGNOFFS })),
  )
  await service.submit(draft.id, 'trainer')
  for (const person of ['clinical-approver', 'technical-approver']) {
    const outcome = await service.sign(draft.id, person, PASSPHRASE, 'approval')
    if (outcome.kind !== 'done') throw new Error(`not signed: ${outcome.reason}`)
  }
  return draft.id
}

/** One attempt of a site's agent, straight from the repository's files, and its appliance's verdict on the kit. */
export async function deliver(hub: HubFixture, site = 'site'): Promise<UpdateOutcome> {
  const at = (name: string): string => join(hub.folder, site, name)
  const pinned = { initialRoot: hub.root, policy: hub.policy, clock: hub.clock, logger: silentLogger }
  const marks = (name: string): FileHighWaterMarks => new FileHighWaterMarks({ folder: at(name), logger: silentLogger })
  const fetcher = new FolderFetcher({ folder: join(hub.folder, 'repository') })
  const agent = { stateFolder: at('agent'), kitFolder: at('kit'), highWaterMarks: marks('agent') }
  const outcome = await new UpdateClient({ ...pinned, ...agent, fetcher }).refresh()
  if (outcome.kind !== 'verified') return outcome
  return verifyKit({
    ...pinned,
    stateFolder: at('appliance'),
    kitFolder: at('kit'),
    highWaterMarks: marks('appliance'),
  })
}

/** The outcome as verified. @throws with the outcome when it is not. */
export function verified(outcome: UpdateOutcome): VerifiedOutcome {
  if (outcome.kind !== 'verified') throw new Error(`not verified: ${JSON.stringify(outcome)}`)
  return outcome
}
