import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Logger, syncFolder } from '@leadglass/sync-agent/foundation'
import type { LandedInstance } from './landed-instance.ts'
import type { LandingLog } from './landing/landing-log.ts'
import { writeAll } from './write-all.ts'

/** How a landed instance was registered. */
export interface Settlement {
  readonly instance: LandedInstance
  /** Head of its file. */
  readonly head: Buffer
  /** True when the content was registered before: a file that is there already stays. */
  readonly known: boolean
}

export interface SettlerOptions {
  readonly folder: string
  readonly log: Pick<LandingLog, 'load' | 'release' | 'fail'>
  readonly logger: Logger
  /** Told when the instance is in its own file. */
  readonly onSettled: (instance: LandedInstance) => void
}

const BATCH = 16
/** While instances come faster than this, files wait: the disk and the processor belong to the senders. */
const QUIET_MS = 100
/** Above this load of the log files are written although instances come. */
const BUSY_LOAD = 0.5
const RETRY_MS = 1000

/** Moves registered instances from the landing log to files of their own, when there is time or no more room. */
export class Settler {
  readonly #options: SettlerOptions
  #queue: Settlement[] = []
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  #stopped = false

  constructor(options: SettlerOptions) {
    this.#options = options
  }

  /** Takes one; returns at once. */
  add(settlement: Settlement): void {
    this.#queue.push(settlement)
    if (this.#running !== undefined) return
    if (this.#options.log.load > BUSY_LOAD) this.#start()
    else this.#later(QUIET_MS)
  }

  /** Settles all that is there. @throws what the file system throws. */
  async drain(): Promise<void> {
    while (this.#queue.length > 0 || this.#running !== undefined) await this.#once()
  }

  /** Settles what it can; what it cannot stays in the log for the next start. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.drain().catch(() => undefined)
  }

  #later(ms: number): void {
    clearTimeout(this.#timer)
    if (this.#stopped) return
    this.#timer = setTimeout(() => this.#start(), ms)
  }

  #start(): void {
    clearTimeout(this.#timer)
    if (this.#queue.length === 0) return
    void this.#once()
      .then(
        () => (this.#options.log.load > BUSY_LOAD ? 0 : 1),
        (cause: unknown) => {
          const code = (cause as { code?: unknown } | null)?.code
          this.#options.logger.error('intake.settle-failed', { code: typeof code === 'string' ? code : 'unknown' })
          this.#options.log.fail(cause)
          return RETRY_MS
        },
      )
      .then((wait) => {
        if (this.#queue.length > 0) this.#later(wait)
      })
  }

  /** The batch that runs, or the next: there is never more than one. */
  #once(): Promise<void> {
    this.#running ??= this.#batch().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  /** One batch: contents, then names, then the folders of the names; released only when all of that is durable. */
  async #batch(): Promise<void> {
    const batch = this.#queue.slice(0, BATCH)
    const folders = new Set<string>()
    for (const settlement of batch) folders.add(await this.#place(settlement))
    await Promise.all([...folders].map(syncFolder))
    this.#queue = this.#queue.slice(batch.length)
    for (const { instance } of batch) {
      this.#options.onSettled(instance)
      this.#options.log.release(instance.landed)
    }
  }

  async #place({ instance, head, known }: Settlement): Promise<string> {
    const { digest, file, landed } = instance
    const folder = join(this.#options.folder, digest.slice(0, 2))
    const incoming = join(this.#options.folder, 'incoming')
    const path = join(folder, `${digest}.dcm`)
    const part = join(incoming, file ?? `${digest}.settling`)
    if (known && (await exists(path))) {
      await rm(part, { force: true })
      return folder
    }
    // A batch that failed half way, or a start after a crash: the part may be at its place already.
    if (file !== null && !(await exists(part))) {
      // Neither here nor there: somebody took it away. Keeping its record in the log would not bring it back, and would
      // stop everything behind it; whoever reads it is told `spool-missing`.
      if (!(await exists(path))) this.#options.logger.error('intake.instance-vanished', { digest })
      return folder
    }
    const handle = await open(part, file === null ? 'w' : 'r+', 0o600)
    try {
      await writeAll(handle, [head, ...(file === null ? [landed.segment.read(landed)] : [])], 0)
      await handle.datasync()
    } finally {
      await handle.close()
    }
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await rename(part, path)
    return folder
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
