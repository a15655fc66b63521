/** How far a repository is. Times in milliseconds since 1970. */
export interface FeedRow {
  /** The first entry of the log that it does not have for certain. */
  readonly next: number
  readonly takenAt: number | null
  /** It has taken nothing since; null while all is well. */
  readonly failingSince: number | null
  readonly failure: string | null
}

/** Where the places of the repositories in the log are kept: durable, each change whole or not at all. */
export interface FeedBook {
  /** Of a repository that is new: nothing sent yet. */
  read(name: string): FeedRow
  /** The repository has every entry before `next`; never goes back. */
  took(name: string, next: number, at: number): void
  /** It took nothing more. @param failure a code. */
  failed(name: string, failure: string, at: number): void
}
