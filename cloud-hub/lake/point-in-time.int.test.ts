import { expect, it } from 'vitest'
import { rowsOf } from './duckdb.ts'
import { POINT_IN_TIME } from './point-in-time.ts'
import { instantOf, type TestEnvelope } from './testing/memory-source.ts'
import { withTables } from './testing/tables.ts'

const ENVELOPES: readonly TestEnvelope[] = [
  { kind: 'features', study: 'a', minute: 0, score: 0.9 },
  { kind: 'label', study: 'a', value: 'present', minute: 10 },
  { kind: 'label', study: 'a', value: 'absent', minute: 20 },
  { kind: 'features', study: 'a', revision: 2, minute: 15, score: 0.4 },
  { kind: 'features', study: 'b', minute: 12, score: 0.1 },
  { kind: 'label', study: 'b', value: 'present', finding: 'effusion', minute: 13 },
  { kind: 'features', study: 'a', site: 'box-02', minute: 1, score: 0.2 },
]

const ask = (sql: string): Promise<object[]> =>
  withTables(ENVELOPES, async (connection) => {
    for (const macro of POINT_IN_TIME) await connection.run(macro)
    return rowsOf<object>(connection, sql)
  })

it('knows at an instant what was known then, and no correction that came later', async () => {
  const known = (minute: number) =>
    ask(`SELECT site, study, revision, label FROM known_at('${instantOf(minute)}', 'pneumonia') ORDER BY site, study`)
  const other = { site: 'box-02', study: 'a', revision: 1, label: null }
  expect(await known(5)).toEqual([{ site: 'box-01', study: 'a', revision: 1, label: null }, other])
  expect(await known(10)).toEqual([{ site: 'box-01', study: 'a', revision: 1, label: 'present' }, other])
  const later = [
    { site: 'box-01', study: 'a', revision: 2, label: 'absent' },
    { site: 'box-01', study: 'b', revision: 1, label: null },
    other,
  ]
  expect(await known(20)).toEqual(later)
})

it('gives each score the label that was known when it was taken', async () => {
  const found = await ask(
    "SELECT site, study, round(score, 3) AS score, label FROM label_at_score('pneumonia') ORDER BY envelope",
  )
  expect(found).toEqual([
    { site: 'box-01', study: 'a', score: 0.9, label: null },
    { site: 'box-01', study: 'a', score: 0.4, label: 'present' },
    { site: 'box-01', study: 'b', score: 0.1, label: null },
    { site: 'box-02', study: 'a', score: 0.2, label: null },
  ])
})
