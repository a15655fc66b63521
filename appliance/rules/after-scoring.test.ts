import { describe, expect, it, onTestFinished } from 'vitest'
import { arrivalOf } from '../testing/arrivals.ts'
import { temporaryRecords } from '../testing/memory-records.ts'
import { AfterScoring } from './after-scoring.ts'
import { type Decision, decide, decideMeasured, decideWhole } from './decide.ts'
import { LANE_NUMBERS } from './lanes.ts'
import type { RuleFile } from './rule-file.ts'
import { simulateRules } from './simulate.ts'
import { factsOfExample, validateRules } from './validate.ts'

const INVERTED = {
  name: 'inverted',
  when: { all: [{ modality: ['DX'] }, { quality: 'quality.inversion', number: { atLeast: 0.5 } }] },
  do: { processing: 'hold', reason: 'black for white' },
  examples: {
    match: [{ tags: { Modality: 'DX' }, quality: { 'quality.inversion': 0.9 } }],
    noMatch: [{ tags: { Modality: 'DX' }, quality: { 'quality.inversion': 0.1 } }, { tags: { Modality: 'DX' } }],
  },
}
const BLURRED = {
  name: 'blurred',
  when: { quality: 'quality.sharpness', number: { atMost: 0.001 } },
  do: { profile: 'local-only', destinations: [] },
  examples: { match: [{ quality: { 'quality.sharpness': 0 } }], noMatch: [{ quality: { 'quality.sharpness': 1 } }] },
}

function file(...afterScoring: unknown[]): RuleFile {
  const verdict = validateRules({ schema: 'leadglass.rules/1', rules: [], afterScoring })
  if (verdict.kind === 'invalid') throw new Error(JSON.stringify(verdict.faults))
  return verdict.file
}
const facts = (quality?: Record<string, number>) => factsOfExample({ tags: { Modality: 'DX' }, quality })
const before: Decision = decide(null, facts())

describe('rules of the second stage', () => {
  it('change what they name and nothing else; the first that matches decides', () => {
    const rules = file(INVERTED, BLURRED)
    const hold = decideMeasured(rules, facts({ 'quality.inversion': 0.8, 'quality.sharpness': 0 }), before)
    expect(hold).toEqual({ ...before, rule: 'inverted', processing: 'hold', reason: 'black for white' })
    const local = decideMeasured(rules, facts({ 'quality.sharpness': 0 }), before)
    expect(local).toEqual({ ...before, rule: 'blurred', profile: 'local-only', destinations: [] })
    expect(decideMeasured(rules, facts({ 'quality.sharpness': 1 }), before)).toBe(before)
  })

  it('never speak where nothing was measured, nor about a study that is not scored', () => {
    const rules = file({
      ...INVERTED,
      when: { not: { quality: 'quality.noise', number: { atLeast: 1 } } },
      examples: {
        match: [{ quality: { 'quality.noise': 0 } }],
        noMatch: [{ quality: { 'quality.noise': 2 } }],
      },
    })
    expect(decideWhole(rules, facts()).rule).toBeNull()
    const kept: Decision = { ...before, processing: 'keep' }
    expect(decideMeasured(rules, facts({ 'quality.noise': 0 }), kept)).toBe(kept)
  })

  it('are held against their examples, and only they look at figures', () => {
    const faults = (value: object) => {
      const verdict = validateRules({ schema: 'leadglass.rules/1', rules: [], ...value })
      return verdict.kind === 'valid' ? '' : JSON.stringify(verdict.faults)
    }
    const wrong = { ...INVERTED, examples: { ...INVERTED.examples, match: [{ tags: { Modality: 'CT' } }] } }
    expect(faults({ afterScoring: [wrong] })).toMatch(/afterScoring\.0\.examples\.match\.0.*must match/)
    expect(faults({ rules: [INVERTED] })).toMatch(/only rules of afterScoring/)
    expect(faults({ afterScoring: [{ ...INVERTED, do: { profile: 'standard' } }] })).toMatch(/profile/)
    expect(faults({ afterScoring: [{ ...INVERTED, do: { lane: 'stat' } }] })).toMatch(/lane/)
    expect(faults({ afterScoring: [INVERTED, INVERTED] })).toMatch(/twice/)
    expect(faults({ afterScoring: [INVERTED, { ...INVERTED, name: 'never' }] })).toMatch(/earlier rule inverted/)
  })

  it('are simulated on recorded figures', () => {
    const past = [0.1, 0.9].map((value, k) => ({
      study: `${k}`,
      revision: 1,
      facts: facts({ 'quality.inversion': value }),
    }))
    const simulation = simulateRules(past, null, file(INVERTED), 10)
    expect(simulation).toMatchObject({ examined: 2, changed: 1, decidedBy: { '': 1, inverted: 1 } })
    expect(simulation.changes[0]).toMatchObject({ study: '1', members: ['processing'] })
  })
})

