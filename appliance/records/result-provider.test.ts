import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { temporaryRecords } from '../testing/memory-records.ts'

describe('what ran the graphs of a result', () => {
  let held: ReturnType<typeof temporaryRecords>
  beforeAll(() => {
    held = temporaryRecords()
    // The result stands alone here; its revision is no part of the question.
    held.records.database.pragma('foreign_keys = OFF')
  })
  afterAll(() => {
    held.dispose()
  })

  it('is kept with the result, and is null where nothing ran', () => {
    const row = { revisionId: 1, model: null, reason: null, embedding: null, quality: {}, scores: [] } as const
    held.records.transaction(() => {
      held.records.results.insertResult({ ...row, ordinal: 0, outcome: 'scored', provider: 'cuda' })
      held.records.results.insertResult({ ...row, ordinal: 1, outcome: 'not-scored' })
    })
    const kept = held.records.database.prepare('SELECT ordinal, provider FROM result ORDER BY ordinal').all()
    expect(kept).toEqual([
      { ordinal: 0, provider: 'cuda' },
      { ordinal: 1, provider: null },
    ])
  })
})
