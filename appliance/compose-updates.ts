import { readFile } from 'node:fs/promises'
import { approvalPolicy } from '@leadglass/sync-agent/contract'
import { exchangePaths } from '@leadglass/sync-agent/exchange'
import type { Service } from '@leadglass/sync-agent/foundation'
import {
  DatabaseHighWaterMarks,
  DatabaseRecallBook,
  SiteApprovals,
  UpdateWatcher,
  type UpdateWatcherDependencies,
} from './activation/index.ts'
import type { ApplianceFolders } from './folders.ts'

type Parts = Pick<UpdateWatcherDependencies, 'library' | 'activator' | 'audit' | 'clock' | 'logger' | 'mayWork'> & {
  readonly records: UpdateWatcherDependencies['records']
  /** Other models are in force. */
  readonly onModels: () => void
}

/** The watcher for update kits; none on a box that was given no root to trust: it then takes no model at all. */
export async function composeUpdates(
  folders: ApplianceFolders,
  exchangeFolder: string,
  parts: Parts,
): Promise<UpdateWatcher | undefined> {
  const initialRoot = await readIfThere(folders.initialRoot)
  const policy = await readIfThere(folders.policy)
  if (initialRoot === undefined || policy === undefined) {
    return undefined
  }
  const pinned = approvalPolicy.parse(JSON.parse(policy.toString('utf8')))
  return new UpdateWatcher({
    ...parts,
    kitFolder: exchangePaths(exchangeFolder).updates,
    stateFolder: folders.trustState,
    modelsFolder: folders.models,
    initialRoot,
    policy: pinned,
    siteApprovals: new SiteApprovals({ folder: folders.siteApprovals, policy: pinned }),
    marks: new DatabaseHighWaterMarks(parts.records),
    recallBook: new DatabaseRecallBook({ ...parts, onChange: parts.onModels }),
  })
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw cause
  }
}

/** Between two looks whether there is something to trust by now. */
const LOOK_MS = 5000

/** Watches for updates from the moment on at which the box has a root to trust; a person may pin one while it runs. */
export class TrustedUpdates implements Service {
  readonly #compose: () => Promise<UpdateWatcher | undefined>
  #watcher: UpdateWatcher | undefined
  #timer: NodeJS.Timeout | undefined
  #turn: Promise<void> = Promise.resolve()
  #running = false

  constructor(compose: () => Promise<UpdateWatcher | undefined>) {
    this.#compose = compose
  }

  async start(): Promise<void> {
    this.#running = true
    await this.look()
    if (this.#watcher !== undefined) return
    this.#timer = setInterval(() => void this.look().catch(() => undefined), LOOK_MS)
    this.#timer.unref()
  }

  async stop(): Promise<void> {
    this.#running = false
    clearInterval(this.#timer)
    await this.#turn.catch(() => undefined)
    await this.#watcher?.stop()
    this.#watcher = undefined
  }

  /** Looks for a root and begins when there is one. */
  look(): Promise<void> {
    this.#turn = this.#turn
      .catch(() => undefined)
      .then(async () => {
        if (!this.#running || this.#watcher !== undefined) return
        const watcher = await this.#compose()
        if (watcher === undefined) return
        await watcher.start()
        this.#watcher = watcher
        clearInterval(this.#timer)
      })
    return this.#turn
  }
}
