import type { ScoreOutput } from '@leadglass/models'
import { notScored, scoreFigure } from '@leadglass/sync-agent/contract'
import { describe, expect, it } from 'vitest'
import { littleEndianBase64 } from './envelopes.ts'
import { type Outcome, outcomesOfJob, reasonCode, revisionOutcome } from './outcomes.ts'

const MODEL = { name: 'chest-radiograph', version: '1.0.0', digest: 'a'.repeat(64) }
const OUTPUT: ScoreOutput = {
  code: 'pneumonia',
  title: 'Pneumonia',
  from: 'head.probability',
  index: 0,
  unit: '1',
  meaning: { scheme: 'SCT', value: '233604007', meaning: 'Pneumonia' },
  operatingPoint: { thresholdMilli: 412, chosenBy: 'test' },
}
const MANIFEST = { outputs: [OUTPUT] }

describe('outcomes of a scoring job', () => {
  it.each([
    [0.412, true],
    [0.4119, false],
  ])('a score of %d lies at or above its operating point: %s', (value, above) => {
    const [outcome] = outcomesOfJob(MODEL, MANIFEST, [4], {
      kind: 'completed',
      instances: [
        {
          kind: 'scored',
          instance: 0,
          embedding: Float32Array.of(1),
          scores: [{ code: 'pneumonia', value }],
          quality: {},
        },
      ],
    })
    if (outcome?.kind !== 'scored') throw new Error('not scored')
    const { code, thresholdMilli, above: side } = outcome.scores[0] ?? {}
    expect(scoreFigure.parse({ code, value, thresholdMilli, above: side }).above).toBe(above)
    expect(outcome.ordinal).toBe(4)
  })

  it('a failed job leaves every instance not scored, with the failure as reason', () => {
    const outcomes = outcomesOfJob(MODEL, MANIFEST, [0, 1], { kind: 'failed', reason: 'timed-out', detail: 'x' })
    expect(outcomes.map((one) => (one.kind === 'not-scored' ? one.reason : ''))).toEqual([
      'model-failed.timed-out',
      'model-failed.timed-out',
    ])
    expect(notScored.shape.reason.safeParse('model-failed.timed-out').success).toBe(true)
  })

  it('an instance that the worker did not mention, or gave no score for, is not scored', () => {
    const outcomes = outcomesOfJob(MODEL, MANIFEST, [0, 1], {
      kind: 'completed',
      instances: [
        {
          kind: 'scored',
          instance: 0,
          embedding: Float32Array.of(1),
          scores: [{ code: 'other', value: 1 }],
          quality: {},
        },
      ],
    })
    expect(outcomes.map((one) => one.kind)).toEqual(['not-scored', 'not-scored'])
  })

  it('leaves out a detail that would be no code', () => {
    expect(reasonCode('undecodable', 'bad-jpeg')).toBe('undecodable.bad-jpeg')
    expect(reasonCode('undecodable', 'Patient DOE')).toBe('undecodable')
    expect(reasonCode('undecodable', undefined)).toBe('undecodable')
  })
})

describe('the end of a revision', () => {
  const scored: Outcome = {
    kind: 'scored',
    ordinal: 0,
    model: MODEL,
    embedding: Float32Array.of(1),
    scores: [],
    quality: {},
  }
  const not = (reason: string): Outcome => ({ kind: 'not-scored', ordinal: 1, model: null, reason, quality: {} })
  it.each([
    ['one score is enough', [scored, not('no-fit-view')], ['x'], 'scored', null],
    ['a failing model', [not('no-fit-view'), not('model-failed.crashed')], ['x'], 'failed', 'model-failed.crashed'],
    ['quarantine weighs more than no fit', [not('no-fit-view')], ['x', 'y'], 'quarantined', 'x'],
    ['no fit', [not('no-fit-view')], [], 'not-scored', 'no-fit-view'],
    ['nothing at all', [], [], 'not-scored', 'no-instances'],
  ] as const)('%s', (_name, outcomes, stopped, processing, reason) => {
    expect(revisionOutcome(outcomes, stopped)).toEqual({ processing, reason })
  })
})

describe('an embedding on the wire', () => {
  it('is float32 in little-endian byte order', () => {
    expect(littleEndianBase64(Float32Array.of(1, -2))).toBe(Buffer.from('0000803f000000c0', 'hex').toString('base64'))
  })
})
