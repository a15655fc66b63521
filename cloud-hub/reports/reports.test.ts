import { AUDIT_EVENT_CODES, standardsOf } from '@leadglass/sync-agent/audit-log'
import type { JsonValue } from '@leadglass/sync-agent/foundation'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FRAMEWORK_NAMES, FRAMEWORKS } from './catalogue/index.ts'
import { MODEL_VERSION } from './catalogue/model-version.ts'
import { type Control, judge } from './evaluate.ts'
import { type Evidence, evidenceId, type Finding, recordEvidence } from './evidence.ts'
import { FACT_NAMES, FACTS, type Fact } from './facts.ts'
import { parsePeriod } from './period.ts'
import { composeReport } from './report.ts'

const ALL: readonly Control[] = [...FRAMEWORK_NAMES.flatMap((name) => FRAMEWORKS[name].controls), ...MODEL_VERSION]
const POSSIBLE = FACT_NAMES.filter((fact) => FACTS[fact].source.by !== 'elsewhere')
const NOW = Date.parse('2026-11-23T00:00:00Z')

const control = fc.constantFrom(...ALL)
const evidence: fc.Arbitrary<Evidence[]> = fc.array(
  fc
    .record({ fact: fc.constantFrom(...POSSIBLE), content: fc.jsonValue() })
    .map(({ fact, content }) => recordEvidence(fact, 'a table', 'something', content as JsonValue)),
  { maxLength: 40 },
)
const findings: fc.Arbitrary<Finding[]> = fc.array(
  fc.record({ fact: fc.constantFrom(...FACT_NAMES), words: fc.string({ minLength: 1 }) }),
  { maxLength: 3 },
)

describe('the catalogues', () => {
  it.each(FRAMEWORK_NAMES)('%s has controls, and cites each clause once', (name) => {
    const clauses = FRAMEWORKS[name].controls.map(({ clause }) => clause)
    expect(clauses.length).toBeGreaterThan(10)
    expect(new Set(clauses).size).toBe(clauses.length)
  })

  it('has every clause of HIPAA, HITECH and Part 11 for which an event of the log is evidence', () => {
    const cited = new Set(ALL.map(({ clause }) => clause))
    const claimed = new Set(AUDIT_EVENT_CODES.flatMap((event) => standardsOf(event).clauses))
    expect([...claimed].filter((clause) => !cited.has(clause))).toEqual([])
  })

  it('needs every fact somewhere, and asks for none twice in one control', () => {
    expect(FACT_NAMES.filter((fact) => !ALL.some(({ needs }) => needs.includes(fact)))).toEqual([])
    expect(ALL.filter(({ needs }) => new Set(needs).size !== needs.length)).toEqual([])
  })

  it('no document is named as another begins: a file is evidence for one fact', () => {
    const names = FACT_NAMES.filter((fact) => FACTS[fact].source.by === 'document')
    expect(names.filter((one) => names.some((other) => other !== one && other.startsWith(one)))).toEqual([])
  })
})

describe('judging', () => {
  it('without any evidence every control of every framework is a gap with a reason', () => {
    for (const one of ALL) {
      const { outcome } = judge(one, { evidence: [], findings: [] })
      expect(outcome.status, one.clause).toBe('gap')
      expect(outcome.status === 'gap' && outcome.missing.length).toBeGreaterThanOrEqual(one.needs.length)
    }
  })

  it('is met only with evidence for each fact that it needs, and with nothing that speaks against one', () => {
    fc.assert(
      fc.property(control, evidence, findings, (one, found, against) => {
        const { outcome } = judge(one, { evidence: found, findings: against })
        const shown = one.needs.every((fact) => found.some((item) => item.fact === fact))
        const doubted = against.some(({ fact }) => one.needs.includes(fact))
        expect(outcome.status).toBe(shown && !doubted ? 'met' : 'gap')
        expect(outcome.evidence.every(({ fact }) => one.needs.includes(fact))).toBe(true)
      }),
    )
  })

  it('taking any evidence away, or finding anything, never turns a gap into met', () => {
    fc.assert(
      fc.property(control, evidence, findings, fc.array(fc.boolean()), findings, (one, found, against, keep, more) => {
        const before = judge(one, { evidence: found, findings: against }).outcome.status
        const fewer = found.filter((_, place) => keep[place] ?? false)
        const after = judge(one, { evidence: fewer, findings: [...against, ...more] }).outcome.status
        expect([before, after]).not.toEqual(['gap', 'met'])
      }),
    )
  })

  it('what cannot be seen from a hub is a gap whatever else is shown, and evidence of it cannot be made', () => {
    const everything = POSSIBLE.map((fact) => recordEvidence(fact, 'a table', 'something', { fact }))
    const hidden = FACT_NAMES.filter((fact) => FACTS[fact].source.by === 'elsewhere')
    expect(hidden.length).toBeGreaterThan(2)
    for (const one of ALL) {
      const { outcome } = judge(one, { evidence: everything, findings: [] })
      const needsHidden = one.needs.some((fact: Fact) => hidden.includes(fact))
      expect([one.clause, outcome.status]).toEqual([one.clause, needsHidden ? 'gap' : 'met'])
      if (outcome.status === 'gap') expect(outcome.missing.join()).toContain('Not visible from here')
    }
    for (const fact of hidden) expect(() => recordEvidence(fact, 'x', 'y', {})).toThrow(TypeError)
  })
})

describe('a report', () => {
  it('is the same for the same input, and says of its evidence each once', () => {
    const found = POSSIBLE.map((fact) => recordEvidence(fact, 'a table', 'something', { fact }))
    const request = {
      subject: { kind: 'framework', framework: 'hipaa' } as const,
      period: parsePeriod('30d', NOW),
      softwareVersion: '0.1.0',
      logKeys: [],
      collected: { evidence: [...found, ...found], findings: [] },
    }
    const report = composeReport(request)
    expect(composeReport(request)).toEqual(report)
    expect(new Set(report.evidence.map(({ id }) => id)).size).toBe(report.evidence.length)
    expect(report.met + report.gaps).toBe(report.controls.length)
    for (const { id, ...rest } of report.evidence) expect(evidenceId(rest)).toBe(id)
  })

  it.each([
    ['1d', 1],
    ['30d', 30],
    ['12w', 84],
    ['10y', 3650],
  ])('%s is %i days', (text, days) => {
    const { from, until } = parsePeriod(text, NOW)
    expect([until * 1000, (until - from) / 86_400]).toEqual([NOW, days])
  })

  it.each(['', '0d', '-1d', '30', 'd', '1e3d', '9999d', '11y', '30d ', '30d\n', '٣d', '30D', '30d;--', 'Infinityd'])(
    'refuses the period %j',
    (text) => {
      expect(() => parsePeriod(text, NOW)).toThrow(expect.objectContaining({ code: 'period-invalid' }))
    },
  )
})
