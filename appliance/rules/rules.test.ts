import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareRules } from './compare.ts'
import { decide } from './decide.ts'
import { chooseTurn, LANES, MOST_PASSED_OVER, type Waiting } from './lanes.ts'
import type { RuleFile } from './rule-file.ts'
import { simulateRules } from './simulate.ts'
import { factsOfExample, unknownDestinations, validateRules } from './validate.ts'

const CHEST = {
  name: 'chest',
  when: { all: [{ modality: ['DX'] }, { bodyPart: ['CHEST'] }] },
  do: { lane: 'urgent', destinations: ['pacs'] },
  examples: {
    match: [{ tags: { Modality: 'DX', BodyPartExamined: 'CHEST' } }],
    noMatch: [{ tags: { Modality: 'CT' } }],
  },
}
const CT = {
  name: 'ct-at-night',
  when: { modality: ['CT'] },
  do: { lane: 'off-peak', models: [], reason: 'no model for CT' },
  examples: { match: [{ tags: { Modality: 'CT' } }], noMatch: [{ tags: { Modality: 'DX' } }] },
}

function file(...rules: readonly object[]): RuleFile {
  const verdict = validateRules({ schema: 'leadglass.rules/1', rules })
  if (verdict.kind === 'invalid') throw new Error(JSON.stringify(verdict.faults))
  return verdict.file
}

function faults(value: unknown): string[] {
  const verdict = validateRules(value)
  return verdict.kind === 'valid' ? [] : verdict.faults.map((one) => `${one.where}: ${one.what}`)
}

describe('a rule file', () => {
  it('is valid when every example matches or does not as it must', () => {
    expect(file(CHEST, CT).rules.map((rule) => rule.name)).toEqual(['chest', 'ct-at-night'])
  })

  it.each([
    ['an example that must match and does not', [{ ...CT, when: { modality: ['MR'] } }], /match\.0 .*must match/],
    ['an example that must not match and does', [{ ...CT, when: { always: true } }], /noMatch\.0 .*must not match/],
    ['an example that an earlier rule takes', [CT, { ...CT, name: 'never' }], /earlier rule ct-at-night decides/],
    ['a rule without examples', [{ ...CT, examples: { match: [], noMatch: [] } }], /examples/],
    ['a name that occurs twice', [CT, CT], /twice/],
    ['a name that is no code', [{ ...CT, name: 'Dr Who' }], /rules\.0\.name/],
    ['an attribute that names a patient', [{ ...CT, when: { tag: 'PatientName', equals: 'X' } }], /rules\.0\.when/],
    ['an unknown member', [{ ...CT, script: 'x' }], /script/],
    ['a lane that does not exist', [{ ...CT, do: { lane: 'fast' } }], /rules\.0\.do\.lane/],
  ])('is refused with %s', (_name, rules, expected) => {
    expect(faults({ schema: 'leadglass.rules/1', rules }).join('\n')).toMatch(expected)
  })

  it('is refused whole when it is no rule file at all', () => {
    for (const value of [null, undefined, 7, 'x', [], { rules: [] }]) expect(faults(value)).not.toEqual([])
    expect(faults({ schema: 'leadglass.rules/1', rules: [], timeZone: 'Mars/Olympus' }).join()).toMatch(/timeZone/)
  })

  it('names destinations that the settings do not know', () => {
    expect(unknownDestinations(file(CHEST), ['archive'])).toEqual([
      { where: 'rules.0.do.destinations', what: '"pacs" is no destination in the settings' },
    ])
    expect(unknownDestinations(file(CHEST), ['pacs'])).toEqual([])
  })
})

describe('a decision', () => {
  const chest = factsOfExample({ tags: { Modality: 'DX', BodyPartExamined: 'CHEST' }, urgent: true })

  it('is the first rule that matches, alone', () => {
    const later = { ...CHEST, name: 'later', do: { models: ['x-model'], processing: 'keep' } }
    const rules = { ...file(CHEST), rules: [...file(CHEST).rules, ...file(later).rules] }
    expect(decide(rules, chest)).toEqual({
      rule: 'chest',
      lane: 'urgent',
      models: 'all',
      destinations: ['pacs'],
      processing: 'score',
      profile: 'standard',
      reason: null,
    })
  })

  it('without a rule is as without rules: urgent work first, everything else as usual', () => {
    expect(decide(null, chest)).toMatchObject({ rule: null, lane: 'stat', models: 'all', destinations: 'all' })
    expect(decide(file(CT), { ...chest, urgent: false })).toMatchObject({ rule: null, lane: 'routine' })
  })
})

