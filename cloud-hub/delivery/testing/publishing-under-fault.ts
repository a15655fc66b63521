import { spawnSync } from 'node:child_process'
import { cp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FolderRepositoryFiles, type RepositoryFiles } from '../repository-files.ts'
import { createHub, deliver, type HubFixture, release } from './hub-fixture.ts'

const PROGRAM = join(import.meta.dirname, 'publish-process.ts')
const PRELOAD = join(import.meta.dirname, '..', '..', '..', 'sync-agent', 'updates', 'testing', 'kill-at-step.ts')

/** Versions before and after the publication under fault. */
export const BEFORE = '1.0.0'
export const AFTER = '1.1.0'

/**
 * A hub whose process can be killed at any step of publishing, again and again from the same beginning: one release is
 * published, and the next has both signatures but nothing of it is written yet.
 */
export class PublishingUnderFault {
  readonly #folder: string
  readonly #hub: HubFixture
  #sites = 0

  private constructor(folder: string, hub: HubFixture) {
    this.#folder = folder
    this.#hub = hub
  }

  static async prepare(folder: string): Promise<PublishingUnderFault> {
    const hub = await createHub(folder)
    await release(hub, [await hub.importPackage({ version: BEFORE, releaseCounter: 1 })])
    const second = await hub.importPackage({ version: AFTER, releaseCounter: 2 })
    await release(hub, [second], hub.restart(writingNothing(join(folder, 'repository'))).service).catch(() => undefined)
    hub.database.close()
    await writeFile(join(folder, 'policy.json'), JSON.stringify(hub.policy))
    const self = new PublishingUnderFault(folder, hub)
    for (const name of WRITTEN) await cp(join(folder, name), join(folder, `before-${name}`), { recursive: true })
    return self
  }

  /** Publishes in a process of its own. @returns what it printed, or the signal that ended it. */
  publish(killAtStep = 0): string {
    const { stdout, signal, stderr } = spawnSync(process.execPath, ['--import', PRELOAD, PROGRAM, this.#folder], {
      env: { ...process.env, KILL_AT_STEP: String(killAtStep) },
      encoding: 'utf8',
    })
    return signal ?? (stdout === '' ? stderr : stdout)
  }

  /** What a device that knows nothing yet installs from the repository as it lies there; its refusal otherwise. */
  async installs(): Promise<string> {
    this.#sites += 1
    const outcome = await deliver(this.#hub, `site-${this.#sites}`)
    if (outcome.kind !== 'verified' || outcome.refused.length > 0) return JSON.stringify(outcome)
    return outcome.releases.map((one) => one.model.version).join()
  }

  /** Back to before the publication. */
  async restore(): Promise<void> {
    for (const name of ['hub.db-wal', 'hub.db-shm']) await rm(join(this.#folder, name), { force: true })
    for (const name of WRITTEN) {
      await rm(join(this.#folder, name), { recursive: true, force: true })
      await cp(join(this.#folder, `before-${name}`), join(this.#folder, name), { recursive: true })
    }
  }
}

const WRITTEN = ['hub.db', 'repository'] as const

/** Files that cannot be written, as on a disk that went away at the last signature. */
function writingNothing(folder: string): RepositoryFiles {
  const real = new FolderRepositoryFiles({ folder })
  const refuse = async (): Promise<void> => {
    throw new Error('the disk is away')
  }
  return {
    read: (path) => real.read(path),
    list: (path) => real.list(path),
    write: refuse,
    copyBlob: refuse,
  }
}
