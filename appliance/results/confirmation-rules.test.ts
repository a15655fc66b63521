import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  afterQuery,
  afterReport,
  bounded,
  type ConfirmationStep,
  MOST_CONFIRM_ATTEMPTS,
  QUERIES_BEFORE_RESEND,
} from './confirmation-rules.ts'

describe('what follows from a report of storage commitment', () => {
  it.each([
    [0x0112, 'send-again'],
    [0x0119, 'dead'],
    [0x0122, 'dead'],
    [0x0110, 'ask'],
    [0x0131, 'ask'],
    [0x0213, 'ask'],
    [0xc001, 'ask'],
  ])('failure reason %i: %s', (failureReason, kind) => {
    expect(afterReport({ kind: 'failed', failureReason }).kind).toBe(kind)
  })

  it('takes only the word of the archive itself for a confirmation', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffff }), (failureReason) => {
        expect(afterReport({ kind: 'failed', failureReason }).kind).not.toBe('confirmed')
      }),
    )
    expect(afterReport({ kind: 'committed' })).toEqual({ kind: 'confirmed', by: 'commitment' })
    expect(afterReport({ kind: 'unanswered' })).toMatchObject({ kind: 'ask', by: 'query' })
  })
})

describe('what follows from a query', () => {
  it('sends again only after several queries found nothing', () => {
    const kinds = Array.from({ length: QUERIES_BEFORE_RESEND }, (_, at) => afterQuery('not-found', 'query', at).kind)
    expect(kinds).toEqual(['ask', 'ask', 'send-again'])
  })

  it('goes back to the configured way when the archive could not be asked', () => {
    expect(afterQuery('not-asked', 'commitment', 0)).toMatchObject({ kind: 'ask', by: 'commitment', soon: false })
  })

  it('ends, whatever the archive keeps saying', () => {
    const answer = fc.constantFrom('not-found' as const, 'not-asked' as const)
    fc.assert(
      fc.property(fc.array(answer, { minLength: MOST_CONFIRM_ATTEMPTS + 1, maxLength: 60 }), (answers) => {
        const steps = answers.map(
          (one, attempts): ConfirmationStep => bounded(afterQuery(one, 'query', attempts), attempts),
        )
        expect(steps.findIndex((step) => step.kind === 'dead')).toBe(MOST_CONFIRM_ATTEMPTS)
      }),
    )
  })
})
