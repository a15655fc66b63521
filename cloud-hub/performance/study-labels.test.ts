import { describe, expect, it } from 'vitest'
import { type LabelRow, labelsOfStudies, type StandingRow } from './study-labels.ts'

const AT = '2026-03-01T10:00:00.000Z'

function label(study: string, more: Partial<LabelRow> = {}): LabelRow {
  return { device: 'box', study, revision: 1, value: 'present', reader: 'one', blind: 1, receivedAt: AT, ...more }
}

describe('labels of studies', () => {
  it('are used or counted under one reason, each study once', () => {
    const revised: StandingRow = { device: 'box', study: 'revised', patient: 'p', revision: 3, sameInstances: '[2]' }
    const { answers, accounting } = labelsOfStudies(
      [
        label('plain'),
        label('changed-mind'),
        label('changed-mind', { value: 'absent' }),
        label('seen', { blind: 0 }),
        label('both', { blind: 0, value: 'absent' }),
        label('both'),
        label('dispute'),
        label('dispute', { reader: 'two', value: 'absent' }),
        label('unsure', { value: 'uncertain' }),
        label('half-sure', { value: 'uncertain' }),
        label('half-sure', { reader: 'two' }),
        label('gone', { reader: 'revoked' }),
        label('elsewhere'),
        label('revised', { revision: 1 }),
      ],
      {
        revisions: new Map([['box/revised', revised]]),
        revoked: new Set(['box/revoked']),
        isScored: (key) => key !== 'box/elsewhere',
      },
    )
    expect([...answers].map(([key, { value }]) => [key, value])).toEqual([
      ['box/plain', 1],
      ['box/changed-mind', 0],
      ['box/both', 1],
      ['box/half-sure', 1],
    ])
    expect(accounting).toEqual({
      studies: 10,
      used: 4,
      excluded: {
        unblinded: 1,
        contradicting: 1,
        uncertain: 1,
        'revoked-reader': 1,
        'not-scored': 1,
        superseded: 1,
      },
    })
  })

  it('on an earlier revision of the same instances still count', () => {
    const revised: StandingRow = { device: 'box', study: 's', patient: 'p', revision: 3, sameInstances: '[2]' }
    const known = { revisions: new Map([['box/s', revised]]), revoked: new Set<string>(), isScored: () => true }
    expect(labelsOfStudies([label('s', { revision: 2 })], known).answers.size).toBe(1)
  })
})
