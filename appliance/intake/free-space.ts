import { statfs } from 'node:fs/promises'
import type { CurrentSettings } from '../settings.ts'

const CHECK_MS = 1000

/** Watches the disk that holds the spool, so that intake can refuse before writes fail. */
export class FreeSpace {
  readonly #folder: string
  readonly #settings: CurrentSettings
  #free = Number.POSITIVE_INFINITY
  #total = 0
  #timer: NodeJS.Timeout | undefined

  constructor(folder: string, settings: CurrentSettings) {
    this.#folder = folder
    this.#settings = settings
  }

  async start(): Promise<void> {
    await this.#look()
    this.#timer = setInterval(() => {
      this.#look().catch(() => {
        // A disk that cannot be asked is taken for full: refusing is safe, accepting is not.
        this.#free = 0
      })
    }, CHECK_MS)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
  }

  /** True when less is free than the settings keep in reserve. */
  isLow(): boolean {
    return this.#free < this.#settings().limits.minimumFreeBytes
  }

  /** Bytes free and in total, as last seen. */
  figures(): { readonly freeBytes: number; readonly totalBytes: number } {
    return { freeBytes: Number.isFinite(this.#free) ? this.#free : 0, totalBytes: this.#total }
  }

  async #look(): Promise<void> {
    const facts = await statfs(this.#folder)
    this.#free = facts.bavail * facts.bsize
    this.#total = facts.blocks * facts.bsize
  }
}
