import type { LakeCatalog } from './catalog.ts'
import type { LakeSource } from './source.ts'
import { KIND_OF_TABLE, LAKE_TABLE_NAMES, type LakeTable } from './tables.ts'

/** A table as it stands. */
export interface TableStatus {
  readonly table: LakeTable
  readonly rows: number
  readonly files: number
  readonly bytes: number
  readonly version: number
  readonly digest: string | null
  readonly readableFrom: number
  readonly sites: number
}

/** What a site sent of one kind, against what lies in the lake: `envelopes` is `rows` plus `erased`, or it is not balanced. */
export interface LakeAccount {
  readonly site: string
  readonly kind: string
  readonly table: LakeTable
  readonly envelopes: number
  readonly erased: number
  readonly rows: number
  readonly balanced: boolean
}

/** Where the lake is, and whether it holds all that it should. */
export interface LakeStatus {
  readonly envelope: number
  readonly movedAt: string | null
  readonly tables: readonly TableStatus[]
  readonly accounts: readonly LakeAccount[]
}

/** Reads the catalog only: no file is opened. */
export async function readStatus(catalog: LakeCatalog, source: LakeSource): Promise<LakeStatus> {
  const { envelope, movedAt } = catalog.cursor()
  const taken = await source.taken(envelope)
  const accounts: LakeAccount[] = []
  const tables: TableStatus[] = []
  for (const table of LAKE_TABLE_NAMES) {
    const files = catalog.files(table)
    const head = catalog.head(table)
    const bySite = Map.groupBy(files, (file) => file.site)
    tables.push({
      table,
      ...(head?.totals ?? { rows: 0, files: 0, bytes: 0 }),
      version: head?.number ?? 0,
      digest: head?.digest ?? null,
      readableFrom: catalog.readableFrom(table),
      sites: bySite.size,
    })
    const kind: string | undefined =
      table in KIND_OF_TABLE ? KIND_OF_TABLE[table as keyof typeof KIND_OF_TABLE] : undefined
    if (kind === undefined) continue
    const sent = new Map(taken.flatMap((one) => (one.kind === kind ? [[one.site, one] as const] : [])))
    for (const site of new Set([...sent.keys(), ...bySite.keys()])) {
      const { envelopes = 0, erased = 0 } = sent.get(site) ?? {}
      const rows = (bySite.get(site) ?? []).reduce((sum, file) => sum + file.rows, 0)
      accounts.push({ site, kind, table, envelopes, erased, rows, balanced: envelopes === rows + erased })
    }
  }
  return { envelope, movedAt, tables, accounts: accounts.sort((a, b) => (a.site < b.site ? -1 : 1)) }
}