describe('judging a revision', () => {
  function running() {
    const held = temporaryRecords()
    const { records } = held
    onTestFinished(() => held.dispose())
    const events: string[] = []
    records.transaction(() => {
      records.intake.register(arrivalOf('1.2.3.4'))
      const row = { version: 4, digest: '', content: '', changes: '', author: '', reason: '', activatedAt: 1 }
      records.rules.insertVersion(row)
    })
    const revision = records.database
      .prepare('SELECT revision_id AS revisionId, study_id AS studyId FROM revision')
      .get() as {
      revisionId: number
      studyId: number
    }
    records.database.exec(
      "UPDATE revision SET assembly = 'complete', processing = 'running', lane = 2, completed_at = 1",
    )
    records.rules.insertFacts(revision.revisionId, 1, JSON.stringify(facts()))
    const afterScoring = new AfterScoring({
      records,
      active: () => ({ version: 4, file: file(INVERTED, BLURRED) }),
      audit: {
        record: ({ event, codes }: { event: string; codes: readonly string[] }) =>
          void events.push([event, ...codes].join(' ')),
      } as never,
      clock: { now: () => 5 },
    })
    const state = () =>
      records.database.prepare('SELECT processing, lane FROM revision').get() as { processing: string; lane: number }
    return { records, afterScoring, revision: { ...revision, studyPseudonym: 'a'.repeat(32) }, events, state }
  }

  it('puts a held study back, lists it, and does not hold it again when a person let it go on', () => {
    const { records, afterScoring, revision, events, state } = running()
    const quality = [{ 'quality.inversion': 0.9 }]
    expect(afterScoring.judge(revision, before, quality).kind).toBe('held')
    expect(state()).toEqual({ processing: 'queued', lane: 4 })
    expect(records.rules.held(10)).toMatchObject([{ rule: 'inverted', revision: 1 }])
    records.transaction(() => records.rules.release(revision.revisionId, LANE_NUMBERS.routine, 6))
    expect(state()).toEqual({ processing: 'queued', lane: 2 })
    records.database.exec("UPDATE revision SET processing = 'running'")
    const again = afterScoring.judge(revision, before, quality)
    expect(again).toMatchObject({ kind: 'go-on', decision: { rule: 'inverted', processing: 'score' } })
    expect(state().processing).toBe('running')
    expect(events).toEqual([
      'study.held version-4 inverted after-scoring',
      'study.routed version-4 inverted after-scoring',
    ])
  })

  it('records what else was decided, and leaves alone what no rule speaks of', () => {
    const { records, afterScoring, revision, events } = running()
    expect(afterScoring.judge(revision, before, [{ 'quality.sharpness': 1 }])).toEqual({
      kind: 'go-on',
      decision: before,
    })
    expect(events).toEqual([])
    const verdict = afterScoring.judge(revision, before, [{ 'quality.sharpness': 0 }])
    expect(verdict).toMatchObject({ kind: 'go-on', decision: { profile: 'local-only', destinations: [] } })
    expect(JSON.parse(records.rules.routeOf(revision.revisionId)?.decision ?? '')).toEqual(verdict.decision)
  })
})
