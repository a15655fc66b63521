import { type DuckDBConnection, DuckDBInstance, FLOAT, LIST } from '@duckdb/node-api'
import { z } from 'zod'
import type { SnapshotRow } from './selection.ts'

const CREATE = `CREATE TABLE row (site VARCHAR, month VARCHAR, study VARCHAR, patient VARCHAR, revision INTEGER,
  instance INTEGER, view VARCHAR, sex VARCHAR, age_decade INTEGER, label TINYINT, embedding FLOAT[])`

const text = z.string()
const whole = z.number().int()
/** One row of the query in `readParquet`. */
const storedRow = z.tuple([
  text,
  text,
  text,
  whole,
  text,
  text,
  z.union([z.literal(0), z.literal(1)]),
  z.array(z.number()),
])

/** A row as it is read back. */
export interface StoredRow {
  readonly site: string
  readonly study: string
  readonly patient: string
  readonly instance: number
  readonly view: string
  readonly sex: string
  readonly label: 0 | 1
  readonly embedding: Float32Array
}

/** Writes rows as zstd Parquet under `folder`, one file a site and month: `site=<site>/month=<month>/*.parquet`. */
export async function writeParquet(folder: string, rows: readonly SnapshotRow[]): Promise<void> {
  await withDuckDb(async (connection) => {
    await connection.run(CREATE)
    const appender = await connection.createAppender('row')
    for (const row of rows) {
      appender.appendVarchar(row.site)
      appender.appendVarchar(row.month)
      appender.appendVarchar(row.study)
      appender.appendVarchar(row.patient)
      appender.appendInteger(row.revision)
      appender.appendInteger(row.instance)
      appender.appendVarchar(row.view)
      appender.appendVarchar(row.sex)
      if (row.ageDecade === null) appender.appendNull()
      else appender.appendInteger(row.ageDecade)
      appender.appendTinyInt(row.label)
      appender.appendList([...floats(row.embedding)], LIST(FLOAT))
      appender.endRow()
    }
    appender.closeSync()
    await connection.run(`COPY (SELECT * FROM row ORDER BY site, month, study, instance) TO ${literal(folder)}
      (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (site, month), FILENAME_PATTERN 'part-{i}')`)
  })
}

/** Reads all rows under `folder`, by site, study, instance. */
export async function readParquet(folder: string): Promise<StoredRow[]> {
  return withDuckDb(async (connection) => {
    const reader = await connection.runAndReadAll(`SELECT site, study, patient, instance, view, sex, label, embedding
      FROM read_parquet(${literal(`${folder}/**/*.parquet`)}, hive_partitioning = true, hive_types_autocast = false)
      ORDER BY site, study, instance`)
    return reader.getRowsJS().map((row) => {
      const [site, study, patient, instance, view, sex, label, embedding] = storedRow.parse(row)
      return {
        site,
        study,
        patient,
        instance,
        view,
        sex,
        label,
        embedding: Float32Array.from(embedding),
      }
    })
  })
}

async function withDuckDb<T>(act: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
  // One thread: the order of rows in a file, and with it the file's digest, is then the same each time.
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
  try {
    const connection = await instance.connect()
    try {
      return await act(connection)
    } finally {
      connection.closeSync()
    }
  } finally {
    instance.closeSync()
  }
}

function floats(bytes: Uint8Array): Float32Array {
  const values = new Float32Array(bytes.length / 4)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let i = 0; i < values.length; i++) values[i] = view.getFloat32(i * 4, true)
  return values
}

function literal(path: string): string {
  return `'${path.replaceAll("'", "''")}'`
}
