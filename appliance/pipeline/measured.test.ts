import { describe, expect, it, onTestFinished } from 'vitest'
import { dataSetOf, textElement } from '../imaging/dataset/index.ts'
import { instanceFacts } from '../imaging/index.ts'
import { temporaryRecords } from '../testing/memory-records.ts'
import { bodiesOf } from './envelopes.ts'
import { keptByRule, withOwnFigures } from './measured.ts'
import { figuresOf, type Outcome } from './outcomes.ts'
import type { PreparedInstance } from './prepared-instance.ts'

const model = { name: 'tiny', version: '1.0.0', digest: 'a'.repeat(64) }
const look = '0123456789abcdef'.repeat(4)
const score = (code: string, value: number) => ({ code, title: code, value, thresholdMilli: 500, above: value >= 0.5 })

function scored(ordinal: number, change: Partial<Extract<Outcome, { kind: 'scored' }>> = {}): Outcome {
  const print = { digest: `${ordinal}`.repeat(64), look }
  const common = { kind: 'scored', ordinal, model, embedding: new Float32Array([1]), quality: {}, print } as const
  return { ...common, scores: [score('finding', 0.7)], ...change }
}

function preparedWith(ordinal: number, view: string): PreparedInstance {
  const facts = instanceFacts(dataSetOf([textElement(0x00185101, 'CS', view)]))
  return { ordinal, facts, acquisition: {} } as unknown as PreparedInstance
}

const instances = [1, 2].map((ordinal) => ({
  ordinal,
  instanceId: 10 + ordinal,
  digest: '',
  bytes: 1,
  sopInstanceUid: '',
  sopClassUid: '',
}))

function records() {
  const held = temporaryRecords()
  onTestFinished(() => held.dispose())
  // Prints stand alone here; their instances are no part of the question.
  held.records.database.pragma('foreign_keys = OFF')
  return held.records
}

describe('figures that need more than one instance', () => {
  it('count what came before in other studies, by pixels and by look, and not the study itself', () => {
    const all = records()
    const digest = '1'.repeat(64)
    const near = `f${look.slice(1)}`
    for (const [instanceId, studyId, kept] of [
      [90, 7, look],
      [91, 8, near],
      [92, 8, 'f'.repeat(64)],
      [11, 5, look],
    ] as const)
      all.prints.keep({ instanceId, studyId, digest: instanceId === 90 ? digest : 'e'.repeat(64), look: kept })
    const work = { studyId: 5, outcomes: [scored(1)], prepared: [preparedWith(1, 'PA')], instances }
    const { outcomes, prints } = withOwnFigures(all, work)
    expect(outcomes[0]?.quality).toEqual({ 'quality.same-pixels': 1, 'quality.near-duplicates': 2 })
    expect(prints).toEqual([{ instanceId: 11, studyId: 5, digest, look }])
  })

  it('count the same pixels twice in one study', () => {
    const print = { digest: 'c'.repeat(64) }
    const outcomes = [scored(1, { print }), scored(2, { print })]
    const found = withOwnFigures(records(), { studyId: 5, outcomes, prepared: [], instances })
    expect(found.outcomes.map((one) => one.quality)).toEqual([
      { 'quality.same-pixels': 1 },
      { 'quality.same-pixels': 1 },
    ])
  })

  it('hold the view of the header against the score of any model', () => {
    const views = scored(1, { print: undefined, scores: [score('view.ap', 0.9), score('view.pa', 0.1)] })
    const of = (view: string) =>
      withOwnFigures(records(), { studyId: 5, outcomes: [views], prepared: [preparedWith(1, view)], instances })
        .outcomes[0]?.quality
    expect(of('PA')).toEqual({ 'quality.view-disagrees': 1 })
    expect(of('AP')).toEqual({ 'quality.view-disagrees': 0 })
    expect(of('')).toEqual({})
  })

  it('keep digests under a key of the box', () => {
    const all = records()
    all.transaction(() => all.prints.keep({ instanceId: 1, studyId: 1, digest: 'd'.repeat(64), look: null }))
    const kept = all.database.prepare('SELECT hex(digest) AS digest FROM pixel_print').get() as { digest: string }
    expect(kept.digest).toHaveLength(64)
    expect(kept.digest.toLowerCase()).not.toBe('d'.repeat(64))
  })
})

describe('figures that are told', () => {
  const radiomics = {
    settings: 'b'.repeat(64),
    voxels: 100,
    reason: null,
    rows: [
      { code: 'radiomics.stat-mean', ibsi: 'Q4LE', unit: null, value: 3, verified: true },
      { code: 'radiomics.stat-energy', ibsi: 'N8CA', unit: null, value: 3e12, verified: true },
      { code: 'radiomics.stat-skew', ibsi: 'KE2A', unit: null, value: null, verified: true },
    ],
  }

  it('are quality and radiomics, without what the contract cannot carry, and never a print', () => {
    const outcome = scored(1, { quality: { 'quality.noise': 0.1 }, radiomics })
    expect(figuresOf(outcome)).toEqual({ 'quality.noise': 0.1, 'radiomics.stat-mean': 3 })
    const [body] = bodiesOf(
      { number: 1, studyPseudonym: 'a'.repeat(32), patientPseudonym: 'b'.repeat(32) },
      [preparedWith(1, 'PA')],
      [],
      [outcome],
    )
    expect(JSON.stringify(body)).not.toContain('1'.repeat(64))
    expect(JSON.stringify(body)).not.toContain(look)
  })

  it('are what remains of a study that a rule keeps', () => {
    const decision = { rule: 'blurred', processing: 'keep' } as Parameters<typeof keptByRule>[1]
    const [kept] = keptByRule([scored(1, { quality: { 'quality.noise': 0.1 } })], decision)
    expect(kept).toMatchObject({ kind: 'not-scored', reason: 'rule.blurred', quality: { 'quality.noise': 0.1 } })
  })
})
