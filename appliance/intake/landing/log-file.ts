import { closeSync, fdatasync, fdatasyncSync, fstatSync, openSync, readSync, write, writevSync } from 'node:fs'

/** One file of the landing log, as far as the log needs it. A narrow port, so that tests can cut the power. */
export interface LogFile {
  /** Bytes that the file has. */
  readonly size: number
  /** Reads up to so many bytes; fewer at the end of the file. */
  read(at: number, bytes: number): Buffer
  /** Writes all of it. Not durable yet. @throws what the file system throws. */
  write(buffers: readonly Uint8Array[], at: number): void
  /** Fills with zeros, durably, without holding anybody up. */
  fill(at: number, bytes: number): Promise<void>
  /** Makes everything written durable (fdatasync). */
  sync(): Promise<void>
  /** The same, and nothing else happens meanwhile: cheaper, and right only while nobody else has work. */
  syncNow(): void
  close(): void
}

const FILL_BYTES = 1_048_576
/** A fill is synced in pieces, so that no other sync has to wait for all of it. */
const FILL_SYNC_BYTES = 8_388_608
/** IOV_MAX of Linux: more pieces are not written by one call. */
const MOST_PIECES = 1024

/** A file of the log on disk; made when it is not there. */
export function openLogFile(path: string): LogFile {
  const fd = openSync(path, 'a+', 0o600)
  closeSync(fd)
  return new DiskLogFile(openSync(path, 'r+'))
}

class DiskLogFile implements LogFile {
  readonly #fd: number

  constructor(fd: number) {
    this.#fd = fd
  }

  get size(): number {
    return fstatSync(this.#fd).size
  }

  read(at: number, bytes: number): Buffer {
    const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(bytes, this.size - at)))
    let filled = 0
    while (filled < buffer.length) {
      const count = readSync(this.#fd, buffer, filled, buffer.length - filled, at + filled)
      if (count === 0) break
      filled += count
    }
    return buffer.subarray(0, filled)
  }

  write(buffers: readonly Uint8Array[], at: number): void {
    let position = at
    for (let from = 0; from < buffers.length; from += MOST_PIECES) {
      let waiting = buffers.slice(from, from + MOST_PIECES)
      while (waiting.length > 0) {
        const written = writevSync(this.#fd, waiting, position)
        position += written
        waiting = after(waiting, written)
      }
    }
  }

  async fill(at: number, bytes: number): Promise<void> {
    const zeros = Buffer.alloc(Math.min(FILL_BYTES, bytes))
    for (let done = 0; done < bytes; done += zeros.length) {
      const length = Math.min(zeros.length, bytes - done)
      await new Promise<void>((resolve, reject) => {
        write(this.#fd, zeros, 0, length, at + done, (error) => (error === null ? resolve() : reject(error)))
      })
      if ((done + length) % FILL_SYNC_BYTES === 0) await this.sync()
    }
    await this.sync()
  }

  sync(): Promise<void> {
    return new Promise((resolve, reject) => {
      fdatasync(this.#fd, (error) => (error === null ? resolve() : reject(error)))
    })
  }

  syncNow(): void {
    fdatasyncSync(this.#fd)
  }

  close(): void {
    closeSync(this.#fd)
  }
}

/** What is left of buffers after so many bytes were written: writev may write less than it was given. */
function after(buffers: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let rest = bytes
  return buffers.flatMap((buffer) => {
    const taken = Math.min(rest, buffer.length)
    rest -= taken
    return taken === buffer.length ? [] : [buffer.subarray(taken)]
  })
}
