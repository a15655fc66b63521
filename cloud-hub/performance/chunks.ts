/** How studies are put into chunks: so many at a time, or by the week or month (UTC) in which the hub got them. */
export const CHUNKINGS = ['count', 'week', 'month'] as const
export type Chunking = (typeof CHUNKINGS)[number]

const DAY_MS = 86_400_000
/** 1 January 1970 was a Thursday; weeks begin on Monday (ISO 8601). */
const MONDAY_OFFSET_DAYS = 3

/** Cases that are judged together. `key` names them: a first and last place, the Monday of a week, or a month. */
export interface ChunkOf<Case> {
  readonly key: string
  readonly cases: readonly Case[]
}

/** Parts of `size` in the given order; what is left at the end is a shorter part of its own. */
export function chunksByCount<Case>(cases: readonly Case[], size: number): ChunkOf<Case>[] {
  const chunks: ChunkOf<Case>[] = []
  for (let from = 0; from < cases.length; from += size) {
    const part = cases.slice(from, from + size)
    chunks.push({ key: `${from + 1}-${from + part.length}`, cases: part })
  }
  return chunks
}

/** Parts by calendar week or month, in the order of time; a period in which nothing came has no part. */
export function chunksByPeriod<Case>(
  cases: readonly Case[],
  period: Exclude<Chunking, 'count'>,
  timeOf: (one: Case) => string,
): ChunkOf<Case>[] {
  const parts = new Map<string, Case[]>()
  for (const one of cases) {
    const key = period === 'month' ? timeOf(one).slice(0, 7) : mondayOf(timeOf(one))
    const part = parts.get(key)
    if (part === undefined) parts.set(key, [one])
    else part.push(one)
  }
  return [...parts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, part]) => ({ key, cases: part }))
}

function mondayOf(instant: string): string {
  const day = Math.floor(Date.parse(instant) / DAY_MS)
  const monday = day - ((day + MONDAY_OFFSET_DAYS) % 7)
  return new Date(monday * DAY_MS).toISOString().slice(0, 10)
}
