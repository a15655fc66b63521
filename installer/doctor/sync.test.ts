import { REFUSAL_WORDS, type SyncStatus } from '@leadglass/ui/contract/local-api'
import { describe, expect, it } from 'vitest'
import { syncFindings } from './sync.ts'

const QUIET: SyncStatus = { classes: [], rejected: [], refused: [], epochs: [] }
const refused = (code: string): SyncStatus => ({
  ...QUIET,
  refused: [{ epoch: 3, stream: 'drift', code, count: 6, first: 5, last: 10, since: '2026-01-05T00:00:00Z' }],
})

describe('the way to the hub, as the doctor sees it', () => {
  it('is well while the hub refuses nothing', () => {
    expect(syncFindings(QUIET).map(({ verdict }) => verdict)).not.toContain('fail')
  })

  it.each(Object.entries(REFUSAL_WORDS))(
    'names what the hub refuses as %s in plain words, and the next step',
    (code, words) => {
      const found = syncFindings(refused(code)).filter(({ verdict }) => verdict === 'fail')
      expect(found).toHaveLength(1)
      expect(found[0]?.found).toBe(`6 of drift (epoch 3, 5 to 10): ${words.found}`)
      expect(found[0]?.fix).toBe(words.nextStep)
    },
  )

  it('fails for a reason that it has no words for, too', () => {
    expect(syncFindings(refused('from-the-future')).some(({ verdict }) => verdict === 'fail')).toBe(true)
  })
})
