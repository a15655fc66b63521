import { stat } from 'node:fs/promises'
import { type ApprovalPolicy, type ModelReference, releasePath } from '@leadglass/sync-agent/contract'
import { type Clock, digestOf, type Logger, type Service } from '@leadglass/sync-agent/foundation'
import type { HubAudit, KeyInUse } from './audit/index.ts'
import {
  type ChangeGate,
  FolderRepositoryFiles,
  OMS_PUBLIC_KEY_PATH,
  OnlineResigner,
  omsPath,
  openStatementSigner,
  RecallService,
  ReleaseService,
  type RepositoryFiles,
  RepositoryWriter,
  readOnlineKeys,
} from './delivery/index.ts'
import type { GovernanceRepository, SigningAlarms } from './governance/index.ts'
import type { HubLayout } from './hub-folder.ts'
import type { CardGate } from './model-card/index.ts'
import type { Registry } from './registry/index.ts'
import type { RepositoryListing } from './reports/index.ts'
import type { MayRollOut } from './rollout/index.ts'

/** How often publishing is tried again that waits for the online keys. */
const RESUME_EVERY_MS = 5 * 60_000
const DAY_MS = 86_400_000

/** The repository with everything that works on it, once its key ceremony has taken place. */
export class Delivery implements Service {
  readonly releases: ReleaseService
  readonly recalls: RecallService
  readonly #writer: RepositoryWriter
  readonly #files: RepositoryFiles
  readonly #resigner: OnlineResigner
  #resuming: NodeJS.Timeout | undefined

  private constructor(
    releases: ReleaseService,
    recalls: RecallService,
    writer: RepositoryWriter,
    files: RepositoryFiles,
    resigner: OnlineResigner,
  ) {
    this.releases = releases
    this.recalls = recalls
    this.#writer = writer
    this.#files = files
    this.#resigner = resigner
  }

  /** @returns undefined while there is no policy or no online key. @throws {KeyFileError} for a damaged key file. */
  static async open(parts: {
    readonly layout: HubLayout
    readonly policy: ApprovalPolicy | null
    readonly governance: GovernanceRepository
    readonly registry: Registry
    readonly cards: CardGate
    readonly changes: ChangeGate
    readonly audit: Pick<HubAudit, 'record'>
    readonly alarms: Pick<SigningAlarms, 'raise'>
    readonly clock: Clock
    readonly logger: Logger
  }): Promise<Delivery | undefined> {
    const { layout, policy, governance, registry, cards, changes, audit, alarms, clock, logger } = parts
    if (policy === null || (await stat(layout.onlineKeys).catch(() => undefined)) === undefined) return undefined
    const files = new FolderRepositoryFiles({ folder: layout.repository })
    const writer = new RepositoryWriter({ files, keys: await readOnlineKeys(layout.onlineKeys), clock })
    const statements = await openStatementSigner(layout.statementKey)
    await files.write(OMS_PUBLIC_KEY_PATH, Buffer.from(statements.publicKeyPem))
    const releases = new ReleaseService({
      governance,
      registry,
      cards,
      changes,
      writer,
      policy,
      statements,
      onWaiting: (code) => raiseOnlineAlarm(alarms, code),
      clock,
      logger,
    })
    const recalls = new RecallService({ writer, policy, clock, logger })
    const resigner = new OnlineResigner({
      writer,
      clock,
      logger,
      onSigned: () => recordPublished(audit),
      onFailure: (code) => raiseOnlineAlarm(alarms, code),
    })
    return new Delivery(releases, recalls, writer, files, resigner)
  }

  async start(): Promise<void> {
    await this.#resigner.start()
    await this.releases.resume()
    // What waits for a token that was away goes on when it is back.
    this.#resuming ??= setInterval(() => void this.releases.resume(), RESUME_EVERY_MS)
    this.#resuming.unref()
  }

  async stop(): Promise<void> {
    clearInterval(this.#resuming)
    this.#resuming = undefined
    await this.#resigner.stop()
  }

  /** Version of the published timestamp; 0 when nothing readable is published. */
  async timestampVersion(): Promise<number> {
    try {
      return (await this.#writer.state()).timestamp.metadata.signed.version
    } catch {
      return 0
    }
  }

  /** How the signed repository speaks of a version. @throws {DeliveryError} when nothing readable is published */
  async listing(model: ModelReference): Promise<RepositoryListing> {
    const { approvedModels, recalls } = await this.#writer.state()
    const target = approvedModels?.metadata.signed.targets[releasePath(model)]
    const isListed = approvedModels !== undefined && target?.hashes.sha256 === model.digest
    const statement = isListed ? await this.#files.read(omsPath(model)) : undefined
    return {
      listed: isListed
        ? {
            metadataVersion: approvedModels.metadata.signed.version,
            expires: approvedModels.metadata.signed.expires,
            metadataSha256: digestOf(approvedModels.bytes),
          }
        : null,
      statementSha256: statement === undefined ? null : digestOf(statement),
      recallsVersion: recalls?.metadata.signed.version ?? null,
      isRecalled: (await this.recalls.mayRollOut(model)) === 'recalled',
    }
  }

  /** The keys that the published root names, by role; none when nothing readable is published. */
  async keysInUse(): Promise<readonly KeyInUse[]> {
    const state = await this.#writer.state().catch(() => undefined)
    return Object.entries(state?.root.metadata.signed.roles ?? {}).flatMap(([role, { keyIDs }]) =>
      keyIDs.map((fingerprint) => ({ role: `repository-${role}`, fingerprint })),
    )
  }
}

/** The entry about metadata that the hub signed again by itself. */
export function recordPublished(audit: Pick<HubAudit, 'record'>): void {
  audit.record({
    event: 'metadata.published',
    actor: { kind: 'system', id: 'hub.delivery' },
    subject: { kind: 'process', id: 'hub.delivery' },
    outcome: 'success',
    codes: ['timestamp'],
  })
}

/** Once a day: the hub cannot sign with the keys that it holds itself. Devices go on with what they have. */
export function raiseOnlineAlarm(alarms: Pick<SigningAlarms, 'raise'>, code: string): void {
  alarms.raise('hub.delivery', `online-keys-${code}`, {
    quietMs: DAY_MS,
    event: {
      event: 'metadata.published',
      actor: { kind: 'system', id: 'hub.delivery' },
      subject: { kind: 'process', id: 'hub.delivery' },
      outcome: 'failure',
      codes: [code],
    },
  })
}

/** Whether a rollout of a version may begin: once it is published, or while approvers look at it. */
export async function mayRollOut(
  delivery: Delivery | undefined,
  governance: Pick<GovernanceRepository, 'proposalsOf'>,
  model: ModelReference,
): Promise<MayRollOut> {
  const may = (await delivery?.recalls.mayRollOut(model)) ?? 'not-published'
  const isOnItsWay = governance.proposalsOf(model.digest).some((one) => one.submitted && one.closed === null)
  return may === 'not-published' && isOnItsWay ? 'on-its-way' : may
}
