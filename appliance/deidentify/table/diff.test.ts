import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { sharedData } from '../../../installer/testing/peers.ts'
import { OPTION_COLUMNS } from './columns.ts'
import { diffProfileTable } from './diff.ts'
import { TABLE_ROWS } from './index.ts'

interface Row {
  readonly id: string
  readonly name: string
  readonly basicProfile: string
  readonly [column: string]: string
}

/** The pinned table in the form in which editions are published. */
function published(): Row[] {
  const columnOf = new Map(OPTION_COLUMNS.map(([column, code]) => [code, column]))
  return TABLE_ROWS.map(({ id, name, rule }) => {
    const [basicProfile = '', ...options] = rule.split(' ')
    const row: Record<string, string> & Row = { id, name, basicProfile }
    for (const one of options) row[columnOf.get(one.slice(0, 6)) ?? ''] = one.slice(6)
    return row
  })
}

test('the pinned edition does not differ from itself', () => {
  expect(TABLE_ROWS).toHaveLength(621)
  expect(diffProfileTable(published())).toEqual({ rows: 621, added: [], removed: [], changed: [] })
})

test('rows that came, went and changed are named with what they say', () => {
  const [first, second, ...others] = published()
  const newer = [
    { ...first, basicProfile: 'X', cleanDescOpt: 'C' },
    { ...others[0], name: 'Renamed' },
    { id: '0018FE7E', name: 'Attribute of a Later Edition', basicProfile: 'D', rtnUIDsOpt: 'K' },
    ...others.slice(1),
  ]
  expect(diffProfileTable(newer)).toEqual({
    rows: 621,
    added: [{ id: '0018fe7e', name: 'Attribute of a Later Edition', rule: 'D 113110K' }],
    removed: [{ id: second?.id, name: second?.name, rule: 'X 113105C' }],
    changed: [{ id: first?.id, name: first?.name, from: 'Z', to: 'X 113105C' }],
  })
})

test('what is no table is refused', () => {
  expect(() => diffProfileTable([])).toThrow()
  expect(() => diffProfileTable({ rows: [] })).toThrow()
  expect(() => diffProfileTable([{ id: '00080050' }])).toThrow()
})

const file = sharedData('ps315/confidentiality_profile_attributes.json')
test.skipIf(file === undefined)(
  'the published table is the pinned one (skipped where ../shared/data is missing)',
  () => {
    const { added, removed, changed } = diffProfileTable(JSON.parse(readFileSync(file ?? '', 'utf8')))
    expect([added, removed, changed]).toEqual([[], [], []])
  },
)
