import { type ModelManifest, modelCard, modelManifest } from '@leadglass/models'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { examplePackage } from '../../models/testing/example-package.ts'
import { ASPECTS, type Aspect } from './aspects.ts'
import { determineChange, type MeasuredVersion, type StepRecord } from './determination.ts'
import { changePlan } from './plan.ts'
import { examplePlan } from './testing/example-plan.ts'

const content = examplePackage()
const manifest = modelManifest.parse({
  schema: 'leadglass.model-package/1',
  ...content.manifest,
  files: [...content.files].map(([path, bytes], index) => ({
    path,
    sha256: index.toString(16).padStart(64, '0'),
    bytes: bytes.length,
  })),
})
const card = modelCard.parse(JSON.parse(Buffer.from(content.files.get('card.json') ?? '').toString()))
const auc = (value: number, low: number | null = value - 0.05, cases: number | null = 100) => ({
  name: 'finding auc',
  split: 'test',
  value,
  low,
  high: null,
  interval: 'DeLong 95 %',
  cases,
  subgroup: null,
})
const graphs = [
  { id: 'backbone', digest: 'a', shape: 'A' },
  { id: 'head', digest: 'b', shape: 'B' },
]
const before: MeasuredVersion = { manifest, card, graphs, figures: [auc(0.85)] }
const refitted: MeasuredVersion = {
  ...before,
  graphs: [
    { id: 'backbone', digest: 'a', shape: 'A' },
    { id: 'head', digest: 'c', shape: 'B' },
  ],
  figures: [auc(0.86)],
}
const done = (step: string): StepRecord => ({
  step,
  person: 'ml-engineer',
  recordedAt: '2026-11-01T00:00:00Z',
  outcome: 'done',
  evidence: 'run 7',
})
const records = [done('P1'), done('P2')]
const withManifest = (change: Partial<ModelManifest>): MeasuredVersion => ({
  ...refitted,
  manifest: { ...manifest, ...change },
})

