import type { Database } from 'better-sqlite3'
import { Prepared } from './prepared.ts'

/** A version of the rules as it is kept; `content` and `changes` are JSON. */
export interface RuleVersionRow {
  readonly version: number
  readonly digest: string
  readonly content: string
  readonly changes: string
  readonly author: string
  readonly reason: string
  readonly activatedAt: number
}

/** A complete revision about which the rules have not decided. */
export interface UnroutedRevision {
  readonly revisionId: number
  readonly studyId: number
  readonly studyPseudonym: string
  readonly number: number
  readonly completedAt: number
  readonly urgent: 0 | 1
}

/** The first instance of a series of a revision, and how many instances the series has. */
export interface SeriesRow {
  readonly ordinal: number
  readonly digest: string
  readonly modality: string | null
  readonly sopClassUid: string
  readonly instances: number
}

/** What was decided about a revision; `decision` is JSON. */
export interface RouteRow {
  readonly ruleVersion: number | null
  readonly rule: string | null
  readonly decision: string
  readonly decidedAt: number
  readonly releasedAt: number | null
}

export interface PastFactsRow {
  readonly revisionId: number
  readonly completedAt: number
  readonly study: string
  readonly revision: number
  readonly content: string
}

/** The revision that waits longest in a lane. */
export interface LaneHead {
  readonly lane: number
  readonly revisionId: number
  readonly waitingSince: number
}

/** Lanes that are served; held revisions stand in none of them. */
const SERVED_LANES = [0, 1, 2, 3]

export const SELECT_ACTIVE_RULES = `
SELECT version, digest, content, changes, author, reason, activated_at AS activatedAt FROM rule_version
ORDER BY version DESC LIMIT 1`
export const SELECT_RULE_VERSION = `
SELECT version, digest, content, changes, author, reason, activated_at AS activatedAt FROM rule_version
WHERE version = ?`
export const SELECT_RULE_VERSIONS = `
SELECT version, digest, content, changes, author, reason, activated_at AS activatedAt FROM rule_version
ORDER BY version DESC LIMIT ?`
export const INSERT_RULE_VERSION = `
INSERT INTO rule_version (version, digest, content, changes, author, reason, activated_at) VALUES (?, ?, ?, ?, ?, ?, ?)`
export const SELECT_UNROUTED = `
SELECT r.revision_id AS revisionId, r.study_id AS studyId, s.study_pseudonym AS studyPseudonym, r.number,
  r.completed_at AS completedAt, r.urgent
FROM revision r JOIN study s ON s.study_id = r.study_id
WHERE r.assembly = 'complete' AND r.processing = 'queued' AND r.superseded = 0 AND r.lane IS NULL
ORDER BY r.completed_at, r.revision_id LIMIT ?`
export const SELECT_SERIES_OF_REVISION = `
SELECT min(ri.ordinal) AS ordinal, i.digest, i.modality, i.sop_class_uid AS sopClassUid, count(*) AS instances
FROM revision_instance ri JOIN instance i ON i.instance_id = ri.instance_id
WHERE ri.revision_id = ? GROUP BY i.series_instance_uid ORDER BY ordinal LIMIT ?`
export const SELECT_SOURCES_OF_REVISION = `
SELECT DISTINCT i.calling_ae_title AS callingAeTitle, i.remote_address AS remoteAddress
FROM revision_instance ri JOIN instance i ON i.instance_id = ri.instance_id WHERE ri.revision_id = ? LIMIT ?`
export const SELECT_FACTS = 'SELECT content FROM routing_facts WHERE revision_id = ?'
export const INSERT_FACTS = `
INSERT INTO routing_facts (revision_id, completed_at, content) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`
export const UPSERT_ROUTE = `
INSERT INTO revision_route (revision_id, rule_version, rule, decision, decided_at) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (revision_id) DO UPDATE SET rule_version = excluded.rule_version, rule = excluded.rule,
  decision = excluded.decision, decided_at = excluded.decided_at`
export const SET_LANE = `
UPDATE revision SET lane = ? WHERE revision_id = ? AND processing = 'queued' AND superseded = 0`
export const SELECT_ROUTE = `
SELECT rule_version AS ruleVersion, rule, decision, decided_at AS decidedAt, released_at AS releasedAt
FROM revision_route WHERE revision_id = ?`
export const SELECT_HEAD_OF_LANE = `
SELECT lane, revision_id AS revisionId, completed_at AS waitingSince FROM revision
WHERE assembly = 'complete' AND processing = 'queued' AND superseded = 0 AND lane = ?
ORDER BY completed_at, revision_id LIMIT 1`
export const ROUTE_WAITING_AGAIN = `
UPDATE revision SET lane = NULL WHERE assembly = 'complete' AND processing = 'queued' AND superseded = 0 AND lane >= 0`
export const SELECT_HELD = `
SELECT s.study_pseudonym AS study, r.number AS revision, o.rule, o.decision, r.completed_at AS completedAt
FROM revision r JOIN study s ON s.study_id = r.study_id JOIN revision_route o ON o.revision_id = r.revision_id
WHERE r.assembly = 'complete' AND r.processing = 'queued' AND r.superseded = 0 AND r.lane = 4
ORDER BY r.completed_at LIMIT ?`
export const SELECT_HELD_OF_STUDY = `
SELECT revision_id AS revisionId FROM revision WHERE study_id = ? AND lane = 4 AND processing = 'queued' AND superseded = 0`
export const MARK_RELEASED = 'UPDATE revision_route SET released_at = ? WHERE revision_id = ?'
export const SELECT_PAST_FACTS = `
SELECT f.revision_id AS revisionId, f.completed_at AS completedAt, s.study_pseudonym AS study, r.number AS revision,
  f.content
FROM routing_facts f JOIN revision r ON r.revision_id = f.revision_id JOIN study s ON s.study_id = r.study_id
WHERE (f.completed_at, f.revision_id) > (?, ?) ORDER BY f.completed_at, f.revision_id LIMIT ?`
export const COUNT_WITHOUT_FACTS = `
SELECT count(*) AS count FROM revision r WHERE r.assembly = 'complete' AND r.completed_at >= ?
AND NOT EXISTS (SELECT 1 FROM routing_facts f WHERE f.revision_id = r.revision_id)`

