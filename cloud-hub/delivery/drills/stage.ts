import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ApprovalPolicy, ReleaseStatement } from '@leadglass/sync-agent/contract'
import {
  canonicalJson,
  digestOf,
  type ManualClock,
  silentLogger,
  writeFileAtomically,
} from '@leadglass/sync-agent/foundation'
import { FileHighWaterMarks, FolderFetcher, UpdateClient } from '@leadglass/sync-agent/updates'
import { createApproverKey, type OpenApproverKey, openApproverKey } from '../../governance/approver-key.ts'
import type { ScryptCost } from '../../governance/sealed-key.ts'
import { createRepositoryKeys, initialiseRepository } from '../ceremony.ts'
import { createCustodianKey, type OpenCustodianKey, openCustodianKey } from '../custodian-key.ts'
import { createOnlineKeys, type OnlineKeys } from '../online-keys.ts'
import { proposeRelease } from '../propose.ts'
import { assembleApprovedModels } from '../publish.ts'
import { FolderRepositoryFiles } from '../repository-files.ts'
import { RepositoryWriter } from '../repository-writer.ts'
import type { Ceremony } from '../rotation.ts'

/** Protects keys that live for the length of one drill only. */
const DRILL_COST: ScryptCost = { n: 2 ** 14, r: 8, p: 1 }
const PASSPHRASE = 'a passphrase of one drill'

/** Who approves in a drill. Roles, not people. */
const APPROVERS = [
  { person: 'clinical-approver', role: 'clinical', printedName: 'Clinical approver' },
  { person: 'technical-approver', role: 'technical', printedName: 'Technical approver' },
  { person: 'second-clinical-approver', role: 'clinical', printedName: 'Second clinical approver' },
] as const

/** What one device was seen to do. */
export interface DrillStep {
  readonly step: string
  readonly expected: string
  readonly seen: string
  readonly holds: boolean
}

/** A repository of its own with real keys and files, and devices that follow it. Nothing of an instance is touched. */
export class DrillStage {
  readonly #folder: string
  readonly clock: ManualClock
  readonly custodians: readonly OpenCustodianKey[]
  readonly approvers: readonly OpenApproverKey[]
  onlineKeys: OnlineKeys
  readonly #pinned: { readonly initialRoot: Uint8Array; readonly policy: ApprovalPolicy }
  readonly steps: DrillStep[] = []
  #releases = 0

