/** A file within an archive: its bytes, or why they are not taken. Its name is never used for anything. */
export type ArchiveEntry = { readonly bytes: Buffer } | { readonly refused: ArchiveRefusal }

/**
 * Why an entry is left out.
 * - `entry-too-large`: it would not fit into memory.
 * - `entry-unreadable`: damaged, encrypted, or compressed in a way that is not read.
 * - `archive-damaged`: the archive ends or breaks here; what comes after was not seen.
 * - `archive-bomb`: the archive gives out far more than went in; what comes after was not taken.
 */
export type ArchiveRefusal = 'entry-too-large' | 'entry-unreadable' | 'archive-damaged' | 'archive-bomb'

/** True when there are bytes. */
export function isTaken(entry: ArchiveEntry): entry is { readonly bytes: Buffer } {
  return 'bytes' in entry
}

/** Bounds of what an archive may give out. */
export interface ArchiveLimits {
  readonly entryBytes: number
  readonly entries: number
  /** Bytes that come out for each byte that went in, beyond `freeBytes`. Zeros compress a thousandfold. */
  readonly ratio: number
  readonly freeBytes: number
}

export const defaultArchiveLimits: ArchiveLimits = {
  entryBytes: 512 * 2 ** 20,
  entries: 5_000_000,
  ratio: 200,
  freeBytes: 2 ** 30,
}

/** Counts what came out of an archive against what it may give. */
export class ArchiveBudget {
  readonly #limits: ArchiveLimits
  readonly #most: number
  #entries = 0
  #bytes = 0

  /** @param archiveBytes of the archive itself. */
  constructor(limits: ArchiveLimits, archiveBytes: number) {
    this.#limits = limits
    this.#most = limits.freeBytes + archiveBytes * limits.ratio
  }

  /** Counts an entry of so many bytes. @returns false when it is too much, and the archive is to be left. */
  allows(bytes: number): boolean {
    this.#entries += 1
    this.#bytes += bytes
    return this.#entries <= this.#limits.entries && this.#bytes <= this.#most
  }
}
