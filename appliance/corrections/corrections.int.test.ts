import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { pseudonymOfPatient, pseudonymOfStudy } from '../deidentify/index.ts'
import { parsePart10, text } from '../imaging/dataset/index.ts'
import { NOTE_SOP_CLASS } from '../results/index.ts'
import { readKeyObject } from './rejection-note.ts'
import { Bench, BY, KEYS, merge } from './testing/corrections-bench.ts'

const STEPS: Readonly<Record<string, (bench: Bench) => unknown>> = {
  first: (bench) => {
    bench.arrive('S1', '1')
  },
  second: (bench) => {
    bench.arrive('S1', '2')
  },
  late: (bench) => {
    bench.arrive('S1', '3')
  },
  other: (bench) => {
    bench.arrive('S2', '1')
  },
  note: (bench) => {
    bench.arrive('S1', '50', ['2'])
  },
  'note on everything of S2': (bench) => {
    bench.arrive('S2', '50', ['1'])
  },
  'merge A into B': (bench) => merge(bench, 'A', 'B', 'B^SURVIVES'),
  'merge B into C': (bench) => merge(bench, 'B', 'C', 'C^SURVIVES'),
  // A person can correct only what is there: until then the step waits.
  accession: (bench) => {
    const studyId = bench.studyId('S1')
    if (studyId === undefined) return 'later'
    bench.corrections.correctAccession(studyId, 'ACC9', BY)
    return undefined
  },
}

