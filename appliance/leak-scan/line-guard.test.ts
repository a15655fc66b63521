import { performance } from 'node:perf_hooks'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { GuardedOutput } from './guarded-output.ts'
import type { HeldIdentity } from './held-identities.ts'
import { LineGuard, MOST_KNOWN_STUDIES } from './line-guard.ts'

function identity(studyId: number, change: Partial<HeldIdentity['identifiers']> = {}): HeldIdentity {
  const identifiers = {
    names: ['Quixano', 'Chen'],
    ids: ['MRN-8841-27', '77881234'],
    birthDates: ['19470317'],
    uids: ['1.2.826.0.1.3680043.9.9999.1'],
    places: [],
    raw: [],
  }
  return { studyId, identifiers: { ...identifiers, ...change } }
}

const clean = JSON.stringify({
  level: 30,
  time: '2026-03-17T08:00:00.000Z',
  process: 'appliance',
  event: 'study.scored',
  study: '8f14e45fceea167a5a36dedd4bea2543',
  code: 'chen',
  bytes: 77881234,
})

describe('the guard of log lines', () => {
  const guard = new LineGuard()
  guard.know(identity(7))

  test.each([
    { message: 'no route to Quixano^Alonso' },
    { message: 'mrn 8841 27' },
    { path: '/a/QUIXANO.dcm' },
    { cause: 'born 17.03.1947' },
    { quixano: 1 },
    { detail: Buffer.from('name=Quixano;').toString('base64') },
    { message: 'uid 1.2.826.0.1.3680043.9.9999.1' },
    { message: 'Chen, Li' },
    { number: '77881234' },
    { nested: { deep: ['Quixano'] } },
  ])('a line that names a patient is withheld (%#)', (fields) => {
    const { line, finding } = guard.pass(JSON.stringify({ level: 50, event: 'some.failure', ...fields }))
    expect(finding?.owner).toBe(7)
    expect(JSON.parse(line)).toEqual({ level: 50, event: 'log.line-withheld', of: 'some.failure' })
  })

  test('a line that is no JSON is held against them too', () => {
    expect(guard.pass('Error: bad value "Quixano" at x').line).not.toContain('Quixano')
    expect(guard.pass('{"broken": "Quixano').line).not.toContain('Quixano')
  })

  test('other lines pass as they are: our own words, counts, pseudonyms, the time of the line', () => {
    expect(guard.pass(clean)).toEqual({ line: clean, finding: undefined })
  })

  test('of many studies the last ones are known', () => {
    const many = new LineGuard()
    const nameOf = (studyId: number): string => `Surname${'abcdefghij'.charAt(studyId % 10)}${studyId}`
    for (let studyId = 1; studyId <= MOST_KNOWN_STUDIES + 300; studyId += 1)
      many.know(identity(studyId, { names: [nameOf(studyId)], ids: [], birthDates: [], uids: [] }))
    const last = MOST_KNOWN_STUDIES + 300
    expect(many.pass(nameOf(last)).finding?.owner).toBe(last)
    expect(many.pass(nameOf(last - MOST_KNOWN_STUDIES + 1)).finding?.owner).toBe(last - MOST_KNOWN_STUDIES + 1)
    expect(many.pass(nameOf(1)).finding).toBeUndefined()
  })

  test('whatever the words around it, a name does not pass', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, after) => {
        const { line } = guard.pass(JSON.stringify({ event: 'x', message: `${before} Quixano ${after}` }))
        expect(line).not.toContain('Quixano')
      }),
    )
  })

  test('a line costs little with all studies known', () => {
    const full = new LineGuard()
    for (let studyId = 1; studyId <= MOST_KNOWN_STUDIES; studyId += 1)
      full.know(
        identity(studyId, {
          names: [`Name${studyId}`, `Given${studyId}`],
          ids: [`P${studyId * 977}`, `${90_000_000 + studyId}`],
        }),
      )
    for (let run = 0; run < 2000; run += 1) full.pass(clean)
    const rounds = Array.from({ length: 9 }, () => {
      const start = performance.now()
      for (let run = 0; run < 1000; run += 1) full.pass(clean)
      return performance.now() - start
    })
    // Milliseconds a thousand lines are microseconds a line; a busy machine is allowed for.
    expect(Math.min(...rounds)).toBeLessThan(100)
  })
})

describe('what a process writes', () => {
  test('its log, and what is printed in pieces, pass the guard; somebody who listens late hears of it', () => {
    const written: string[] = []
    const output = new GuardedOutput('appliance', (text) => written.push(text))
    output.know(identity(3))
    const heard: number[] = []
    output.logger().child({ room: 'intake' }).error('some.failure', { message: 'cannot read Quixano' })
    output.logger().info('all.well', { code: 'fine' })
    output.onLeak((studyId) => heard.push(studyId))
    output.start()
    try {
      process.stderr.write('Error: Qui')
      process.stderr.write('xano is missing\n    at place\n')
      process.stderr.write(Buffer.from('unfinished'))
    } finally {
      output.stop()
    }
    output.crash(Object.assign(new TypeError('Quixano is not a function'), { code: 'E_THING' }))
    const text = written.join('')
    expect(text).not.toMatch(/quixano/i)
    expect(text).toContain('"of":"some.failure"')
    expect(text).toContain('"event":"all.well"')
    expect(text).toContain('at place\n')
    expect(text).toContain('unfinished\n')
    expect(text).toMatch(
      /"event":"process.crashed","code":"E_THING","name":"TypeError","at":"[^"]*line-guard\.test\.ts:\d+:\d+/,
    )
    expect(heard).toEqual([3, 3])
  })
})
