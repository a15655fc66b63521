import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { temporaryRecords } from '../testing/memory-records.ts'
import * as confirmations from './confirmation-records.ts'
import * as evidence from './evidence-records.ts'
import * as priors from './prior-records.ts'

const HOT = {
  'deliveries to ask about': confirmations.SELECT_UNCONFIRMED_DUE,
  'the unconfirmed delivery of an object': confirmations.SELECT_UNCONFIRMED_REPORT,
  'where a revision came from': evidence.SELECT_REVISION_ORIGIN,
  'the revision of a study that may grow': evidence.SELECT_RECEIVING_OF_STUDY,
  'the count of a revision': evidence.SELECT_COUNT,
  'a procedure step': evidence.SELECT_STEP,
  'the steps of a study': evidence.SELECT_STUDY_STEPS,
  'what the steps of a study name': evidence.COUNT_STEP_INSTANCES,
  'what was announced of a study': evidence.COUNT_ANNOUNCED,
  'old steps': evidence.FORGET_STEPS,
  'old announcements': evidence.FORGET_ANNOUNCED,
  'searches that are due': priors.SELECT_DUE_SEARCHES,
  'the study that asks': priors.SELECT_ASKING,
  'instances of a prior': priors.SELECT_PRIOR_INSTANCES,
  'a prior by its digest': priors.SELECT_PRIOR_DIGEST,
} as const

describe('the plans of the statements about archives', () => {
  let held: ReturnType<typeof temporaryRecords>
  beforeAll(() => {
    held = temporaryRecords()
  })
  afterAll(() => {
    held.dispose()
  })

  it.each(Object.entries(HOT))('%s: by index', (_name, sql) => {
    const parameters = Array.from({ length: sql.split('?').length - 1 }, () => 1)
    const plan = held.records.database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...parameters) as { detail: string }[]
    const details = plan.map((step) => step.detail)
    const scans = details.filter((detail) => /^SCAN/.test(detail) && !/USING (?:COVERING )?INDEX/.test(detail))
    expect(scans, details.join('; ')).toEqual([])
    expect(details.filter((detail) => detail.includes('TEMP B-TREE'))).toEqual([])
  })
})