export const SELECT_FIGURES = 'SELECT quality FROM result WHERE revision_id = ? ORDER BY ordinal'

const PAGE = 500

/** Versions of the rules, the facts they judge, what they decided, and the lanes that follow. */
export class RuleRecords {
  readonly #sql: Prepared

  constructor(database: Database) {
    this.#sql = new Prepared(database)
  }

  /** The version in force; undefined while there was none. */
  active(): RuleVersionRow | undefined {
    return this.#sql.get(SELECT_ACTIVE_RULES)
  }

  version(version: number): RuleVersionRow | undefined {
    return this.#sql.get(SELECT_RULE_VERSION, version)
  }

  /** Newest first. */
  versions(limit: number): readonly RuleVersionRow[] {
    return this.#sql.all(SELECT_RULE_VERSIONS, limit)
  }

  /** Puts a version in force; what waits is decided about again. Inside the caller's transaction. */
  insertVersion(row: RuleVersionRow): void {
    const { version, digest, content, changes, author, reason, activatedAt } = row
    this.#sql.run(INSERT_RULE_VERSION, version, digest, content, changes, author, reason, activatedAt)
    this.#sql.run(ROUTE_WAITING_AGAIN)
  }

  unrouted(limit: number): readonly UnroutedRevision[] {
    return this.#sql.all(SELECT_UNROUTED, limit)
  }

  series(revisionId: number, limit: number): readonly SeriesRow[] {
    return this.#sql.all(SELECT_SERIES_OF_REVISION, revisionId, limit)
  }

  sources(revisionId: number, limit: number): readonly { callingAeTitle: string; remoteAddress: string }[] {
    return this.#sql.all(SELECT_SOURCES_OF_REVISION, revisionId, limit)
  }

  /** The recorded facts of a revision as JSON. */
  facts(revisionId: number): string | undefined {
    return this.#sql.get<{ content: string }>(SELECT_FACTS, revisionId)?.content
  }

  insertFacts(revisionId: number, completedAt: number, content: string): void {
    this.#sql.run(INSERT_FACTS, revisionId, completedAt, content)
  }

  /** Writes what was decided and puts the revision in its lane. @returns false when it waits no more. */
  route(revisionId: number, row: Omit<RouteRow, 'releasedAt'>, lane: number): boolean {
    this.#sql.run(UPSERT_ROUTE, revisionId, row.ruleVersion, row.rule, row.decision, row.decidedAt)
    return this.#sql.run(SET_LANE, lane, revisionId).changes === 1
  }

  /** Writes what was decided when the figures were known; a revision that is held then gets that lane. */
  judgedAgain(revisionId: number, row: Omit<RouteRow, 'releasedAt'>, lane: number | null): void {
    this.#sql.run(UPSERT_ROUTE, revisionId, row.ruleVersion, row.rule, row.decision, row.decidedAt)
    if (lane !== null) this.#sql.run(SET_LANE, lane, revisionId)
  }

  /** The figures of each result of a revision, as JSON. */
  figures(revisionId: number): readonly string[] {
    return this.#sql.all<{ quality: string }>(SELECT_FIGURES, revisionId).map((row) => row.quality)
  }

  routeOf(revisionId: number): RouteRow | undefined {
    return this.#sql.get(SELECT_ROUTE, revisionId)
  }

  /** The head of every lane in which something waits. */
  heads(): readonly LaneHead[] {
    return SERVED_LANES.flatMap((lane) => this.#sql.get<LaneHead>(SELECT_HEAD_OF_LANE, lane) ?? [])
  }

  /** Revisions that wait for a person, longest first. */
  held(limit: number): readonly {
    study: string
    revision: number
    rule: string | null
    decision: string
    completedAt: number
  }[] {
    return this.#sql.all(SELECT_HELD, limit)
  }

  heldRevisionOf(studyId: number): number | undefined {
    return this.#sql.get<{ revisionId: number }>(SELECT_HELD_OF_STUDY, studyId)?.revisionId
  }

  /** Lets a held revision go on in a lane. */
  release(revisionId: number, lane: number, at: number): void {
    this.#sql.run(MARK_RELEASED, at, revisionId)
    this.#sql.run(SET_LANE, lane, revisionId)
  }

  /** Recorded facts of everything that was complete at or after `since`, oldest first, page by page. */
  *pastFacts(since: number): Generator<PastFactsRow> {
    let place = [since, -1]
    for (;;) {
      const page = this.#sql.all<PastFactsRow>(SELECT_PAST_FACTS, ...place, PAGE)
      yield* page
      const last = page.at(-1)
      if (last === undefined || page.length < PAGE) return
      place = [last.completedAt, last.revisionId]
    }
  }

  /** Complete revisions since then of which no facts are recorded. */
  countWithoutFacts(since: number): number {
    return this.#sql.get<{ count: number }>(COUNT_WITHOUT_FACTS, since)?.count ?? 0
  }
}
