import { ManualClock, silentLogger } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ProcedureStepProvider } from '../dimse/index.ts'
import { settingsSchema } from '../settings.ts'
import { arrivalOf } from '../testing/arrivals.ts'
import { temporaryRecords } from '../testing/memory-records.ts'
import { MOST_COUNT_ATTEMPTS } from './evidence.ts'
import { Assembler, StudyEvidence } from './index.ts'

const STEP = '1.2.840.99.1'
const settings = settingsSchema.parse({
  assembly: { procedureSteps: true, availability: true },
  sources: [{ name: 'pacs', aeTitle: 'PACS', host: '127.0.0.1', port: 104, counts: ['CT1'] }],
})

describe('evidence of completeness', () => {
  let held: ReturnType<typeof temporaryRecords>
  let clock: ManualClock
  let evidence: StudyEvidence
  let assembler: Assembler
  let asked: number
  let answer: () => Promise<number | undefined>
  const codes: string[] = []

  const association = { associationId: 'association', callingAeTitle: 'CT1' } as never
  const steps = () =>
    new ProcedureStepProvider({
      store: held.records.evidence,
      transaction: (work) => held.records.transaction(work),
      clock,
      logger: silentLogger,
    })

  /** Puts everything that is in memory together anew, as a start of the process does. */
  const begin = async (): Promise<void> => {
    const { records } = held
    evidence = new StudyEvidence({
      records,
      settings: () => settings,
      ask: () => {
        asked += 1
        return answer()
      },
      clock,
      logger: silentLogger,
    })
    const note = (event: { codes?: readonly string[] }): void => {
      codes.push((event.codes ?? []).join(' '))
    }
    assembler = new Assembler({
      records,
      settings: () => settings,
      audit: { record: note, recordNow: note },
      clock,
      logger: silentLogger,
      onComplete: () => undefined,
      onGrown: () => undefined,
      evidence,
    })
    await evidence.start()
    await assembler.start()
  }
  const end = async (): Promise<void> => {
    await assembler.stop()
    await evidence.stop()
  }
  const restart = async (): Promise<void> => {
    await end()
    await begin()
  }

  beforeEach(async () => {
    held = temporaryRecords()
    clock = new ManualClock(1_800_000_000_000)
    asked = 0
    answer = async () => undefined
    codes.length = 0
    await begin()
  })
  afterEach(async () => {
    await end()
    held.dispose()
  })

  const arrive = (...uids: string[]): void => {
    for (const uid of uids) {
      const arrival = arrivalOf(uid, { receivedAt: clock.now() })
      const registration = held.records.transaction(() => held.records.intake.register(arrival))
      if (registration.kind !== 'added') throw new Error('not added')
      assembler.arrived(arrival, registration)
    }
  }
  const revisions = () => held.records.studies.revisions(1)
  const complete = (revision: number) =>
    expect.poll(() => revisions().find((one) => one.number === revision)?.completionReason ?? undefined, {
      timeout: 5000,
    })
  const still = async (): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, 350))
    expect(revisions()[0]?.assembly).toBe('receiving')
  }

  it('a finished procedure step closes the study at once, over a restart in between', async () => {
    expect(steps().create({ association, sopInstanceUid: STEP, studyInstanceUids: ['1.2.3'] })).toBe('accepted')
    arrive('1.1', '1.2')
    assembler.associationEnded('association')
    clock.advance(60_000)
    await still()
    await restart()
    await still()
    const instances = ['1.1', '1.2', '1.3']
    expect(steps().set({ association, sopInstanceUid: STEP, status: 'COMPLETED', instances })).toBe('accepted')
    clock.advance(1000)
    await still()
    arrive('1.3')
    await complete(1).toBe('procedure-step')
    expect(revisions()[0]?.expectedInstances).toBe(3)
    expect(codes).toContain('procedure-step expected-3')
  })

  it('instances that a step names and that never come are waited for only so long', async () => {
    steps().create({ association, sopInstanceUid: STEP, studyInstanceUids: ['1.2.3'] })
    steps().set({ association, sopInstanceUid: STEP, status: 'COMPLETED', instances: ['1.1', '1.2'] })
    arrive('1.1')
    assembler.associationEnded('association')
    clock.advance(299_999)
    await still()
    clock.advance(1)
    await complete(1).toBe('quiet-timer')
    expect(revisions()[0]?.expectedInstances).toBe(2)
  })

  it('an announcement of availability closes the study when all it names is here', async () => {
    expect(steps().notify({ association, studyInstanceUid: '1.2.3', instances: ['1.1', '1.2'] })).toBe('accepted')
    arrive('1.1')
    await still()
    arrive('1.2')
    await complete(1).toBe('instance-availability')
  })

  it('the count of the source closes the study without waiting for the timer', async () => {
    answer = async () => 2
    arrive('1.1', '1.2')
    await still()
    expect(asked).toBe(0)
    assembler.associationEnded('association')
    await complete(1).toBe('instance-count')
    expect(asked).toBe(1)
  })

  it('a source that counts more holds the study open until the rest came, also over a restart', async () => {
    answer = async () => 3
    arrive('1.1', '1.2')
    assembler.associationEnded('association')
    await expect.poll(() => held.records.evidence.countOf(1)?.instances).toBe(3)
    clock.advance(10_000)
    await still()
    await restart()
    await still()
    expect(asked).toBe(1)
    arrive('1.3')
    assembler.associationEnded('association')
    await complete(1).toBe('instance-count')
  })

  it('a source that does not tell is asked a bounded number of times, then the timers decide', async () => {
    answer = () => Promise.reject(new Error('away'))
    arrive('1.1')
    assembler.associationEnded('association')
    for (let attempt = 1; attempt <= MOST_COUNT_ATTEMPTS; attempt += 1) {
      await expect.poll(() => held.records.evidence.countOf(1)?.attempts, { timeout: 5000 }).toBe(attempt)
      if (attempt < MOST_COUNT_ATTEMPTS) expect(revisions()[0]?.assembly).toBe('receiving')
      clock.advance(10_000)
    }
    await complete(1).toBe('association-end-and-quiet')
    expect(asked).toBe(MOST_COUNT_ATTEMPTS)
    expect(revisions()[0]?.expectedInstances).toBeNull()
  })

  it('a late instance opens a revision that is judged anew and supersedes the one before', async () => {
    answer = async () => 1
    arrive('1.1')
    assembler.associationEnded('association')
    await complete(1).toBe('instance-count')
    answer = async () => 2
    arrive('1.2')
    assembler.associationEnded('association')
    await complete(2).toBe('instance-count')
    expect(revisions().map(({ number, superseded }) => [number, superseded])).toEqual([
      [2, 0],
      [1, 1],
    ])
  })
})
