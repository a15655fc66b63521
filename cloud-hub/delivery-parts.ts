import { stat } from 'node:fs/promises'
import type { ApprovalPolicy } from '@leadglass/sync-agent/contract'
import type { Clock, Logger, Service } from '@leadglass/sync-agent/foundation'
import {
  FolderRepositoryFiles,
  OnlineResigner,
  ReleaseService,
  RepositoryWriter,
  readOnlineKeys,
} from './delivery/index.ts'
import type { GovernanceRepository } from './governance/index.ts'
import type { HubLayout } from './hub-folder.ts'
import type { Registry } from './registry/index.ts'

/** The repository with everything that works on it, once its key ceremony has taken place. */
export class Delivery implements Service {
  readonly releases: ReleaseService
  readonly #writer: RepositoryWriter
  readonly #resigner: OnlineResigner

  private constructor(releases: ReleaseService, writer: RepositoryWriter, resigner: OnlineResigner) {
    this.releases = releases
    this.#writer = writer
    this.#resigner = resigner
  }

  /** @returns undefined while there is no policy or no online key. @throws {KeyFileError} for a damaged key file. */
  static async open(parts: {
    readonly layout: HubLayout
    readonly policy: ApprovalPolicy | null
    readonly governance: GovernanceRepository
    readonly registry: Registry
    readonly clock: Clock
    readonly logger: Logger
  }): Promise<Delivery | undefined> {
    const { layout, policy, governance, registry, clock, logger } = parts
    if (policy === null || (await stat(layout.onlineKeys).catch(() => undefined)) === undefined) return undefined
    const files = new FolderRepositoryFiles({ folder: layout.repository })
    const writer = new RepositoryWriter({ files, keys: await readOnlineKeys(layout.onlineKeys), clock })
    const releases = new ReleaseService({ governance, registry, writer, policy, clock, logger })
    return new Delivery(releases, writer, new OnlineResigner({ writer, clock, logger }))
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
}
