/** What the translation has to know of the schema on the server. */
export interface Catalog {
  /** Column that the server numbers, by table: SQLite's INTEGER PRIMARY KEY. */
  readonly identities: ReadonlyMap<string, string>
  /** Names of columns that are NOT NULL in every table that has them: their order needs no word about nulls. */
  readonly notNull: ReadonlySet<string>
}

export const EMPTY_CATALOG: Catalog = { identities: new Map(), notNull: new Set() }
