/**
 * Dates and times of PS3.5 6.2, moved by whole days (PS3.15 E.3.6). Times of day and UTC offsets stay, so the
 * relation of date and time holds across midnight.
 */

const DATE = /^(\d{4})(\d{2})(\d{2})$/
/** ACR-NEMA 2.0 wrote dots; PS3.5 6.2 note asks readers to accept that. */
const DOTTED_DATE = /^(\d{4})\.(\d{2})\.(\d{2})$/
const DATE_TIME = /^(\d{4})(\d{2})?(\d{2})?((?:\d{2}){0,3}(?:\.\d{1,6})?)([+-]\d{4})?$/
const TIME = /^(?:[01]\d|2[0-3])(?::?[0-5]\d(?::?(?:[0-5]\d|60)(?:\.\d{1,6})?)?)?$/
const MILLISECONDS_PER_DAY = 86_400_000

/** A DA value moved by whole days, or `undefined` when it is no date. */
export function shiftDate(value: string, days: number): string | undefined {
  const parts = DATE.exec(value) ?? DOTTED_DATE.exec(value)
  if (parts === null) return undefined
  const moved = moveDay(Number(parts[1]), Number(parts[2]), Number(parts[3]), days)
  return moved === undefined ? undefined : `${moved.year}${moved.month}${moved.day}`
}

/** A DT value moved by whole days, with the precision that it had, or `undefined` when it is no date and time. */
export function shiftDateTime(value: string, days: number): string | undefined {
  const parts = DATE_TIME.exec(value)
  if (parts === null) return undefined
  const [, year, month, day, time = '', zone = ''] = parts
  if (time !== '' && (day === undefined || !isTime(time))) return undefined
  const moved = moveDay(Number(year), Number(month ?? '01'), Number(day ?? '01'), days)
  if (moved === undefined) return undefined
  const date = `${moved.year}${month === undefined ? '' : moved.month}${day === undefined ? '' : moved.day}`
  return `${date}${time}${zone}`
}

/** True for a DA value that is a day of the calendar. */
export function isDate(value: string): boolean {
  return shiftDate(value, 0) !== undefined
}

/** True for a DT value. */
export function isDateTime(value: string): boolean {
  return shiftDateTime(value, 0) !== undefined
}

/** True for a TM value (with the colons of ACR-NEMA 2.0 too). */
export function isTime(value: string): boolean {
  return TIME.test(value)
}

function moveDay(
  year: number,
  month: number,
  day: number,
  days: number,
): { year: string; month: string; day: string } | undefined {
  // Years before the Gregorian calendar are no acquisition dates but damaged values.
  if (year < 1583 || month < 1 || month > 12 || day < 1) return undefined
  const date = new Date(Date.UTC(year, month - 1, day))
  if (date.getUTCMonth() !== month - 1) return undefined
  const [text = ''] = new Date(date.getTime() + days * MILLISECONDS_PER_DAY).toISOString().split('T')
  const [movedYear, movedMonth, movedDay] = text.split('-')
  if (movedYear?.length !== 4 || movedMonth === undefined || movedDay === undefined) return undefined
  return { year: movedYear, month: movedMonth, day: movedDay }
}
