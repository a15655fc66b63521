import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { subjectDigest } from './erasure-book.ts'
import { EXCLUSION_REASONS } from './exclusions.ts'
import { type Decided, decide } from './testing/decide.ts'
import { instantOf, type TestEnvelope } from './testing/memory-source.ts'

const place = {
  site: fc.constantFrom('box-01', 'box-02'),
  study: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
  generation: fc.constantFrom(1, 2),
  revision: fc.constantFrom(1, 2, 3),
  minute: fc.integer({ min: 0, max: 20 }),
}
const features: fc.Arbitrary<TestEnvelope> = fc
  .record({
    ...place,
    person: fc.integer({ min: 0, max: 3 }),
    instance: fc.constantFrom(0, 1),
    model: fc.constantFrom('chest', 'chest', 'chest', 'bone'),
    digest: fc.constantFrom('ab', 'ab', 'ab', 'cd', 'unknown'),
    schemaVersion: fc.constantFrom(1, 1, 1, 2),
    embedding: fc.oneof(
      fc.tuple(fc.float({ noNaN: true }), fc.constant(1)),
      fc.constantFrom([Number.NaN, 1], [1, 1], [1, 2, 3], [1e30, 1], [0, 0]),
    ),
    score: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map(({ person, ...rest }) => ({ kind: 'features', ...rest, patient: `${person} in ${rest.generation}` }))
const label: fc.Arbitrary<TestEnvelope> = fc
  .record({
    ...place,
    value: fc.constantFrom('present', 'absent', 'uncertain'),
    finding: fc.constantFrom('pneumonia', 'pneumonia', 'effusion'),
    reader: fc.constantFrom('r1', 'r2', 'revoked'),
    blind: fc.boolean(),
  })
  .map((rest) => ({ kind: 'label', ...rest }))
const revision: fc.Arbitrary<TestEnvelope> = fc
  .record({ ...place, sameInstances: fc.constantFrom([], [1], [1, 2]) })
  .map((rest) => ({ kind: 'revision', ...rest }))

const STANDING = {
  revokedReaders: [{ site: 'box-01', reader: 'revoked' }],
  erasedSubjects: [subjectDigest('box-01', '3 in 1')],
}

/** Outcomes of the features envelopes, in the order of the list. */
async function reasons(envelopes: readonly TestEnvelope[], ...rest: [object?, object?]): Promise<(string | null)[]> {
  return (await decide(envelopes, ...rest)).outcomes.map((one) => one.reason)
}

describe('from envelope to row', () => {
  it('gives every envelope one outcome, whatever comes, and takes one generation of a site', async () => {
    const seen = new Set<string>()
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof({ weight: 3, arbitrary: features }, { weight: 2, arbitrary: label }, revision), {
          maxLength: 60,
        }),
        async (envelopes) => {
          const { outcomes } = await decide(envelopes, { cutoff: instantOf(15) }, STANDING)
          const sent = envelopes.flatMap((one, i) => (one.kind === 'features' ? [i + 1] : []))
          expect(outcomes.map((one) => one.envelope)).toEqual(sent)
          const rows = outcomes.filter((one) => one.reason === null)
          const excluded = Map.groupBy(
            outcomes.filter((one) => one.reason !== null),
            (one) => one.reason,
          )
          const left = [...excluded.values()].reduce((sum, all) => sum + all.length, 0)
          expect(rows.length + left).toBe(sent.length)
          for (const reason of excluded.keys()) {
            expect(EXCLUSION_REASONS).toContain(reason)
            seen.add(String(reason))
          }
          for (const row of rows) expect([0, 1]).toContain(row.label)
          for (const site of ['box-01', 'box-02']) expect(generations(rows, site)).toBeLessThan(2)
          const places = rows
            .map((row) => envelopes[row.envelope - 1])
            .map((one) => JSON.stringify(one?.kind === 'features' && [one.site, one.study, one.instance]))
          expect(new Set(places).size).toBe(places.length)
        },
      ),
      { numRuns: 60, seed: 20_261_123 },
    )
    expect(seen.size).toBeGreaterThanOrEqual(12)
  }, 120_000)

  it('leaves out what is poisoned: not finite, and far from every other length', async () => {
    const ordinary = Array.from(
      { length: 40 },
      (_, i): TestEnvelope => ({ kind: 'features', study: `s${i}`, embedding: [10 + i / 10, 1] }),
    )
    const poisoned: TestEnvelope[] = [
      { kind: 'features', study: 'x', embedding: [Number.NaN, 1] },
      { kind: 'features', study: 'y', embedding: [Number.POSITIVE_INFINITY, 1] },
      { kind: 'features', study: 'z', embedding: [4000, 1] },
      { kind: 'features', study: 'w', embedding: [0, 0] },
    ]
    const found = await reasons([...ordinary, ...poisoned])
    expect(new Set(found.slice(0, 40))).toEqual(new Set(['no-label']))
    expect(found.slice(40)).toEqual(['not-finite', 'not-finite', 'norm-outlier', 'norm-outlier'])
    const [given] = await reasons([{ kind: 'features', study: 's', embedding: [3, 4] }], { norms: { low: 6, high: 9 } })
    expect(given).toBe('norm-outlier')
  })

  it('knows contradicting, late, unblinded and revoked labels apart, and takes a corrected one', async () => {
    const study = (
      name: string,
      ...labels: Omit<TestEnvelope & { kind: 'label' }, 'kind' | 'study'>[]
    ): TestEnvelope[] => [
      { kind: 'features', study: name },
      ...labels.map((one): TestEnvelope => ({ kind: 'label', study: name, ...one })),
    ]
    const { outcomes } = await decide(
      [
        ...study('contradicting', { value: 'present', reader: 'r1' }, { value: 'absent', reader: 'r2' }),
        ...study(
          'agreed',
          { value: 'absent', reader: 'r1' },
          { value: 'present', reader: 'r2' },
          { value: 'present', reader: 'r1' },
        ),
        ...study('late', { value: 'present', minute: 30 }),
        ...study('late correction', { value: 'present', minute: 1 }, { value: 'absent', minute: 30 }),
        ...study('unblinded', { value: 'present', blind: false }),
        ...study('revoked', { value: 'present', reader: 'gone' }),
        ...study('uncertain', { value: 'present' }, { value: 'uncertain' }),
      ],
      { cutoff: instantOf(15) },
      { revokedReaders: [{ site: 'box-01', reader: 'gone' }] },
    )
    expect(outcomes.map(({ study: name, reason, label: value }) => [name, reason, value])).toEqual([
      ['contradicting', 'label-contradicting', expect.anything()],
      ['agreed', null, 1],
      ['late', 'label-after-cutoff', null],
      ['late correction', null, 1],
      ['unblinded', 'label-unblinded', null],
      ['revoked', 'label-revoked-reader', null],
      ['uncertain', 'label-uncertain', null],
    ])
  })

  it('takes the same image once, and nothing of another form or of a patient who was erased', async () => {
    const labelled = (study: string, change: Partial<TestEnvelope & { kind: 'features' }>): TestEnvelope[] => [
      { kind: 'features', study, ...change },
      { kind: 'label', study, value: 'present' },
    ]
    const envelopes = [
      ...labelled('a', { embedding: [1, 1] }),
      ...labelled('b', { embedding: [1, 1] }),
      ...labelled('c', { schemaVersion: 7 }),
      ...labelled('d', { patient: 'erased' }),
    ]
    const erasedSubjects = [subjectDigest('box-01', 'erased')]
    expect(await reasons(envelopes, {}, { erasedSubjects })).toEqual([
      null,
      'duplicate-row',
      'schema-version',
      'erased-patient',
    ])
  })

  it('leaves out a site whose labels agree with its scores at chance, and no site that has a weak model or few cases', async () => {
    const site = (name: string, cases: number, scoreOf: (i: number, present: boolean) => number): TestEnvelope[] =>
      Array.from({ length: cases }, (_, i) => i).flatMap((i): TestEnvelope[] => {
        const present = i % 2 === 0
        const study = `${name} ${i}`
        return [
          { kind: 'features', site: name, study, score: scoreOf(i, present) },
          { kind: 'label', site: name, study, value: present ? 'present' : 'absent' },
        ]
      })
    const scattered = (i: number): number => (((i >> 1) * 7919) % 1000) / 1000
    const { outcomes, selection } = await decide([
      ...site('noise-01', 400, scattered),
      ...site('weak-01', 400, (i, present) => scattered(i) + (present ? 0.2 : 0)),
      ...site('small-01', 40, scattered),
      ...site('constant-01', 400, () => 0.25),
    ])
    expect(selection.noisySites.map((one) => one.site)).toEqual(['noise-01'])
    expect(selection.noisySites[0]).toMatchObject({ positives: 200, negatives: 200, auc: 0.5 })
    const left = Map.groupBy(outcomes, (one) => `${one.site} ${one.reason}`)
    expect([...left].map(([key, all]) => [key, all.length])).toEqual([
      ['noise-01 noisy-site', 400],
      ['weak-01 null', 400],
      ['small-01 null', 40],
      ['constant-01 null', 400],
    ])
  })

  it('chooses the generation with more patients, of two with as many the later one', async () => {
    const of = (study: string, patient: string, generation: number): TestEnvelope[] => [
      { kind: 'features', study, patient, generation },
      { kind: 'label', study, value: 'present' },
    ]
    const more = [...of('a', 'p', 1), ...of('b', 'q', 1), ...of('c', 'r', 2)]
    expect(await reasons(more)).toEqual([null, null, 'other-generation'])
    const asMany = [...of('a', 'p', 1), ...of('b', 'p', 1), ...of('c', 'r', 2)]
    expect(await reasons(asMany)).toEqual(['other-generation', 'other-generation', null])
  })
})

function generations(rows: readonly Decided[], site: string): number {
  return new Set(rows.filter((row) => row.site === site).map((row) => row.generation)).size
}
