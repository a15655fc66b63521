/** Tells a person how far a run is, how fast, and how long it still takes. */
export class RateMeter {
  readonly #total: number | undefined
  readonly #now: () => number
  readonly #write: (line: string) => void
  readonly #started: number
  #lastPrinted: number
  #files = 0
  #bytes = 0

  /** @param total files of the run; `undefined` where nobody knows, as with archives. */
  constructor(
    total: number | undefined,
    now: () => number = Date.now,
    write: (line: string) => void = (line) => process.stderr.write(line),
  ) {
    this.#total = total
    this.#now = now
    this.#write = write
    this.#started = now()
    this.#lastPrinted = this.#started
  }

  /** One more file is done. Printed at most once a second, and at the end. */
  count(bytes: number): void {
    this.#files += 1
    this.#bytes += bytes
    if (this.#now() - this.#lastPrinted < 1000 && this.#files !== this.#total) return
    this.#lastPrinted = this.#now()
    this.#write(`${this.#line()}\n`)
  }

  #line(): string {
    const seconds = Math.max(0.001, (this.#now() - this.#started) / 1000)
    const rate = this.#files / seconds
    const of = this.#total === undefined ? '' : ` of ${this.#total}`
    const left = this.#total === undefined ? '' : `, ${durationOf((this.#total - this.#files) / rate)} left`
    const megabytes = this.#bytes / seconds / 1e6
    return `${this.#files}${of} files, ${rate.toFixed(0)} files/s, ${megabytes.toFixed(0)} MB/s${left}`
  }
}

/** 90 seconds and more in minutes, 90 minutes and more in hours. */
function durationOf(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`
  return seconds < 5400 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`
}
