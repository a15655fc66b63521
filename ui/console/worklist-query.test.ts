import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { studyQuery, studyState } from '../contract/local-api.ts'
import { studiesPath, viewSearch } from './worklist-query.ts'

const queryOf = (path: string): unknown => studyQuery.parse(Object.fromEntries(new URL(path, 'http://x').searchParams))

describe('the query of the worklist', () => {
  it('asks for all studies unless something is chosen', () => {
    expect(queryOf(studiesPath({ state: undefined, words: '  ' }, null))).toEqual({ limit: 100 })
  })

  it('is always one that the service accepts', () => {
    const state = fc.constantFrom(undefined, ...studyState.options)
    fc.assert(
      fc.property(state, fc.string({ maxLength: 200 }), (wanted, words) => {
        expect(() => queryOf(studiesPath({ state: wanted, words }, '12-34'))).not.toThrow()
      }),
    )
  })

  it('keeps words with separators whole', () => {
    expect(queryOf(studiesPath({ state: 'failed', words: 'a&b=c %' }, null))).toEqual({
      state: 'failed',
      search: 'a&b=c %',
      limit: 100,
    })
  })
})

describe('the address of a view', () => {
  it('ignores what it does not know', () => {
    expect(viewSearch.parse({ state: 'nonsense', scores: 'no', other: 1 })).toEqual({})
    expect(viewSearch.parse({ state: 'failed', scores: 'hidden' })).toEqual({ state: 'failed', scores: 'hidden' })
  })
})
