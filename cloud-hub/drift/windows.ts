const HOUR_MS = 3_600_000

/** A span of time in which counts left their site, as ISO instants; the end is not in it. */
export interface DriftWindow {
  readonly from: string
  readonly to: string
}

/** The window of hours with an index, counted from 1970 in UTC. */
export function hourWindow(index: number, hours: number): DriftWindow {
  return { from: instant(index * hours * HOUR_MS), to: instant((index + 1) * hours * HOUR_MS) }
}

/** The window of a month, for counts of boxes that do not say the hour. */
export function monthWindow(month: string): DriftWindow {
  const [year = 1970, number = 1] = month.split('-').map(Number)
  return { from: instant(Date.UTC(year, number - 1)), to: instant(Date.UTC(year, number)) }
}

/** The month that lies `months` before, as `2026-02`. */
export function monthBefore(month: string, months: number): string {
  const [year = 1970, number = 1] = month.split('-').map(Number)
  return instant(Date.UTC(year, number - 1 - months)).slice(0, 7)
}

function instant(at: number): string {
  return new Date(at).toISOString()
}
