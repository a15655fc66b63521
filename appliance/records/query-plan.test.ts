import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { temporaryRecords } from '../testing/memory-records.ts'
import * as egress from './egress-records.ts'
import * as intake from './intake-records.ts'
import * as people from './people-records.ts'
import * as results from './result-records.ts'
import * as revisions from './revision-records.ts'
import * as studies from './study-records.ts'

const HOT = {
  'an instance by its UID': intake.SELECT_INSTANCES_OF_UID,
  'an instance by its digest': intake.SELECT_INSTANCE_OF_DIGEST,
  'a study by its UID': intake.SELECT_STUDY_OF_UID,
  'the newest revision of a study': intake.SELECT_NEWEST_REVISION,
  'the next waiting revision': revisions.SELECT_WAITING,
  'instances of a revision': revisions.SELECT_REVISION_INSTANCES,
  'deliveries that are due': results.SELECT_DUE_DELIVERIES,
  'the newest report': results.SELECT_NEWEST_REPORT,
  'envelopes to relay': egress.SELECT_ENVELOPES_AFTER,
  'newest envelopes': egress.SELECT_NEWEST_ENVELOPES,
  'a page of studies': studies.SELECT_STUDIES,
  'a page of studies in a state': studies.SELECT_STUDIES_IN_STATE,
  'a study by its pseudonym': studies.SELECT_STUDY,
  'revisions of a study': studies.SELECT_REVISIONS,
  'results of a revision': studies.SELECT_RESULTS,
  'scores of a revision': studies.SELECT_SCORES,
  'labels of a study': studies.SELECT_LABELS,
  'a session': people.SELECT_SESSION,
  'an account': people.SELECT_ACCOUNT,
} as const

/** Sorting a handful of rows of one study is no scan of a table. */
const MAY_SORT = new Set(['results of a revision', 'scores of a revision', 'newest envelopes'])

describe('the plans of the hot statements', () => {
  let held: ReturnType<typeof temporaryRecords>
  beforeAll(() => {
    held = temporaryRecords()
  })
  afterAll(() => {
    held.dispose()
  })

  it.each(Object.entries(HOT))('%s: by index', (name, sql) => {
    const parameters = Array.from({ length: sql.split('?').length - 1 }, () => 1)
    const plan = held.records.database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...parameters) as { detail: string }[]
    const details = plan.map((step) => step.detail)
    const scans = details.filter((detail) => /^SCAN/.test(detail) && !/USING (?:COVERING )?INDEX/.test(detail))
    expect(scans, details.join('; ')).toEqual([])
    if (!MAY_SORT.has(name)) expect(details.filter((detail) => detail.includes('TEMP B-TREE'))).toEqual([])
  })
})
