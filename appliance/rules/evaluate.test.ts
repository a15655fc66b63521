import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { attributeOf } from '../imaging/dataset/index.ts'
import { type Condition, condition } from './condition.ts'
import { holds } from './evaluate.ts'
import { matchesPattern } from './glob.ts'
import { RECORDED_ATTRIBUTES, recordedTag } from './recorded-attributes.ts'
import type { RuleExample } from './rule-file.ts'
import { isInWindow, wallTimeOf } from './site-time.ts'
import { factsOfExample } from './validate.ts'

const judge = (one: Condition, example: RuleExample, zone = 'UTC'): boolean =>
  holds(condition.parse(one), factsOfExample(example), zone)

describe('recorded attributes', () => {
  it('have the keywords of PS3.6', () => {
    const wrong = RECORDED_ATTRIBUTES.filter((one) => attributeOf(one.tag)?.keyword !== one.keyword)
    expect(wrong).toEqual([])
  })

  it('are named by keyword or tag, and name nobody', () => {
    expect(recordedTag('Modality')).toBe('00080060')
    expect(recordedTag('(0008,103E)')).toBe('0008103e')
    for (const name of ['PatientName', 'PatientID', '(0010,0030)', 'AccessionNumber', 'StudyInstanceUID', 'toString']) {
      expect(recordedTag(name), name).toBeUndefined()
    }
  })
})

describe('conditions', () => {
  it.each<[string, Condition, RuleExample, boolean]>([
    ['equal, without regard to case', { tag: 'Modality', equals: 'dx' }, { tags: { Modality: 'DX' } }, true],
    ['another value', { tag: 'Modality', equals: 'CR' }, { tags: { Modality: 'DX' } }, false],
    ['a number in any notation', { tag: 'KVP', equals: 120 }, { tags: { KVP: '1.20E2' } }, true],
    ['one of several values', { tag: 'ImageType', equals: 'PRIMARY' }, { tags: { ImageType: ['X', 'PRIMARY'] } }, true],
    ['in a list', { tag: 'ViewPosition', in: ['PA', 'AP'] }, { tags: { ViewPosition: 'AP' } }, true],
    ['a beginning', { tag: 'StudyDescription', startsWith: 'CT' }, { tags: { StudyDescription: 'ct chest' } }, true],
    [
      'a pattern',
      { tag: 'ProtocolName', matches: '*lung*low?dose*' },
      { tags: { ProtocolName: 'Lung low dose' } },
      true,
    ],
    ['absent', { tag: 'ContrastBolusAgent', exists: false }, { tags: {} }, true],
    ['present', { tag: 'ContrastBolusAgent', exists: false }, { tags: { ContrastBolusAgent: 'X' } }, false],
    ['an age in years', { tag: 'PatientAge', number: { atLeast: 18 } }, { tags: { PatientAge: '216M' } }, true],
    ['no number', { tag: 'KVP', number: { atLeast: 0 } }, { tags: { KVP: 'high' } }, false],
    [
      'a date in a range',
      { tag: 'StudyDate', date: { from: '2026-01-01' } },
      { tags: { StudyDate: '20260101' } },
      true,
    ],
    ['no date', { tag: 'StudyDate', date: { from: '2026-01-01' } }, { tags: { StudyDate: '20269901' } }, false],
    [
      'an old study',
      { tag: 'StudyDate', date: { olderThanDays: 30 } },
      { tags: { StudyDate: '20260101' }, at: '2026-02-01T00:00:00Z' },
      true,
    ],
    [
      'a study of the thirtieth day',
      { tag: 'StudyDate', date: { olderThanDays: 30 } },
      { tags: { StudyDate: '20260101' }, at: '2026-01-31T12:00:00Z' },
      false,
    ],
    ['a time', { tag: 'StudyTime', time: { from: '22:00', to: '06:00' } }, { tags: { StudyTime: '0130' } }, true],
    ['a title by pattern', { callingAeTitle: ['ER_*'] }, { callingAeTitle: 'ER_XR1' }, true],
    ['an address in a network', { sourceAddress: ['10.1.0.0/16'] }, { sourceAddress: '10.1.2.3' }, true],
    ['an address elsewhere', { sourceAddress: ['10.1.0.0/16', 'fd00::/8'] }, { sourceAddress: '10.2.0.1' }, false],
    ['modality', { modality: ['CT', 'MR'] }, { tags: { Modality: 'MR' } }, true],
    ['body part', { bodyPart: ['CHEST'] }, { tags: { BodyPartExamined: 'CHEST' } }, true],
    ['urgency', { urgent: true }, { urgent: true }, true],
    ['the number of instances', { instances: { atMost: 2 } }, { instances: 3 }, false],
    ['not', { not: { urgent: true } }, { urgent: true }, false],
    ['no series at all', { tag: 'Modality', matches: '*' }, { series: [] }, false],
  ])('%s', (_name, one, example, expected) => {
    expect(judge(one, example)).toBe(expected)
  })

  it('keeps the values of a series together where told', () => {
    const wanted: Condition[] = [{ modality: ['CT'] }, { bodyPart: ['CHEST'] }]
    const mixed: RuleExample = {
      series: [
        { Modality: 'CT', BodyPartExamined: 'HEAD' },
        { Modality: 'CR', BodyPartExamined: 'CHEST' },
      ],
    }
    expect(judge({ all: wanted }, mixed)).toBe(true)
    expect(judge({ sameSeries: { all: wanted } }, mixed)).toBe(false)
  })

  it('refuses what is not recorded, and forms of any other kind', () => {
    for (const one of [
      { tag: 'PatientName', equals: 'X' },
      { tag: 'Modality', equals: 'CT', in: ['CT'] },
      { tag: 'Modality', regex: '.*' },
      { eval: '1' },
      { any: [] },
      { sourceAddress: ['10.0.0.0/99'] },
      { tag: 'KVP', number: {} },
    ]) {
      expect(condition.safeParse(one).success, JSON.stringify(one)).toBe(false)
    }
  })

  it('refuses conditions that are nested too deep', () => {
    let one: Condition = { urgent: true }
    for (let depth = 0; depth < 9; depth += 1) one = { not: one }
    expect(condition.safeParse(one).success).toBe(false)
  })
})

