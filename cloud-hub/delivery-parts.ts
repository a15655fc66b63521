import { stat } from 'node:fs/promises'
import type { ApprovalPolicy } from '@leadglass/sync-agent/contract'
import type { Clock, Logger, Service } from '@leadglass/sync-agent/foundation'
import type { HubAudit, KeyInUse } from './audit/index.ts'
import {
  type ChangeGate,
  FolderRepositoryFiles,
  OMS_PUBLIC_KEY_PATH,
  OnlineResigner,
  openStatementSigner,
  RecallService,
  ReleaseService,
  RepositoryWriter,
  readOnlineKeys,
} from './delivery/index.ts'
import type { GovernanceRepository } from './governance/index.ts'
import type { HubLayout } from './hub-folder.ts'
import type { CardGate } from './model-card/index.ts'
import type { Registry } from './registry/index.ts'

/** The repository with everything that works on it, once its key ceremony has taken place. */
export class Delivery implements Service {
  readonly releases: ReleaseService
  readonly recalls: RecallService
  readonly #writer: RepositoryWriter
  readonly #resigner: OnlineResigner

  private constructor(
    releases: ReleaseService,
    recalls: RecallService,
    writer: RepositoryWriter,
    resigner: OnlineResigner,
  ) {
    this.releases = releases
    this.recalls = recalls
    this.#writer = writer
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
    readonly clock: Clock
    readonly logger: Logger
  }): Promise<Delivery | undefined> {
    const { layout, policy, governance, registry, cards, changes, audit, clock, logger } = parts
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
      clock,
      logger,
    })
    const recalls = new RecallService({ writer, policy, clock, logger })
    const resigner = new OnlineResigner({ writer, clock, logger, onSigned: () => recordPublished(audit) })
    return new Delivery(releases, recalls, writer, resigner)
  }

  async start(): Promise<void> {
    await this.#resigner.start()
    await this.releases.resume()
  }

  async stop(): Promise<void> {
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