  private constructor(
    folder: string,
    clock: ManualClock,
    keys: Pick<DrillStage, 'custodians' | 'approvers' | 'onlineKeys'>,
    root: Uint8Array,
  ) {
    this.#folder = folder
    this.clock = clock
    this.custodians = keys.custodians
    this.approvers = keys.approvers
    this.onlineKeys = keys.onlineKeys
    this.#pinned = {
      initialRoot: root,
      policy: {
        schema: 'leadglass.approval-policy/1',
        minimumApprovals: 2,
        requiredRoles: ['clinical', 'technical'],
        initialRootDigest: digestOf(root),
      },
    }
  }

  /** Holds the ceremony of a first repository in the folder and publishes one approved release. */
  static async open(folder: string, clock: ManualClock): Promise<DrillStage> {
    await mkdir(join(folder, 'repository'), { recursive: true })
    const files = await createRepositoryKeys({
      folder: join(folder, 'ceremony'),
      passphraseOf: () => PASSPHRASE,
      cost: DRILL_COST,
    })
    const custodians: OpenCustodianKey[] = []
    for (const file of [...files.root, ...files.targets]) custodians.push(await openCustodianKey(file, PASSPHRASE))
    const approvers: OpenApproverKey[] = []
    for (const approver of APPROVERS) {
      const file = await createApproverKey({ ...approver, passphrase: PASSPHRASE, cost: DRILL_COST })
      approvers.push(await openApproverKey(file, PASSPHRASE))
    }
    const onlineKeys = await createOnlineKeys(join(folder, 'online-keys.json'))
    const { root } = await initialiseRepository({
      files: new FolderRepositoryFiles({ folder: join(folder, 'repository') }),
      parties: {
        custodians: files,
        online: { snapshot: onlineKeys.snapshot.publicKey, timestamp: onlineKeys.timestamp.publicKey },
        approvers,
      },
      signers: custodians,
      onlineKeys,
      clock,
    })
    const stage = new DrillStage(folder, clock, { custodians, approvers, onlineKeys }, root)
    await stage.release(stage.approvers.slice(0, 2))
    return stage
  }

  /** A writer over the repository's files, as the hub or a thief has one. */
  writer(keys: OnlineKeys = this.onlineKeys, nextKeys?: OnlineKeys): RepositoryWriter {
    const files = new FolderRepositoryFiles({ folder: join(this.#folder, 'repository') })
    return new RepositoryWriter({ files, keys, clock: this.clock, ...(nextKeys === undefined ? {} : { nextKeys }) })
  }

  /** A ceremony with these custodians present. */
  ceremony(signers: readonly OpenCustodianKey[], writer: RepositoryWriter = this.writer()): Ceremony {
    return { writer, signers, clock: this.clock }
  }

  /** The open key of one custodian, such as `root`, 2. */
  custodian(role: 'root' | 'targets', number: 1 | 2 | 3): OpenCustodianKey {
    const found = this.custodians.filter((key) => key.role === role)[number - 1]
    if (found === undefined) throw new Error('no such custodian')
    return found
  }

  /** A new custodian's key, open. */
  async newCustodian(role: 'root' | 'targets'): Promise<OpenCustodianKey> {
    const file = await createCustodianKey({ role, number: 4, passphrase: PASSPHRASE, cost: DRILL_COST })
    return openCustodianKey(file, PASSPHRASE)
  }

  newOnlineKeys(): Promise<OnlineKeys> {
    return createOnlineKeys(join(this.#folder, 'next-online-keys.json'))
  }

  /** Publishes one more release that these approvers sign, as the hub does. */
  async release(signers: readonly OpenApproverKey[], writer: RepositoryWriter = this.writer()): Promise<void> {
    const { bytes, packages } = await this.signedList(signers)
    await writer.publishApprovedModels(bytes, packages)
  }

  /** Writes a file of the repository as a thief with access to the server does: no check stands in the way. */
  async plant(name: string, bytes: Uint8Array): Promise<void> {
    await writeFileAtomically(join(this.#folder, 'repository', 'metadata', name), bytes, 0o644)
  }

  async remove(name: string): Promise<void> {
    await rm(join(this.#folder, 'repository', 'metadata', name), { force: true })
  }

  /** The next list with one more release (none: a renewal), signed by these; `named` are others whom it names. */
  async signedList(
    signers: readonly OpenApproverKey[],
    options: { readonly renewal?: boolean; readonly named?: readonly OpenApproverKey[] } = {},
  ): Promise<{ bytes: Uint8Array; packages: Parameters<RepositoryWriter['publishApprovedModels']>[1] }> {
    const state = await this.writer().state()
    const one = options.renewal === true ? undefined : await this.#package(options.named ?? signers)
    const list = proposeRelease(state, one === undefined ? [] : [one], this.clock)
    const signatures = signers.map((key) => ({
      keyid: key.keyid,
      sig: Buffer.from(key.sign(list.signedBytes)).toString('hex'),
    }))
    return {
      bytes: assembleApprovedModels({ signedBytes: list.signedBytes, signatures }),
      packages: one === undefined ? [] : [one.package],
    }
  }

  /** One attempt of a device; the step holds when it says exactly what is expected. */
  async device(name: string, step: string, expected: string): Promise<void> {
    const state = join(this.#folder, name)
    const outcome = await new UpdateClient({
      ...this.#pinned,
      fetcher: new FolderFetcher({ folder: join(this.#folder, 'repository') }),
      stateFolder: join(state, 'state'),
      kitFolder: join(state, 'kit'),
      highWaterMarks: new FileHighWaterMarks({ folder: join(state, 'state'), logger: silentLogger }),
      clock: this.clock,
      logger: silentLogger,
    }).refresh()
    const seen =
      outcome.kind === 'verified'
        ? (outcome.refused[0]?.attack ?? `root ${outcome.metadataVersions.root}, ${outcome.releases.length} model`)
        : outcome.kind === 'refused'
          ? outcome.attack
          : outcome.reason
    this.steps.push({ step: `${name}: ${step}`, expected, seen, holds: seen === expected })
  }

  /** An act that must fail with a code, or succeed (`done`). */
  async act(step: string, expected: string, act: () => Promise<unknown>): Promise<void> {
    const seen = await act().then(
      () => 'done',
      (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : 'failed'),
    )
    this.steps.push({ step, expected, seen, holds: seen === expected })
  }

  async #package(named: readonly OpenApproverKey[]): Promise<{
    statement: ReleaseStatement
    manifestBytes: number
    package: Parameters<RepositoryWriter['publishApprovedModels']>[1][number]
  }> {
    this.#releases += 1
    const version = `1.0.${this.#releases}`
    const bytes = Buffer.from(`weights ${version}`)
    const source = join(this.#folder, `weights-${version}.bin`)
    await writeFileAtomically(source, bytes)
    const file = { path: 'weights.bin', sha256: digestOf(bytes), bytes: bytes.length }
    const manifest = Buffer.from(
      canonicalJson({
        schema: 'leadglass.model-package/1',
        name: 'drill-model',
        version,
        releaseCounter: this.#releases,
        files: [file],
      }),
    )
    const model = { name: 'drill-model', version, digest: digestOf(manifest) }
    const signoffs = named.map(({ person, role }) => ({ person, role, meaning: 'approval' as const }))
    return {
      statement: {
        schema: 'leadglass.release/1',
        model,
        releaseCounter: this.#releases,
        author: 'author',
        signoffs,
        rollbackOf: null,
      },
      manifestBytes: manifest.length,
      package: { model, manifest, files: [{ sha256: file.sha256, source }] },
    }
  }
}