describe('whether a version is within a plan', () => {
  const plan = examplePlan()

  it('is within it when only planned aspects differ, all criteria are met and all steps recorded', () => {
    expect(determineChange(plan, before, refitted, records)).toMatchObject({
      within: true,
      changed: ['weights'],
      modifications: ['M1'],
      criteria: [
        { criterion: 'AUC', kind: 'met', seen: 0.86, cases: 100 },
        { criterion: 'AUC-LOSS', kind: 'met', cases: 100 },
      ],
      steps: [
        { step: 'P1', recorded: true },
        { step: 'P2', recorded: true },
      ],
      reasons: [],
    })
  })

  const widened: ModelManifest['fit'] = { ...manifest.fit, minRows: 4 }
  it.each<[string, MeasuredVersion, Aspect]>([
    ['the intended use', withManifest({ intendedUse: 'Diagnosis.' }), 'intended-use'],
    ['the images it takes', withManifest({ fit: widened }), 'fit'],
    ['an output', withManifest({ outputs: manifest.outputs.map((one) => ({ ...one, title: 'Other' })) }), 'outputs'],
    ['the architecture', { ...refitted, graphs: [{ id: 'head', digest: 'c', shape: 'Z' }] }, 'architecture'],
    ['its limits', { ...refitted, card: { ...card, limits: ['None.'] } }, 'limits'],
    [
      'what golden cases show',
      withManifest({
        files: manifest.files.map((file) => ({ ...file, sha256: 'f'.repeat(64) as typeof file.sha256 })),
      }),
      'golden-cases',
    ],
  ])('is outside when %s differs too, which no modification names', (_what, after, aspect) => {
    const found = determineChange(plan, before, after, records)
    expect(found.within).toBe(false)
    expect(found.reasons).toContainEqual({ kind: 'aspect-not-planned', aspect })
  })

  it('asks for the criteria and steps of every modification that applies', () => {
    const finer = withManifest({ input: { ...manifest.input, shape: ['N', 1, 16, 16] } })
    const found = determineChange(plan, before, finer, records)
    expect(found).toMatchObject({ within: false, modifications: ['M1', 'M2'] })
    expect(found.reasons).toEqual([{ kind: 'step-not-recorded', step: 'P3' }])
    expect(determineChange(plan, before, finer, [...records, done('P3')]).within).toBe(true)
  })

  it.each<[string, ReturnType<typeof auc>[], string]>([
    ['below its bound', [auc(0.79)], 'missed'],
    ['worse than the predecessor by more than the margin', [auc(0.82)], 'missed'],
    ['on too few cases', [auc(0.86, 0.8, 49)], 'not-measured'],
    ['without its number of cases', [auc(0.86, 0.8, null)], 'not-measured'],
    ['absent', [], 'not-measured'],
    ['no number', [auc(Number.NaN)], 'not-measured'],
  ])('is outside when a figure is %s', (_what, figures, kind) => {
    const found = determineChange(plan, before, { ...refitted, figures }, records)
    expect(found.within).toBe(false)
    const kinds = found.reasons.map((reason) => reason.kind === 'criterion-not-met' && reason.outcome.kind)
    expect(kinds).toContain(kind)
  })

  it('takes the last record of a step, so that one taken back counts no more', () => {
    const backTaken = [...records, { ...done('P1'), outcome: 'not-done' as const }]
    expect(determineChange(plan, before, refitted, backTaken).reasons).toEqual([
      { kind: 'step-not-recorded', step: 'P1' },
    ])
  })

  it('is outside without a predecessor, and when nothing differs', () => {
    expect(determineChange(plan, undefined, refitted, records).reasons).toEqual([{ kind: 'no-predecessor' }])
    expect(determineChange(plan, before, before, records).reasons).toEqual([{ kind: 'nothing-changed' }])
  })

  it('is never within by a plan that allows less, nor with fewer records', () => {
    fc.assert(
      fc.property(
        fc.subarray([...ASPECTS], { minLength: 1 }),
        fc.subarray(records),
        fc.double({ min: 0.5, max: 1, noNaN: true }),
        (changes, some, value) => {
          const [first, second] = plan.modifications
          if (first === undefined || second === undefined) throw new Error('the plan has two modifications')
          const narrower = { ...plan, modifications: [{ ...first, changes }, second] }
          const found = determineChange(narrower, before, { ...refitted, figures: [auc(value)] }, some)
          const isExpected =
            changes.includes('weights') && some.length === records.length && value >= 0.8 && value - 0.85 >= -0.02
          expect(found.within).toBe(isExpected)
          expect(found.within).toBe(found.reasons.length === 0)
        },
      ),
    )
  })
})

describe('a plan', () => {
  const parsed = (change: object) => changePlan.safeParse({ ...examplePlan(), ...change })
  const messages = (change: object) => parsed(change).error?.issues.map(({ message }) => message) ?? []

  it('is refused when a name leads nowhere or twice somewhere, or a part of the protocol lacks', () => {
    const [first, second] = examplePlan().modifications
    expect(messages({ modifications: [{ ...first, criteria: ['NONE'] }] })).toEqual([
      'M1 names the criterion NONE, which is none',
    ])
    expect(messages({ modifications: [{ ...first, steps: ['P9'] }, second] })).toEqual([
      'M1 names the step P9, which is none',
    ])
    expect(messages({ modifications: [first, first] })).toEqual(['a modification is named twice'])
    expect(messages({ protocol: examplePlan().protocol.slice(0, 3) })).toEqual([
      'the protocol has no step of update-procedures',
    ])
  })

  it('is refused when it is too large or says more than it may', () => {
    expect(parsed({ title: 'x'.repeat(201) }).success).toBe(false)
    expect(parsed({ within: true }).success).toBe(false)
    expect(parsed({ modifications: [] }).success).toBe(false)
  })
})
