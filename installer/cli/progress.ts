/** Tells a person how far long work is. Goes to standard error, so that standard output stays data. */
export interface Progress {
  /** A step begins. */
  step(title: string): void
  /** Within the step: how many of how many. Printed at most once a second. */
  count(done: number, total: number): void
}

/** Lines on standard error, each with the seconds since the start. */
export function createProgress(
  now: () => number = Date.now,
  write = (line: string) => process.stderr.write(line),
): Progress {
  const started = now()
  let current = ''
  let lastPrinted = 0
  const stamp = (): string => `[${((now() - started) / 1000).toFixed(0).padStart(4)} s]`
  return {
    step(title) {
      current = title
      lastPrinted = now()
      write(`${stamp()} ${title}\n`)
    },
    count(done, total) {
      if (now() - lastPrinted < 1000 && done !== total) return
      lastPrinted = now()
      write(`${stamp()}   ${current}: ${done} of ${total}\n`)
    },
  }
}

/** Says nothing; for `--json --quiet` and for tests. */
export const silentProgress: Progress = { step() {}, count() {} }
