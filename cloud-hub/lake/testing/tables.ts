import { type DuckDBConnection, VARCHAR } from '@duckdb/node-api'
import { appendRows, createTable, withDuckDb } from '../duckdb.ts'
import { LAKE_TABLE_NAMES, LAKE_TABLES } from '../tables.ts'
import { MemorySource, type TestEnvelope } from './memory-source.ts'

/** Runs `act` over envelopes in tables in memory, named as the views over the lake's files are. */
export async function withTables<T>(
  envelopes: readonly TestEnvelope[],
  act: (connection: DuckDBConnection) => Promise<T>,
): Promise<T> {
  const { rows } = await new MemorySource(envelopes).read(0, envelopes.length)
  return withDuckDb(async (connection) => {
    for (const table of LAKE_TABLE_NAMES) {
      const found = rows.get(table) ?? []
      const columns = [{ name: 'site', type: VARCHAR }, ...LAKE_TABLES[table]]
      await connection.run(createTable(table, columns))
      await appendRows(
        connection,
        table,
        columns,
        found.map(({ site, cells }) => [site, ...cells]),
      )
    }
    return act(connection)
  })
}
