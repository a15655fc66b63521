import type { DeviceStatus } from '@leadglass/ui/contract/local-api'
import { describe, expect, it } from 'vitest'
import { scoringFindings } from './scoring.ts'

type Scoring = NonNullable<DeviceStatus['scoring']>

const SOUND: Scoring = {
  probedAt: '2026-01-05T08:00:00Z',
  providers: [
    { provider: 'cpu', available: true, detail: 'loads' },
    { provider: 'cuda', available: false, detail: 'no library' },
  ],
  plan: {
    kind: 'full',
    measuredAt: '2026-01-05T08:00:00Z',
    provider: 'cpu',
    workers: 2,
    threads: 1,
    batch: 1,
    cpuFallback: true,
    imagesPerSecond: 50,
  },
  noPlan: null,
  pool: { ready: 2, busy: 0, queued: 0, deaths: 0 },
}
const plan = (change: Partial<NonNullable<Scoring['plan']>>): Scoring['plan'] =>
  SOUND.plan === null ? null : { ...SOUND.plan, ...change }

describe('what the doctor says about scoring', () => {
  it.each([
    ['all is well', SOUND, ['ok', 'ok', 'ok']],
    ['no plan', { ...SOUND, plan: null, noPlan: 'another-machine' as const }, ['warning', 'ok', 'ok']],
    ['a planned card that is gone', { ...SOUND, plan: plan({ provider: 'cuda' }) }, ['ok', 'warning', 'ok']],
    [
      'the same where the processor may not take over',
      { ...SOUND, plan: plan({ provider: 'cuda', cpuFallback: false }) },
      ['ok', 'fail', 'ok'],
    ],
    ['no worker', { ...SOUND, pool: { ...SOUND.pool, ready: 0 } }, ['ok', 'ok', 'warning']],
  ])('%s', (_what, scoring, verdicts) => {
    expect(scoringFindings({ scoring }).map(({ verdict }) => verdict)).toEqual(verdicts)
  })
})
