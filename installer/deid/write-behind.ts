import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { writeFileAtomically } from '@leadglass/sync-agent/foundation'

/** Waiting for the disk is most of the time, so some files are written while the next ones are cleaned. */
const MOST_WRITES = 16

/** Writes files in the background, a few at a time. Each is durable before `finish` returns. */
export class WriteBehind {
  readonly #pending: Promise<Error | undefined>[] = []
  readonly #folders = new Set<string>()

  /** Starts a write; waits when too many are under way. @throws what an earlier write threw. */
  async add(name: string, bytes: Uint8Array): Promise<void> {
    // A failure is kept as a value until someone looks, so that it is never an unhandled rejection.
    this.#pending.push(
      this.#write(name, bytes).then(
        () => undefined,
        (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
      ),
    )
    if (this.#pending.length >= MOST_WRITES) await this.#next()
  }

  /** Waits for all writes. @throws the first failure. */
  async finish(): Promise<void> {
    while (this.#pending.length > 0) await this.#next()
  }

  async #next(): Promise<void> {
    const failure = await this.#pending.shift()
    if (failure !== undefined) throw failure
  }

  async #write(name: string, bytes: Uint8Array): Promise<void> {
    const folder = dirname(name)
    if (!this.#folders.has(folder)) {
      await mkdir(folder, { recursive: true })
      this.#folders.add(folder)
    }
    await writeFileAtomically(name, bytes, 0o644)
  }
}
