import {
  closeSync,
  fdatasync,
  fstatSync,
  linkSync,
  mkdirSync,
  openSync,
  readSync,
  unlinkSync,
  writevSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { syncFolder } from '@leadglass/sync-agent/foundation'

const datasync = promisify(fdatasync)

/** Files that become durable together. Waiting for the disk after each one would be most of the time. */
const FILES_PER_BATCH = 64
const BYTES_PER_BATCH = 256 * 2 ** 20
const COMPARED_BYTES = 1_048_576

/** What became of one file. */
export type WriteOutcome =
  | 'written'
  /** The same bytes are there already. */
  | 'same'
  /** Other bytes are there under that name; they stay. */
  | 'conflict'

/** A file that is written piece by piece, and gets its name when it is whole. */
export interface PendingFile {
  write(bytes: Uint8Array): void
  /** Gives it its name. @param mark handed to `onDurable` when the file is durable. */
  keep(mark: string | undefined): Promise<WriteOutcome>
  discard(): void
}

/**
 * Writes files so that each has its name only when it is whole, and makes them durable a batch at a time. After a power
 * cut what `onDurable` told of is there; of the files after that some may not be.
 */
export class BatchedWriter {
  readonly #onDurable: (marks: readonly string[]) => void
  readonly #folders = new Set<string>()
  #open: number[] = []
  #marks: string[] = []
  #touched = new Set<string>()
  #bytes = 0
  #syncing: Promise<Error | undefined> = Promise.resolve(undefined)
  #count = 0

  /** @param onDurable called after each batch with the marks of its files. */
  constructor(onDurable: (marks: readonly string[]) => void) {
    this.#onDurable = onDurable
  }

  /** Begins a file. @throws what the file system throws, here and in every call. */
  begin(name: string): PendingFile {
    const folder = dirname(name)
    if (!this.#folders.has(folder)) {
      mkdirSync(folder, { recursive: true })
      this.#folders.add(folder)
    }
    this.#count += 1
    const temporary = join(folder, `.${process.pid}-${process.hrtime.bigint()}-${this.#count}.part`)
    const descriptor = openSync(temporary, 'wx', 0o644)
    const drop = (): void => {
      closeSync(descriptor)
      unlinkSync(temporary)
    }
    return {
      write: (bytes) => {
        writeAll(descriptor, [bytes])
        this.#bytes += bytes.length
      },
      keep: async (mark) => {
        const outcome = named(temporary, name)
        if (outcome === 'written') {
          unlinkSync(temporary)
          this.#open.push(descriptor)
        } else {
          drop()
          // Another thread may have written it a moment ago: it counts as done only when it is durable, too.
          if (outcome === 'same') this.#open.push(openSync(name, 'r'))
        }
        this.#touched.add(folder)
        if (mark !== undefined && outcome !== 'conflict') this.#marks.push(mark)
        if (this.#open.length >= FILES_PER_BATCH || this.#bytes >= BYTES_PER_BATCH) await this.#startSync()
        return outcome
      },
      discard: drop,
    }
  }

  /** Writes a whole file from pieces. */
  async write(name: string, pieces: readonly Uint8Array[], mark: string | undefined): Promise<WriteOutcome> {
    const file = this.begin(name)
    for (const piece of pieces) file.write(piece)
    return file.keep(mark)
  }

  /** Everything is durable when this resolves. */
  async finish(): Promise<void> {
    await this.#startSync()
    await this.#settled()
  }

  /** Syncs what was written, while the next files are; two batches are never under way at once. */
  async #startSync(): Promise<void> {
    await this.#settled()
    const [open, marks, folders] = [this.#open, this.#marks, this.#touched]
    this.#open = []
    this.#marks = []
    this.#touched = new Set()
    this.#bytes = 0
    this.#syncing = this.#sync(open, folders).then(
      () => {
        if (marks.length > 0) this.#onDurable(marks)
        return undefined
      },
      // A failure is kept as a value until someone looks, so that it is never an unhandled rejection.
      (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
    )
  }

  async #settled(): Promise<void> {
    const failure = await this.#syncing
    this.#syncing = Promise.resolve(undefined)
    if (failure !== undefined) throw failure
  }

  async #sync(open: readonly number[], folders: ReadonlySet<string>): Promise<void> {
    try {
      await Promise.all(open.map((descriptor) => datasync(descriptor)))
      for (const folder of folders) await syncFolder(folder)
    } finally {
      for (const descriptor of open) closeSync(descriptor)
    }
  }
}

/** Gives a whole file its name; a name that is taken stays with whom it has. */
function named(temporary: string, name: string): WriteOutcome {
  try {
    linkSync(temporary, name)
    return 'written'
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return haveSameBytes(temporary, name) ? 'same' : 'conflict'
  }
}

function haveSameBytes(one: string, other: string): boolean {
  const descriptors = [openSync(one, 'r'), openSync(other, 'r')] as const
  try {
    if (fstatSync(descriptors[0]).size !== fstatSync(descriptors[1]).size) return false
    const pieces = [Buffer.allocUnsafe(COMPARED_BYTES), Buffer.allocUnsafe(COMPARED_BYTES)] as const
    for (;;) {
      const read = readSync(descriptors[0], pieces[0])
      if (readSync(descriptors[1], pieces[1]) !== read) return false
      if (read === 0) return true
      if (!pieces[0].subarray(0, read).equals(pieces[1].subarray(0, read))) return false
    }
  } finally {
    for (const descriptor of descriptors) closeSync(descriptor)
  }
}

function writeAll(descriptor: number, pieces: readonly Uint8Array[]): void {
  let waiting = pieces.filter(({ length }) => length > 0)
  while (waiting.length > 0) {
    let written = writevSync(descriptor, waiting)
    waiting = waiting.flatMap((piece) => {
      const taken = Math.min(written, piece.length)
      written -= taken
      return taken === piece.length ? [] : [piece.subarray(taken)]
    })
  }
}
