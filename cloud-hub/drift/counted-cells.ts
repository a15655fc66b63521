import type { ModelReference } from '@leadglass/sync-agent/contract'
import type Database from 'better-sqlite3'
import { type DriftWindow, hourWindow, monthBefore, monthWindow } from './windows.ts'

/** Months of counts without an hour that are kept in view. */
const MONTHS = 12
const HOURS_OF_MONTH = 28 * 24

/** By the hub's clock: the clock of one site must not put everybody else's months out of view. */
const NEWEST_MONTH = `SELECT substr(max(i.received_at), 1, 7) AS month FROM drift_counts d
  JOIN envelope_inbox i ON i.id = d.envelope`
/** Counts of one feature of one version at one site in one window, bin by bin. `slot` is null for counts without an hour. */
const READ_CELLS = `SELECT i.device, min(d.model_name) AS name, min(d.model_version) AS version, d.model_digest AS digest,
  d.feature, CASE WHEN d.hour IS NULL THEN d.month ELSE '' END AS whole,
  d.hour / CAST(@hours AS INTEGER) AS slot, max(d.month) AS month, c.bin, sum(c.count) AS count
  FROM drift_counts d JOIN envelope_inbox i ON i.id = d.envelope JOIN drift_cells c ON c.envelope = d.envelope
  WHERE d.month >= @monthsFrom AND (d.hour IS NULL OR d.month >= @hoursFrom)
  GROUP BY i.device, d.model_digest, d.feature, whole, slot, c.bin
  ORDER BY i.device, d.model_digest, d.feature, whole, slot, c.bin`

interface CellRow {
  readonly device: string
  readonly name: string
  readonly version: string
  readonly digest: string
  readonly feature: string
  readonly whole: string
  readonly slot: number | null
  readonly month: string
  readonly bin: number
  readonly count: number
}

/** What one site counted of one feature in one window. */
export interface CountedCells {
  readonly device: string
  readonly model: ModelReference
  readonly feature: string
  readonly window: DriftWindow
  /** The month in which the window ends; the last one of its counts. */
  readonly month: string
  readonly cells: ReadonlyMap<number, number>
}

/** Reads what sites counted in the newest windows, oldest first of each feature. */
export function readCounted(database: Database.Database, windowHours: number, windows: number): CountedCells[] {
  const newest = (database.prepare(NEWEST_MONTH).get() as { readonly month: string | null }).month
  if (newest === null) return []
  const bounds = {
    hours: windowHours,
    monthsFrom: monthBefore(newest, MONTHS),
    hoursFrom: monthBefore(newest, Math.ceil((windowHours * windows) / HOURS_OF_MONTH)),
  }
  const groups = new Map<string, CellRow[]>()
  for (const row of database.prepare(READ_CELLS).all(bounds) as CellRow[]) {
    const key = `${row.device}/${row.digest}/${row.feature}/${row.whole}/${row.slot ?? ''}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [row])
    else group.push(row)
  }
  const counted = [...groups.values()].flatMap((rows) => countedOf(rows, windowHours))
  return counted.sort((a, b) => a.window.from.localeCompare(b.window.from))
}

function countedOf(rows: readonly CellRow[], hours: number): CountedCells[] {
  const [first] = rows
  if (first === undefined) return []
  const { device, name, version, digest, feature, whole, slot, month } = first
  const window = slot === null ? monthWindow(whole) : hourWindow(slot, hours)
  const cells = new Map(rows.map(({ bin, count }) => [bin, count]))
  return [{ device, model: { name, version, digest }, feature, window, month, cells }]
}
