import type { LogFile } from '../landing/log-file.ts'

const SECTOR_BYTES = 512

interface FileState {
  /** What a power cut leaves for sure. */
  durable: Buffer
  /** What the running system sees. */
  seen: Buffer
  /** Written and not synced: a power cut keeps any sectors of it. */
  waiting: { at: number; bytes: Buffer }[]
}

/** The power is gone: nothing more happens on this disk. */
export class PowerCut extends Error {}

/**
 * A disk of log files whose power can be cut before any operation. Synced bytes stay; of unsynced ones each sector stays
 * or does not, as `keeps` says.
 */
export class CutDisk {
  readonly #files: Map<number, FileState>
  #operationsLeft: number

  /** @param operations how many writes and syncs happen before the power goes. */
  constructor(operations = Number.POSITIVE_INFINITY, files = new Map<number, FileState>()) {
    this.#files = files
    this.#operationsLeft = operations
  }

  get isCut(): boolean {
    return this.#operationsLeft < 0
  }

  readonly existing = async (): Promise<number[]> => [...this.#files.keys()].sort((a, b) => a - b)

  readonly open = async (number: number): Promise<LogFile> => {
    const state = this.#files.get(number) ?? { durable: Buffer.alloc(0), seen: Buffer.alloc(0), waiting: [] }
    this.#files.set(number, state)
    const sync = (): void => {
      this.#operate()
      for (const { at, bytes } of state.waiting) state.durable = written(state.durable, at, bytes)
      state.waiting = []
    }
    const write = (at: number, bytes: Buffer): void => {
      state.waiting.push({ at, bytes })
      state.seen = written(state.seen, at, bytes)
    }
    return {
      get size() {
        return state.seen.length
      },
      read: (at, bytes) => Buffer.from(state.seen.subarray(at, at + bytes)),
      write: (buffers, at) => {
        write(at, Buffer.concat(buffers))
        this.#operate()
      },
      fill: async (at, bytes) => {
        write(at, Buffer.alloc(bytes))
        sync()
      },
      // As on a real disk, others run while one waits for it.
      sync: async () => {
        await new Promise((resolve) => setImmediate(resolve))
        sync()
      },
      syncNow: sync,
      close: () => undefined,
    }
  }

  /** The disk after the power came back. @param keeps whether the next unsynced sector reached the disk. */
  afterCut(keeps: () => boolean): CutDisk {
    const files = new Map<number, FileState>()
    for (const [number, { durable, waiting }] of this.#files) {
      let left = durable
      for (const { at, bytes } of waiting) {
        for (let from = 0; from < bytes.length; ) {
          const to = Math.min(bytes.length, from + SECTOR_BYTES - ((at + from) % SECTOR_BYTES))
          if (keeps()) left = written(left, at + from, bytes.subarray(from, to))
          from = to
        }
      }
      files.set(number, { durable: left, seen: Buffer.from(left), waiting: [] })
    }
    return new CutDisk(Number.POSITIVE_INFINITY, files)
  }

  #operate(): void {
    this.#operationsLeft -= 1
    if (this.#operationsLeft < 0) throw new PowerCut()
  }
}

function written(into: Buffer, at: number, bytes: Buffer): Buffer {
  const result = Buffer.alloc(Math.max(into.length, at + bytes.length))
  into.copy(result)
  bytes.copy(result, at)
  return result
}
