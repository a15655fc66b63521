import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { JsonFile } from './json-file.ts'

const NAME = /^kit-([0-9a-f]{16})$/
const TAKING = /^taking-([0-9a-f]{16})$/

/** What became of a kit that was handed over. */
export const kitResult = z.strictObject({
  schema: z.literal('leadglass.kit-result/1'),
  outcome: z.enum(['taken', 'refused']),
  code: z.string().max(64).nullable(),
  message: z.string().max(2000),
  /** Releases that the kit has for this box, `name@version`. */
  models: z.array(z.string().max(300)).max(1000),
  acknowledged: z.boolean(),
})
export type KitResult = z.infer<typeof kitResult>

/**
 * `exchange/carried/`: where a person's command hands kits to the agent. A kit appears there whole by a rename, and one
 * process claims it by another: two that look at the same time never take the same kit.
 */
export class KitInbox {
  readonly folder: string

  constructor(exchangeFolder: string) {
    this.folder = join(exchangeFolder, 'carried')
  }

  async prepare(): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o770 })
  }

  /** Where a kit is copied before it is handed over. */
  stagingOf(id: string): string {
    return join(this.folder, `.kit-${id}.part`)
  }

  /** Hands over what was copied to the staging place. */
  async handOver(id: string): Promise<void> {
    await rename(this.stagingOf(id), join(this.folder, `kit-${id}`))
  }

  /** True while nobody has claimed it. */
  async isWaiting(id: string): Promise<boolean> {
    return (await this.#names()).includes(`kit-${id}`)
  }

  resultOf(id: string): JsonFile<KitResult> {
    return new JsonFile(join(this.folder, `result-${id}.json`), kitResult, 1_000_000)
  }

  async forgetResult(id: string): Promise<void> {
    await rm(join(this.folder, `result-${id}.json`), { force: true })
  }

  /** What a killed process had begun waits again: taking a kit twice does nothing the second time. */
  async recover(): Promise<void> {
    for (const name of await this.#names()) {
      const id = TAKING.exec(name)?.[1]
      if (id !== undefined) await rename(join(this.folder, name), join(this.folder, `kit-${id}`))
    }
  }

  /** Claims the next kit. @returns undefined when there is none. */
  async claim(): Promise<{ readonly id: string; readonly folder: string } | undefined> {
    for (const name of await this.#names()) {
      const id = NAME.exec(name)?.[1]
      if (id === undefined) continue
      const folder = join(this.folder, `taking-${id}`)
      try {
        await rename(join(this.folder, name), folder)
        return { id, folder }
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      }
    }
    return undefined
  }

  /** Writes what became of a claimed kit, and removes it. */
  async settle({ id, folder }: { readonly id: string; readonly folder: string }, result: KitResult): Promise<void> {
    await this.resultOf(id).write(result)
    await rm(folder, { recursive: true, force: true })
  }

  async #names(): Promise<readonly string[]> {
    try {
      return (await readdir(this.folder)).sort()
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw error
    }
  }
}
