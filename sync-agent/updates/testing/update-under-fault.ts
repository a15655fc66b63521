import { spawnSync } from 'node:child_process'
import { cp, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ManualClock, silentLogger } from '../../foundation/index.ts'
import { verifyKit } from '../verify-kit.ts'
import { FakeRepository, fakePackage } from './fake-repository.ts'
import { MemoryHighWaterMarks } from './memory.ts'
import { NOW } from './site.ts'

const PROGRAM = join(import.meta.dirname, 'refresh-process.ts')
const PRELOAD = join(import.meta.dirname, 'kill-at-step.ts')
/** What an update of the agent writes to. */
const WRITTEN = ['state', 'kit'] as const

/** Versions before and after the update under fault. */
export const BEFORE = '1.0.0'
export const AFTER = '1.1.0'

/**
 * An agent's update as a process of its own, which can be killed or failed at any of its steps, again and again from the
 * same beginning: the kit holds one release, and the repository has the next.
 */
export class UpdateUnderFault {
  readonly #folder: string
  readonly #repository = new FakeRepository(NOW)

  constructor(folder: string) {
    this.#folder = folder
  }

  get folder(): string {
    return this.#folder
  }

  /** Brings the device to the first release and publishes the second. @throws when even that does not work. */
  async prepare(): Promise<void> {
    this.#repository.list(fakePackage({ version: BEFORE }))
    this.#repository.publish()
    await mkdir(this.#at('pinned'))
    await writeFile(this.#at('pinned', 'root.json'), this.#repository.initialRoot)
    await writeFile(this.#at('pinned', 'policy.json'), JSON.stringify(this.#repository.policy))
    await this.#repository.writeTo(this.#at('published'))
    const first = this.refresh()
    if (first !== 'verified 1') throw new Error(`the first update ended with: ${first}`)
    this.#repository.list(fakePackage({ version: AFTER, releaseCounter: 2 }))
    this.#repository.next('approvedModels', 'snapshot', 'timestamp')
    this.#repository.publish()
    await this.#repository.writeTo(this.#at('published'))
    for (const name of WRITTEN) await cp(this.#at(name), this.#at(`before-${name}`), { recursive: true })
  }

  /**
   * One update.
   * @param options.killAtStep dies just before that change of a folder; 0 never.
   * @param options.under a program and its arguments that run it, such as strace.
   * @returns what it printed, or the signal that ended it.
   */
  refresh(options: { readonly killAtStep?: number; readonly under?: readonly string[] } = {}): string {
    const [program = process.execPath, ...rest] = [
      ...(options.under ?? []),
      process.execPath,
      '--import',
      PRELOAD,
      PROGRAM,
      'folder',
      this.#folder,
      String(NOW),
    ]
    const { stdout, signal, stderr } = spawnSync(program, rest, {
      env: { ...process.env, KILL_AT_STEP: String(options.killAtStep ?? 0), UV_THREADPOOL_SIZE: '1' },
      encoding: 'utf8',
    })
    return signal ?? (stdout === '' ? stderr : stdout)
  }

  /** What an appliance would install from the kit as it lies there; its refusal when it takes nothing. */
  async installs(): Promise<string> {
    await rm(this.#at('appliance'), { recursive: true, force: true })
    const outcome = await verifyKit({
      kitFolder: this.#at('kit'),
      stateFolder: this.#at('appliance'),
      initialRoot: this.#repository.initialRoot,
      policy: this.#repository.policy,
      highWaterMarks: new MemoryHighWaterMarks(),
      clock: new ManualClock(NOW),
      logger: silentLogger,
    })
    if (outcome.kind !== 'verified' || outcome.refused.length > 0) return JSON.stringify(outcome)
    return outcome.releases.map((release) => release.model.version).join()
  }

  /** Back to before the update. */
  async restore(): Promise<void> {
    for (const name of WRITTEN) {
      await rm(this.#at(name), { recursive: true, force: true })
      await cp(this.#at(`before-${name}`), this.#at(name), { recursive: true })
    }
  }

  #at(...names: string[]): string {
    return join(this.#folder, ...names)
  }
}