describe('time at the site', () => {
  it('follows the clock on the wall, with its summer time', () => {
    expect(wallTimeOf(Date.parse('2026-07-01T22:30:00Z'), 'Europe/Berlin')).toMatchObject({ weekday: 4, minute: 30 })
    expect(wallTimeOf(Date.parse('2026-01-01T22:30:00Z'), 'Europe/Berlin')).toMatchObject({ weekday: 4, minute: 1410 })
  })

  it('a window over midnight belongs to the day on which it begins', () => {
    const window = { days: ['fri'], from: '20:00', to: '06:00' } as const
    const at = (text: string): boolean => isInWindow({ ...window, days: [...window.days] }, Date.parse(text), 'UTC')
    expect(at('2026-11-20T21:00:00Z')).toBe(true)
    expect(at('2026-11-21T05:59:00Z')).toBe(true)
    expect(at('2026-11-21T06:00:00Z')).toBe(false)
    expect(at('2026-11-20T05:00:00Z')).toBe(false)
    expect(at('2026-11-21T21:00:00Z')).toBe(false)
  })
})

const value = fc.oneof(fc.string({ maxLength: 40 }), fc.constantFrom('CT', 'CHEST', '20260101', '120', '045Y', ''))
const keyword = fc.constantFrom('Modality', 'BodyPartExamined', 'StudyDate', 'StudyTime', 'KVP', 'PatientAge')
const tags = fc.dictionary(keyword, fc.array(value, { maxLength: 4 }))
const facts: fc.Arbitrary<RuleExample> = fc.record(
  {
    series: fc.array(tags, { maxLength: 4 }),
    callingAeTitle: fc.string({ maxLength: 16 }),
    sourceAddress: fc.oneof(fc.ipV4(), fc.ipV6(), fc.constant('no address')),
    at: fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }).map((one) => one.toISOString()),
    instances: fc.nat(5000),
    urgent: fc.boolean(),
  },
  { requiredKeys: ['series'] },
)
const text = fc.string({ minLength: 1, maxLength: 20 })
const simple: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({ tag: keyword, equals: fc.oneof(text, fc.integer()) }),
  fc.record({ tag: keyword, startsWith: text }),
  fc.record({ tag: keyword, matches: fc.stringMatching(/^[a*?]{1,30}$/) }),
  fc.record({ tag: keyword, exists: fc.boolean() }),
  fc.record({ tag: keyword, number: fc.record({ atLeast: fc.integer() }) }),
  fc.record({ tag: keyword, date: fc.record({ olderThanDays: fc.nat(1000) }) }),
  fc.record({ tag: keyword, time: fc.constant({ from: '22:00', to: '06:00' }) }),
  fc.record({ callingAeTitle: fc.array(text, { minLength: 1, maxLength: 3 }) }),
  fc.record({ sourceAddress: fc.array(fc.ipV4(), { minLength: 1, maxLength: 3 }) }),
  fc.record({ urgent: fc.boolean() }),
)
const nested: fc.Arbitrary<Condition> = fc.letrec<{ one: Condition }>((tie) => ({
  one: fc.oneof(
    { maxDepth: 4 },
    simple,
    fc.record({ all: fc.array(tie('one'), { minLength: 1, maxLength: 3 }) }),
    fc.record({ any: fc.array(tie('one'), { minLength: 1, maxLength: 3 }) }),
    fc.record({ not: tie('one') }),
    fc.record({ sameSeries: tie('one') }),
  ),
})).one

describe('whatever the condition and the facts', () => {
  it('answers, answers the same again, and not is its opposite', () => {
    fc.assert(
      fc.property(nested, facts, (one, example) => {
        const known = factsOfExample(example)
        const before = JSON.stringify(known)
        const answer = holds(one, known, 'Europe/Berlin')
        expect(typeof answer).toBe('boolean')
        expect(holds(one, known, 'Europe/Berlin')).toBe(answer)
        expect(holds({ not: one }, known, 'Europe/Berlin')).toBe(!answer)
        expect(JSON.stringify(known)).toBe(before)
      }),
      { numRuns: 500 },
    )
  })

  it('a pattern matches as the same regular expression does', () => {
    const escaped = (pattern: string): RegExp =>
      new RegExp(`^${pattern.replaceAll('*', '[^]*').replaceAll('?', '[^]')}$`, 'iu')
    fc.assert(
      fc.property(fc.stringMatching(/^[abC]{0,12}$/), fc.stringMatching(/^[aBc*?]{0,6}$/), (one, pattern) => {
        expect(matchesPattern(one, pattern)).toBe(escaped(pattern).test(one))
      }),
      { numRuns: 1000 },
    )
  })

  it('the worst pattern over the longest value takes no time worth naming', () => {
    const started = performance.now()
    for (let round = 0; round < 20; round += 1) matchesPattern('a'.repeat(256), `${'*a'.repeat(63)}*b`)
    expect(performance.now() - started).toBeLessThan(2000)
  })
})
