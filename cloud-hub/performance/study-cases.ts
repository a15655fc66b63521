import type Database from 'better-sqlite3'
import { type LabelAccounting, type LabelRow, labelsOfStudies, type StandingRow } from './study-labels.ts'

/** Rows that are read at a time: between two pages others get their turn. */
const PAGE = 20_000
export const READ_SCORES = `SELECT i.device, f.study, f.patient, f.revision, i.received_at AS receivedAt, f.modality, f.view,
  f.sex, f.age_decade AS ageDecade, s.value AS score, s.above, f.envelope
  FROM instance_features f
  JOIN instance_scores s ON s.envelope = f.envelope AND s.code = ?
  JOIN envelope_inbox i ON i.id = f.envelope
  WHERE f.model_digest = ? AND f.envelope > ? ORDER BY f.envelope LIMIT ${PAGE}`
const READ_LABELS = `SELECT i.device, l.study, l.revision, l.value, l.reader, l.blind, i.received_at AS receivedAt
  FROM study_labels l JOIN envelope_inbox i ON i.id = l.envelope WHERE l.finding = ? ORDER BY l.envelope`
const READ_REVOKED = 'SELECT site AS device, reader FROM revoked_reader'
const READ_STANDING = `SELECT i.device, r.study, r.patient, r.revision, r.same_instances AS sameInstances
  FROM study_revisions r JOIN envelope_inbox i ON i.id = r.envelope ORDER BY r.envelope`

/** A study as one version of a model scored it. One case a study: as positive as its most positive instance. */
export interface StudyCase {
  readonly device: string
  readonly study: string
  patient: string
  revision: number
  /** When the hub got the first scored instance. */
  readonly receivedAt: string
  modality: string
  view: string
  sex: string
  ageDecade: number | null
  score: number
  /** At or above the threshold in force at the site. */
  positive: boolean
  /** What blinded readers agree on; null where they do not, or have said nothing. */
  label: 0 | 1 | null
  labelledAt: string | null
}

/** Everything that is known of one version and one finding, in the order in which it came. */
export interface StudyCases {
  readonly cases: readonly StudyCase[]
  readonly accounting: LabelAccounting
}

interface ScoreRow {
  readonly device: string
  readonly study: string
  readonly patient: string
  readonly revision: number
  readonly receivedAt: string
  readonly modality: string
  readonly view: string
  readonly sex: string
  readonly ageDecade: number | null
  readonly score: number
  readonly above: number
  readonly envelope: number
}

/**
 * Reads the scored studies of a version with the labels of their finding. Of a study the latest revision counts. Others get
 * their turn while it reads; what arrives meanwhile may or may not be among the cases.
 * @param digest of the version's package.
 * @param finding code of the output, and of the labels.
 */
export async function readStudyCases(
  database: Database.Database,
  digest: string,
  finding: string,
): Promise<StudyCases> {
  const cases = new Map<string, StudyCase>()
  for await (const row of scoresOf(database, digest, finding)) {
    const key = `${row.device}/${row.study}`
    const known = cases.get(key)
    if (known === undefined) cases.set(key, caseOf(row))
    else if (row.revision > known.revision || (row.revision === known.revision && row.score > known.score))
      take(known, row)
  }
  const standing = database.prepare(READ_STANDING).all() as StandingRow[]
  const revisions = new Map(standing.map((one) => [`${one.device}/${one.study}`, one]))
  for (const [key, one] of revisions) {
    const known = cases.get(key)
    if (known === undefined) continue
    // A revision of which this version scored nothing supersedes what it scored before.
    if (one.revision > known.revision) cases.delete(key)
    else if (one.revision === known.revision) known.patient = one.patient
  }
  const labels = database.prepare(READ_LABELS).all(finding) as LabelRow[]
  const readers = database.prepare(READ_REVOKED).all() as { readonly device: string; readonly reader: string }[]
  const revoked = new Set(readers.map((one) => `${one.device}/${one.reader}`))
  const isScored = (key: string): boolean => cases.has(key)
  const { answers, accounting } = labelsOfStudies(labels, { revisions, revoked, isScored })
  for (const [key, { value, receivedAt }] of answers) {
    const known = cases.get(key)
    if (known === undefined) continue
    known.label = value
    known.labelledAt = receivedAt
  }
  return { cases: [...cases.values()], accounting }
}

function caseOf(row: ScoreRow): StudyCase {
  const { device, study, patient, revision, receivedAt, modality, view, sex, ageDecade, score, above } = row
  const facts = { device, study, patient, revision, receivedAt, modality, view, sex, ageDecade, score }
  return { ...facts, positive: above === 1, label: null, labelledAt: null }
}

function take(known: StudyCase, { revision, patient, modality, view, sex, ageDecade, score, above }: ScoreRow): void {
  Object.assign(known, { revision, patient, modality, view, sex, ageDecade, score, positive: above === 1 })
}

async function* scoresOf(database: Database.Database, digest: string, finding: string): AsyncGenerator<ScoreRow> {
  const statement = database.prepare(READ_SCORES)
  for (let last = 0; ; ) {
    const page = statement.all(finding, digest, last) as ScoreRow[]
    yield* page
    last = page.at(-1)?.envelope ?? last
    if (page.length < PAGE) return
    await new Promise((resolve) => setImmediate(resolve))
  }
}
