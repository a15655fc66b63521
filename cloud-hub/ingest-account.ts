import type { HubConfiguration } from './configuration.ts'
import { type DamagedEffect, type EpochRoot, epochRoots } from './ingest/index.ts'
import { POSTGRES_MIGRATIONS, postgresEpochRoots } from './ingest/postgres/index.ts'
import { openHubDatabase, openPostgres } from './storage/index.ts'

const ENVELOPES = 'SELECT count(*) AS n FROM envelope_inbox'
const COUNTED = 'SELECT kind, count(*) AS n FROM envelope_inbox GROUP BY kind ORDER BY kind'
/** Envelopes that were committed before one of a lower number in their stream. */
const OUT_OF_ORDER = `SELECT count(*) AS n FROM (SELECT id, lag(id) OVER (PARTITION BY device, epoch, stream
  ORDER BY sequence) AS before FROM envelope_inbox) numbered WHERE id < before`
/** Places without an envelope below the watermark of their stream, or envelopes above it. */
const MISPLACED = `SELECT count(*) AS n FROM stream_watermark w WHERE sequence <> (SELECT count(*) FROM envelope_inbox i
  WHERE i.device = w.device AND i.epoch = w.epoch AND i.stream = w.stream)`

/** What stands in the tables of ingest. */
export interface IngestAccount {
  readonly envelopes: number
  readonly byKind: Readonly<Record<string, number>>
  readonly outOfOrder: number
  readonly misplaced: number
  /** Roots recomputed from the effects; left out unless asked for, since every effect is read. */
  readonly roots: readonly EpochRoot[]
  readonly damaged: readonly DamagedEffect[]
}

/** Counts what a hub that does not run has committed, in whichever database it stands. */
export async function accountForIngest(request: {
  readonly folder: string
  readonly database: HubConfiguration['database']
  readonly withRoots: boolean
}): Promise<IngestAccount> {
  const { folder, database: where, withRoots } = request
  const none = { roots: [], damaged: [] }
  if (where.kind === 'postgres-inbox') {
    const pool = await openPostgres(where.url, POSTGRES_MIGRATIONS, () => undefined)
    try {
      const query = async (sql: string): Promise<Row[]> => (await pool.query<Row>(sql)).rows
      return { ...(await count(query)), ...(withRoots ? await postgresEpochRoots(pool) : none) }
    } finally {
      await pool.end()
    }
  }
  const database = openHubDatabase(folder)
  try {
    const query = async (sql: string): Promise<Row[]> => database.prepare(sql).all() as Row[]
    return { ...(await count(query)), ...(withRoots ? epochRoots(database) : none) }
  } finally {
    database.close()
  }
}

type Row = Readonly<{ n: number; kind?: string }>

async function count(query: (sql: string) => Promise<Row[]>) {
  const one = async (sql: string): Promise<number> => (await query(sql))[0]?.n ?? 0
  const kinds = await query(COUNTED)
  return {
    envelopes: await one(ENVELOPES),
    byKind: Object.fromEntries(kinds.map(({ kind, n }) => [kind ?? '', n])),
    outOfOrder: await one(OUT_OF_ORDER),
    misplaced: await one(MISPLACED),
  }
}