describe('corrections over the real record', () => {
  let bench: Bench
  beforeEach(() => {
    bench = new Bench()
  })
  afterEach(() => {
    bench.dispose()
  })

  it('end in the same state in any order, with work in between and the power cut anywhere', async () => {
    const order = fc.shuffledSubarray(Object.keys(STEPS), { minLength: Object.keys(STEPS).length })
    const work = fc.array(fc.constantFrom('none', 'one', 'all', 'all-delivered'), { minLength: 9, maxLength: 9 })
    const cuts = fc.array(fc.integer({ min: -1, max: 4 }), { minLength: 9, maxLength: 9 })
    await fc.assert(
      fc.asyncProperty(order, work, cuts, async (names, working, cut) => {
        const one = new Bench()
        try {
          const queue = [...names]
          // The power goes once in each step at most: a step that always fails never ends.
          const failed = new Set<string>()
          for (let at = 0; queue.length > 0; at += 1) {
            const name = queue.shift() ?? ''
            const step = STEPS[name]
            one.clock.advance(1000)
            const before = one.dump()
            one.failAfter = failed.has(name) ? -1 : (cut[at % 9] ?? -1)
            try {
              if (step?.(one) === 'later') queue.push(name)
            } catch (cause) {
              expect((cause as Error).message).toBe('power cut')
              // All of the step is there or nothing of it; then it comes again.
              expect(one.dump()).toBe(before)
              failed.add(name)
              queue.push(name)
            }
            one.failAfter = -1
            const how = working[at % 9]
            for (let more = how !== 'none'; more; more = (await one.work(how === 'all-delivered')) && how !== 'one');
          }
          while (await one.work(false));
          expect(one.waitingForSuperseded()).toEqual([])
          one.deliver()
          const patientPseudonym = pseudonymOfPatient(KEYS, { issuer: '', id: 'C' })
          const merged = { patientId: 'C', patientName: 'C^SURVIVES', patientPseudonym }
          expect(one.inForce('S1')).toMatchObject({
            ...merged,
            accessionNumber: 'ACC9',
            processing: 'scored',
            counted: ['1.2.1.1', '1.2.1.3'],
            withdrawn: { '1.2.1.2': 'quality', '1.2.1.50': 'rejection-note' },
          })
          expect(one.inForce('S2')).toMatchObject({
            ...merged,
            accessionNumber: 'ACC1',
            processing: 'not-scored',
            reason: 'rejected.quality',
            counted: [],
          })
          expect(one.inForce('S1').superseded.slice(1)).not.toContain(0)
          expect(one.inForce('S1').superseded[0]).toBe(0)
          // What the hub was told last is what is in force.
          const told = one.bodies('study-revision').filter((body) => body.study === pseudonymOfStudy(KEYS, '1.2.1'))
          if (one.records.studies.revisions(one.studyId('S1') ?? 0).length > 1) {
            expect(told.at(-1)).toMatchObject({ patient: patientPseudonym })
          }
          // Whoever has a result of the rejected study has the note that takes it back.
          const held = one.records.corrections.delivered(one.studyId('S2') ?? 0, 1000, NOTE_SOP_CLASS)
          expect(held).toEqual([])
        } finally {
          one.dispose()
        }
      }),
      { numRuns: 60 },
    )
  }, 120_000)

  it('takes a delivered result back with a rejection note of our own, and a withdrawn delivery without one', async () => {
    bench.arrive('S2', '1')
    while (await bench.work(true));
    bench.clock.advance(1000)
    bench.arrive('S2', '50', ['1'])
    while (await bench.work(false));
    const [due, ...more] = bench.records.results.due('pacs', bench.clock.now(), 10)
    expect(more).toEqual([])
    expect(due?.sopClassUid).toBe(NOTE_SOP_CLASS)
    const { dataSet } = parsePart10(due?.content ?? new Uint8Array())
    expect([0x00100020, 0x00080050, 0x0020000d].map((tag) => text(dataSet, tag))).toEqual(['B', 'ACC1', '1.2.2'])
    expect(readKeyObject(due?.content ?? new Uint8Array())).toMatchObject({ title: 'quality', rejects: ['9.1.1'] })

    const other = new Bench()
    other.arrive('S2', '1')
    while (await other.work(false));
    other.clock.advance(1000)
    other.arrive('S2', '50', ['1'])
    while (await other.work(false));
    // The result never left: it is cancelled, and nobody needs to be told.
    expect(other.records.results.due('pacs', other.clock.now(), 10)).toEqual([])
    other.dispose()
  })

  it('puts a study back under its own patient when a merge is undone, and says which labels still count', async () => {
    bench.arrive('S1', '1')
    while (await bench.work(true));
    const [answer] = merge(bench, 'A', 'B')
    while (await bench.work(true));
    const studyId = bench.studyId('S1') ?? 0
    expect(bench.inForce('S1')).toMatchObject({ patientId: 'B', processing: 'scored' })
    expect(bench.records.corrections.revisionsLike(studyId, 2)).toEqual([1])
    bench.corrections.undoMerge(answer?.mergeId ?? 0, BY)
    expect(bench.events).toEqual(expect.arrayContaining(['patient.merged', 'study.corrected']))
    expect(bench.events.slice(-2)).toContain('patient.merge-undone')
    while (await bench.work(true));
    expect(bench.inForce('S1')).toMatchObject({ patientId: 'A', patientName: 'A^NAME', processing: 'scored' })
    bench.arrive('S1', '2')
    while (await bench.work(true));
    expect(bench.records.corrections.revisionsLike(studyId, 4)).toEqual([])
    const told = bench.bodies('study-revision').map((body) => [body.revision, body.causes, body.sameInstances])
    expect(told).toEqual([
      [2, ['patient-merge'], [1]],
      [3, ['patient-merge-undone'], [1, 2]],
      [4, ['late-instance'], []],
    ])
    expect(bench.records.corrections.corrections(studyId).map((one) => one.cause)).toEqual([
      'patient-merge-undone',
      'patient-merge',
    ])
    expect(() => bench.corrections.undoMerge(answer?.mergeId ?? 0, BY)).toThrowError(
      expect.objectContaining({ code: 'undone-before' }),
    )
  })

  it('records several merges of one message together or none of them', () => {
    const request = (from: string, to: string) => ({ from: { issuer: '', id: from }, to: { issuer: '', id: to } })
    expect(() => bench.corrections.merge([request('A', 'B'), request('B', 'A')], BY)).toThrowError(
      expect.objectContaining({ code: 'circle' }),
    )
    expect(bench.records.corrections.merges(10)).toEqual([])
    expect(bench.corrections.merge([request('A', 'B')], BY)[0]).toMatchObject({ known: false })
    expect(bench.corrections.merge([request('A', 'B')], BY)[0]).toMatchObject({ known: true, studies: 0 })
  })

  it('takes late objects of a merged study under either number, and of nobody else', () => {
    bench.arrive('S1', '1')
    merge(bench, 'A', 'B')
    bench.arrive('S1', '2')
    expect(bench.inForce('S1').patientId).toBe('B')
    const quarantined = bench.records.studies.totals().quarantined
    expect(quarantined).toBe(0)
  })

  it('finds what it needs by index', async () => {
    const statements = await import('../records/correction-records.ts')
    const hot = [
      statements.SELECT_MERGE_OF,
      statements.SELECT_STUDIES_UNDER,
      statements.SELECT_RECEIVED,
      statements.SELECT_UNREAD,
      statements.SELECT_NOTES,
      statements.SELECT_MEMBERS,
      statements.SELECT_COUNTED,
      statements.SELECT_DELIVERED,
      statements.SELECT_DESTINATIONS,
      statements.SELECT_CORRECTIONS,
    ]
    for (const sql of hot) {
      const values = Array.from({ length: sql.split('?').length - 1 }, () => 1)
      const plan = bench.records.database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values) as { detail: string }[]
      const scans = plan.map((step) => step.detail).filter((detail) => /^SCAN (?!merged|m$)/.test(detail))
      expect(
        scans.filter((detail) => !/CONSTANT ROW|USING/.test(detail)),
        sql,
      ).toEqual([])
    }
  })
})
