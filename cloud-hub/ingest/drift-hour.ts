const HOUR_MS = 3_600_000

/** The hours from 1970 to the hour of a month, as the effect table has it. @param month such as `2026-02`. */
export function hoursSince1970(month: string, hour: number): number {
  return Date.parse(`${month}-01T00:00:00Z`) / HOUR_MS + hour
}

/** The hour of a month that an effect row names, as the envelope said it. */
export function hourOf(month: string, hours: number): number {
  return hours - hoursSince1970(month, 0)
}