describe('a simulation', () => {
  it('shows exactly the studies about which the rules would decide otherwise', () => {
    const past = ['CT', 'DX', 'CT'].map((modality, index) => ({
      study: String(index).repeat(32),
      revision: 1,
      facts: factsOfExample({ tags: { Modality: modality } }),
    }))
    const found = simulateRules(past, null, file(CT), 1)
    expect(found).toMatchObject({ examined: 3, changed: 2, decidedBy: { 'ct-at-night': 2, '': 1 } })
    expect(found.changes).toHaveLength(1)
    expect(found.changes[0]).toMatchObject({ study: '0'.repeat(32), members: ['lane', 'models'] })
    expect(simulateRules(past, file(CT), file({ ...CT, name: 'renamed' }), 9).changed).toBe(0)
  })
})

describe('what changes between versions', () => {
  it('names added, removed, changed and moved rules', () => {
    const before = file(CHEST, CT)
    expect(compareRules(null, before).map((one) => `${one.kind} ${one.name}`)).toContain('added chest')
    expect(compareRules(before, before)).toEqual([])
    expect(
      compareRules(before, file(CT, CHEST)).map((one) => `${one.kind} ${one.name} ${one.before}>${one.after}`),
    ).toEqual(['moved chest 1>2', 'moved ct-at-night 2>1'])
    const changed = compareRules(before, file({ ...CHEST, do: { lane: 'stat' } }))
    expect(changed.map((one) => `${one.kind} ${one.name}`)).toEqual(['changed chest', 'removed ct-at-night'])
  })
})

describe('the lanes', () => {
  const head = fc.record({
    lane: fc.constantFrom(...LANES),
    revisionId: fc.integer({ min: 1, max: 1000 }),
    waitingSince: fc.nat(1000),
  })

  it('serve the highest first', () => {
    const heads: Waiting[] = [
      { lane: 'routine', revisionId: 1, waitingSince: 1 },
      { lane: 'stat', revisionId: 2, waitingSince: 9 },
    ]
    expect(chooseTurn(heads, true, 0)).toMatchObject({ next: { revisionId: 2 }, passedOver: 1 })
    expect(chooseTurn(heads, true, MOST_PASSED_OVER)).toMatchObject({ next: { revisionId: 1 }, passedOver: 0 })
  })

  it('serve off-peak work only in its window', () => {
    const heads: Waiting[] = [{ lane: 'off-peak', revisionId: 1, waitingSince: 1 }]
    expect(chooseTurn(heads, false, 0).next).toBeUndefined()
    expect(chooseTurn(heads, true, 0).next?.revisionId).toBe(1)
  })

  it('choose one of the waiting, whatever waits', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(head, { selector: (one) => one.lane }),
        fc.boolean(),
        fc.nat(20),
        (heads, open, count) => {
          const ready = heads.filter((one) => open || one.lane !== 'off-peak')
          const { next } = chooseTurn(heads, open, count)
          if (ready.length === 0) expect(next).toBeUndefined()
          else expect(ready).toContainEqual(next)
        },
      ),
    )
  })

  it('let nobody wait for more than eight turns of each other lane, however much work stands above', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...LANES), { minLength: 1, maxLength: 3 }), (lanes) => {
        const victim: Waiting = { lane: 'routine', revisionId: 0, waitingSince: 0 }
        let passedOver = 0
        let turns = 0
        for (; turns < 100; turns += 1) {
          const others = [...new Set(lanes)]
            .filter((lane) => lane !== 'routine')
            .map((lane, index): Waiting => ({ lane, revisionId: turns * 10 + index + 1, waitingSince: turns + 1 }))
          const turn = chooseTurn([victim, ...others], true, passedOver)
          passedOver = turn.passedOver
          if (turn.next === victim) break
        }
        expect(turns).toBeLessThanOrEqual(MOST_PASSED_OVER)
      }),
    )
  })
})
