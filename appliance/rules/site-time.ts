import { z } from 'zod'

export const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const

/** `HH:MM`, 24 hours. */
export const timeOfDay = z.string().regex(/^(?:[01][0-9]|2[0-3]):[0-5][0-9]$/)

/** A window that comes every day, or on some weekdays. One whose end is not after its beginning runs over midnight. */
export const timeWindow = z.strictObject({
  /** The weekdays on which the window begins; all when absent. */
  days: z.array(z.enum(WEEKDAYS)).min(1).optional(),
  from: timeOfDay,
  /** Not part of the window. */
  to: timeOfDay,
})
export type TimeWindow = z.infer<typeof timeWindow>

/** A name of the IANA time zone database that this machine knows. */
export const timeZone = z
  .string()
  .max(64)
  .refine(isTimeZone, { message: 'is no time zone of the IANA database, such as Europe/Berlin' })

/** Day and minute by the clock on the wall. */
interface WallTime {
  readonly weekday: number
  readonly minute: number
  /** Days since 1970-01-01 of the local date. */
  readonly day: number
}

const DAY_MS = 86_400_000
const formats = new Map<string, Intl.DateTimeFormat>()

/** The local weekday, minute of the day and date of an instant. */
export function wallTimeOf(at: number, zone: string): WallTime {
  const parts = new Map(
    formatOf(zone)
      .formatToParts(at)
      .map((part) => [part.type, Number(part.value)]),
  )
  const figure = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0
  const date = Date.UTC(figure('year'), figure('month') - 1, figure('day'))
  const day = Math.floor(date / DAY_MS)
  return { weekday: new Date(date).getUTCDay(), minute: figure('hour') * 60 + figure('minute'), day }
}

/** True when an instant lies in the window. A window of no length lasts the whole day. */
export function isInWindow(window: TimeWindow, at: number, zone: string): boolean {
  const { weekday, minute } = wallTimeOf(at, zone)
  const [from, to] = [minutesOf(window.from), minutesOf(window.to)]
  const begins = (day: number): boolean => window.days?.includes(WEEKDAYS[(day + 7) % 7] ?? 'sun') ?? true
  if (from < to) return begins(weekday) && minute >= from && minute < to
  // Over midnight: the evening belongs to today's window, the morning to yesterday's.
  return (minute >= from && begins(weekday)) || (minute < to && begins(weekday - 1))
}

/** Minutes since midnight of `HH:MM`. */
export function minutesOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5))
}

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone)
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    })
    formats.set(zone, format)
  }
  return format
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}
