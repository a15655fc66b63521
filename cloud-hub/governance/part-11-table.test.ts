import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const TABLE = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'part-11.md'), 'utf8')
const TESTS = readFileSync(join(import.meta.dirname, 'part-11.int.test.ts'), 'utf8')

/** Every clause that the product answers for. */
const CLAUSES = [
  '11.50(a)',
  '11.50(b)',
  '11.70',
  '11.100(a)',
  '11.100(b)',
  '11.200(a)(1)',
  '11.200(a)(1)(i)',
  '11.200(a)(1)(ii)',
  '11.200(a)(2)',
  '11.200(a)(3)',
  '11.300(a)',
  '11.300(b)',
  '11.300(c)',
  '11.300(d)',
  '11.300(e)',
]

describe('docs/part-11.md', () => {
  const rows = [...TABLE.matchAll(/^\| (11\.\S+) \|.*\| `([^`]+)` \|$/gm)].map(([, clause, test]) => ({ clause, test }))

  it('has a line for every clause', () => {
    expect([...new Set(rows.map((row) => row.clause))].sort()).toEqual([...CLAUSES].sort())
  })

  it.each(rows)('$clause: the test named exists and begins with its clause', ({ clause, test }) => {
    expect(test?.startsWith(clause ?? '')).toBe(true)
    expect(TESTS).toContain(`it('${test}'`)
  })

  it('names every test of a clause that there is', () => {
    const named = [...TESTS.matchAll(/it\('(11\.[^']+)'/g)].map(([, name]) => name)
    expect(named.filter((name) => !rows.some((row) => row.test === name))).toEqual([])
  })
})
