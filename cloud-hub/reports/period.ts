import { ReportError } from './errors.ts'

const DAY_SECONDS = 86_400
const LONGEST_DAYS = 3_660

/** The time that a report is about, POSIX seconds, both inclusive. */
export interface Period {
  readonly from: number
  readonly until: number
}

/** Reads `30d`, `12w` or `1y` (365 days) as the time before `nowMs`. @throws {ReportError} `period-invalid` */
export function parsePeriod(text: string, nowMs: number): Period {
  const match = /^([1-9]\d{0,3})([dwy])$/.exec(text)
  const days = Number(match?.[1]) * ({ d: 1, w: 7, y: 365 }[match?.[2] ?? ''] ?? Number.NaN)
  if (!(days <= LONGEST_DAYS)) {
    throw new ReportError('period-invalid', `a period is 1d to ${LONGEST_DAYS}d, or in weeks (12w) or years (1y)`)
  }
  const until = Math.floor(nowMs / 1000)
  return { from: until - days * DAY_SECONDS, until }
}
