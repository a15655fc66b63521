import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Field, page, parseFilter, parseOrder } from './filter.ts'

interface Row {
  readonly name: string
  readonly auc?: number
}

const value = (row: Row, { of, key }: Field): string | number | undefined =>
  of === 'metrics' && key === 'auc' ? row.auc : key === 'name' ? row.name : undefined
const chosen = (filter: string, rows: readonly Row[]): string[] =>
  rows.filter(parseFilter(filter, value)).map((row) => row.name)
const ROWS: readonly Row[] = [{ name: 'alpha', auc: 0.9 }, { name: 'beta', auc: 0.7 }, { name: 'gamma' }]

describe('a filter', () => {
  it.each([
    ['', ['alpha', 'beta', 'gamma']],
    ["name = 'beta'", ['beta']],
    ["name != 'beta' AND metrics.auc > 0.8", ['alpha']],
    ['metrics.`auc` <= 0.9', ['alpha', 'beta']],
    ["name LIKE '%a%a'", ['alpha', 'gamma']],
    ["name ILIKE 'B_TA'", ['beta']],
    ["metrics.auc = '0.9'", []],
    ['name = "gamma"', ['gamma']],
    ["tags.`mlflow.prompt.is_prompt` != 'true'", ['alpha', 'beta', 'gamma']],
    ["tags.team = 'x'", []],
  ])('%s', (filter, names) => {
    expect(chosen(filter, ROWS)).toEqual(names)
  })

  it.each([
    ['OR', "name = 'a' OR name = 'b'"],
    ['a bare name', 'name'],
    ['an unknown group', "x.y = 'z'"],
    ['an open end', "name = 'a' AND"],
    ['SQL', "'; DROP TABLE run"],
    ['a hostile length', 'a'.repeat(5000)],
  ])('refuses %s', (_, filter) => {
    expect(() => parseFilter(filter, value)).toThrow(expect.objectContaining({ code: 'INVALID_PARAMETER_VALUE' }))
  })

  it('never fails otherwise, and answers hostile patterns soon', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          chosen(text, ROWS)
        } catch (error) {
          expect(error).toMatchObject({ code: 'INVALID_PARAMETER_VALUE' })
        }
      }),
    )
    const started = performance.now()
    chosen(`name LIKE '${'%a'.repeat(900)}b'`, [{ name: 'a'.repeat(20_000) }])
    expect(performance.now() - started).toBeLessThan(2000)
  })
})

describe('an order and a page', () => {
  it('puts rows without the value last, both ways', () => {
    const names = (order: string): string[] => [...ROWS].sort(parseOrder([order], value)).map((row) => row.name)
    expect(names('metrics.auc DESC')).toEqual(['alpha', 'beta', 'gamma'])
    expect(names('metrics.auc ASC')).toEqual(['beta', 'alpha', 'gamma'])
    expect(() => parseOrder(['metrics.auc; x'], value)).toThrow(/an order/)
  })

  it('gives every row once, whatever the size of the page', () => {
    fc.assert(
      fc.property(fc.array(fc.nat()), fc.integer({ min: 1, max: 9 }), (rows, size) => {
        const got: number[] = []
        let token: string | undefined
        do {
          const one = page(rows, size, token)
          got.push(...one.rows)
          token = one.next
        } while (token !== undefined)
        expect(got).toEqual(rows)
      }),
    )
    expect(() => page([], 1, 'from--1')).toThrow(/page token/)
  })
})
