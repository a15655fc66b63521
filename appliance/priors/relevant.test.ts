import { describe, expect, it } from 'vitest'
import { relevantPriors } from './relevant.ts'

const RULE = { relevant: { modality: 'DX', maximumAgeDays: 365, count: 2 }, required: true }
const prior = (studyDate: string, change: { modalities?: string; instances?: number } = {}) => ({
  studyDate,
  modalities: change.modalities ?? 'DX',
  instances: change.instances ?? 1,
})

describe('the priors that a model may look at', () => {
  it('are of its modality, earlier, not too old, here, the newest first and no more than it asks for', () => {
    const priors = [
      prior('20250601'),
      prior('20251201', { modalities: 'CT\\SR' }),
      prior('20251101', { modalities: 'CR\\DX' }),
      prior('20251224', { instances: 0 }),
      prior('20260301'),
      prior('20241231'),
      prior('20250501'),
    ]
    expect(relevantPriors(RULE, '20260101', priors).map(({ studyDate }) => studyDate)).toEqual(['20251101', '20250601'])
  })

  it('are none without dates that are dates', () => {
    expect(relevantPriors(RULE, '', [prior('20251101')])).toEqual([])
    expect(relevantPriors(RULE, '20261301', [prior('20251101')])).toEqual([])
    expect(relevantPriors(RULE, '20260101', [prior('20250230'), prior('')])).toEqual([])
  })

  it('include one of the same day and of the last day that counts', () => {
    const dates = ['20260101', '20250101']
    expect(
      relevantPriors(
        RULE,
        '20260101',
        dates.map((date) => prior(date)),
      ).map((one) => one.studyDate),
    ).toEqual(dates)
  })
})
