import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { temporaryRecords } from '../testing/memory-records.ts'
import * as backfills from './backfill-records.ts'
import * as deliveries from './delivery-records.ts'
import * as deployments from './deployment-records.ts'
import * as egress from './egress-records.ts'
import * as explanations from './explanation-records.ts'
import * as held from './held-egress-records.ts'
import * as intake from './intake-records.ts'
import * as keys from './key-records.ts'
import * as people from './people-records.ts'
import * as prints from './pixel-print-records.ts'
import * as pixels from './pixel-records.ts'
import * as radiomics from './radiomic-records.ts'
import * as results from './result-records.ts'
import * as retention from './retention-records.ts'
import * as revisions from './revision-records.ts'
import * as rules from './rule-records.ts'
import * as tokens from './scoring-token-records.ts'
import * as studies from './study-records.ts'
import * as sync from './sync-records.ts'
import * as vault from './vault-records.ts'

const HOT = {
  'an instance by its UID': intake.SELECT_INSTANCES_OF_UID,
  'an instance by its digest': intake.SELECT_INSTANCE_OF_DIGEST,
  'the study of a digest': intake.SELECT_STUDY_OF_DIGEST,
  'the key of a study': keys.SELECT_KEY_OF_STUDY,
  'a key by its number': keys.SELECT_KEY,
  'a study by its UID': intake.SELECT_STUDY_OF_UID,
  'the newest revision of a study': intake.SELECT_NEWEST_REVISION,
  'the head of a lane': rules.SELECT_HEAD_OF_LANE,
  'revisions without a decision': rules.SELECT_UNROUTED,
  'studies that may be old enough to go': retention.SELECT_CANDIDATES,
  'what keeps a study': retention.SELECT_CANDIDATE_FACTS,
  'quarantine of no study': retention.SELECT_OLD_QUARANTINE,
  'purges by time': retention.SELECT_PURGES,
  'past facts': rules.SELECT_PAST_FACTS,
  'the route of a revision': rules.SELECT_ROUTE,
  'instances of a revision': revisions.SELECT_REVISION_INSTANCES,
  'deliveries that are due': results.SELECT_DUE_DELIVERIES,
  'earlier results of a study': results.SELECT_EARLIER_RESULTS,
  'the delivery that waits longest': deliveries.SELECT_OLDEST_WAITING,
  'a page of deliveries': deliveries.SELECT_DELIVERIES,
  'envelopes to relay': egress.SELECT_ENVELOPES_AFTER,
  'newest envelopes': egress.SELECT_NEWEST_ENVELOPES,
  'the newest statement of an epoch': sync.SELECT_NEWEST_STATEMENT,
  'bodies of a study that were turned away': sync.SELECT_REJECTIONS_OF_STUDY,
  'the waiting batch of a study': held.SELECT_WAITING_BATCH,
  'what waits on a stream': held.SELECT_WAITING_ON_STREAM,
  'bodies of a batch': held.SELECT_HELD_OF_BATCH,
  'a batch': held.SELECT_BATCH,
  'whether a pseudonym is in the vault': vault.SELECT_READABLE,
  'the last entry of the vault': vault.SELECT_LAST_ENTRY,
  'the newest entry of a pseudonym': vault.SELECT_NEWEST_OF_PSEUDONYM,
  'entries of the vault': vault.SELECT_ENTRIES,
  'whose a study is': vault.SELECT_SUBJECT,
  'studies that the vault lacks': vault.SELECT_STUDIES_NOT_ENTERED,
  'the generation of a study': vault.SELECT_GENERATION_OF_STUDY,
  'a page of studies': studies.SELECT_STUDIES,
  'a page of studies in a state': studies.SELECT_STUDIES_IN_STATE,
  'a study by its pseudonym': studies.SELECT_STUDY,
  'revisions of a study': studies.SELECT_REVISIONS,
  'results of a revision': studies.SELECT_RESULTS,
  'scores of a revision': studies.SELECT_SCORES,
  'labels of a study': studies.SELECT_LABELS,
  'pixels that wait for a person': pixels.SELECT_PIXEL_REVIEWS,
  'the review of an instance': pixels.SELECT_REVIEW_OF_INSTANCE,
  'the next study of a backfill': backfills.SELECT_NEXT_BACKFILL_STUDY,
  'backfills to be worked on': backfills.SELECT_RUNNING_BACKFILLS,
  'the current revision of a study': backfills.SELECT_CURRENT_REVISION,
  'the result of a model': backfills.SELECT_RESULT_OF_MODEL,
  'ends of a backfill': backfills.COUNT_BACKFILL_OUTCOMES,
  'the program of a token': tokens.SELECT_SCORING_TOKEN,
  'versions that run beside the one in use': deployments.SELECT_RUNNING_CANDIDATES,
  'what is in force for a model': deployments.SELECT_DEPLOYMENT_IN_FORCE,
  'the version that a study stays with': deployments.SELECT_ARM,
  'what a revision was scored with': deployments.SELECT_USES,
  'the next work in the shadow': deployments.SELECT_DUE_SHADOW_JOB,
  'counts of a version': deployments.SELECT_TALLIES,
  'explanations of a study': explanations.SELECT_STUDY_EXPLANATIONS,
  'an explanation that was made before': explanations.FIND_EXPLANATION,
  'a score to explain': explanations.FIND_RESULT_TO_EXPLAIN,
  'the next scores to explain': explanations.SELECT_UNEXPLAINED,
  'instances with the same pixels': prints.COUNT_SAME_PIXELS,
  'looks of radiographs': prints.SELECT_LOOKS,
  'radiomic features of a revision': radiomics.SELECT_RADIOMICS,
  'figures of a revision': rules.SELECT_FIGURES,
  'a session': people.SELECT_SESSION,
  'an account': people.SELECT_ACCOUNT,
} as const

/** Sorting a handful of rows of one study is no scan of a table. */
const MAY_SORT = new Set([
  'ends of a backfill',
  'explanations of a study',
  'results of a revision',
  'scores of a revision',
  'newest envelopes',
])

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
