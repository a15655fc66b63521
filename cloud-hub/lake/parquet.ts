import { z } from 'zod'
import { literal, withDuckDb } from './duckdb.ts'

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
  whole.nullable(),
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
  /** 0 is 0-9 years, 9 is 90 and above. */
  readonly ageDecade: number | null
  readonly label: 0 | 1
  readonly embedding: Float32Array
}

/** Reads all rows under `folder`, by site, study, instance. */
export async function readParquet(folder: string): Promise<StoredRow[]> {
  return withDuckDb(async (connection) => {
    const reader =
      await connection.runAndReadAll(`SELECT site, study, patient, instance, view, sex, age_decade, label, embedding
      FROM read_parquet(${literal(`${folder}/**/*.parquet`)}, hive_partitioning = true, hive_types_autocast = false)
      ORDER BY site, study, instance`)
    return reader.getRowsJS().map((row) => {
      const [site, study, patient, instance, view, sex, ageDecade, label, embedding] = storedRow.parse(row)
      return {
        site,
        study,
        patient,
        instance,
        view,
        sex,
        ageDecade,
        label,
        embedding: Float32Array.from(embedding),
      }
    })
  })
}
