import { BlobDownload } from './blob-download.ts'
import type { RepositoryFetcher } from './fetcher.ts'
import { KitLayout, manifestTargetPath } from './kit-layout.ts'
import { releaseInKit, type UpdateOutcome } from './outcome.ts'
import { type CheckOptions, checkRepository } from './repository-check.ts'

/** What the agent's client needs besides the check itself. */
export interface UpdateClientOptions extends CheckOptions {
  /** Where the verified kit is laid out for the appliance. */
  readonly kitFolder: string
}

/**
 * The agent's side of delivery: verifies the repository, fetches what may be installed and lays it out as a kit. It
 * holds no privilege over the appliance, which verifies the kit again.
 */
export class UpdateClient {
  readonly #options: UpdateClientOptions
  #running: Promise<UpdateOutcome> | undefined

  constructor(options: UpdateClientOptions) {
    this.#options = options
  }

  /**
   * One attempt. Expired or refused metadata stops installs only; the kit then stays as it was. A second call while one
   * runs shares its outcome.
   * @throws {UpdateStorageError} when state or kit cannot be written.
   */
  refresh(): Promise<UpdateOutcome> {
    return this.#running ?? this.#begin(this.#options.fetcher)
  }

  /** One attempt on another source, such as a carried kit; never beside another one. @throws as `refresh` does. */
  async refreshFrom(fetcher: RepositoryFetcher): Promise<UpdateOutcome> {
    while (this.#running !== undefined) await this.#running.catch(() => undefined)
    return this.#begin(fetcher)
  }

  #begin(fetcher: RepositoryFetcher): Promise<UpdateOutcome> {
    this.#running = this.#refresh(fetcher).finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #refresh(fetcher: RepositoryFetcher): Promise<UpdateOutcome> {
    const { kitFolder, stateFolder } = this.#options
    const kit = new KitLayout({ kitFolder, stateFolder })
    const download = new BlobDownload({ fetcher, blobFolder: kit.blobFolder, partialFolder: kit.partialFolder })
    return checkRepository(
      { ...this.#options, fetcher },
      async ({ release, manifest }, metadata) => {
        for (const file of manifest.files) await download.ensure(file)
        return releaseInKit(kitFolder, release, manifest.files, metadata.versions)
      },
      (read, metadata) =>
        kit.commit({
          metadata: metadata.files,
          manifests: new Map(read.map((one) => [manifestTargetPath(one.release.statement.model), one.manifestBytes])),
          blobs: new Set(read.flatMap((one) => one.manifest.files.map((file) => file.sha256))),
        }),
    )
  }
}
