import type { Database, Statement } from 'better-sqlite3'
import type { SearchedIdentifiers } from '../deidentify/index.ts'

const COLUMNS = `s.study_id AS studyId, s.study_instance_uid AS studyInstanceUid, s.patient_name AS name,
  s.patient_id AS id, s.patient_birth_date AS birthDate, s.accession_number AS accession,
  r.patient_name AS receivedName, r.patient_id AS receivedId, r.patient_birth_date AS receivedBirthDate,
  r.accession_number AS receivedAccession`
const FROM = 'FROM study s LEFT JOIN study_received r ON r.study_id = s.study_id'

/** One study by its number. */
export const SELECT_IDENTITY = `SELECT ${COLUMNS} ${FROM} WHERE s.study_id = ?`
/** The studies that came last. */
export const SELECT_RECENT_IDENTITIES = `SELECT ${COLUMNS} ${FROM} ORDER BY s.last_received_at DESC, s.study_id DESC LIMIT ?`
/** The next studies after a number. */
export const SELECT_IDENTITIES_AFTER = `SELECT ${COLUMNS} ${FROM} WHERE s.study_id > ? ORDER BY s.study_id LIMIT ?`

interface IdentityRow {
  readonly studyId: number
  readonly studyInstanceUid: string
  readonly name: string
  readonly id: string
  readonly birthDate: string
  readonly accession: string
  readonly receivedName: string | null
  readonly receivedId: string | null
  readonly receivedBirthDate: string | null
  readonly receivedAccession: string | null
}

/** A study's number and whom it is about. PHI: for searching only. */
export interface HeldIdentity {
  readonly studyId: number
  readonly identifiers: SearchedIdentifiers
}

/** Reads whom the held studies are about: as they are known now, and as they were received before any correction. */
export class HeldIdentities {
  readonly #one: Statement<[number], IdentityRow>
  readonly #recent: Statement<[number], IdentityRow>
  readonly #after: Statement<[number, number], IdentityRow>

  constructor(database: Database) {
    this.#one = database.prepare(SELECT_IDENTITY)
    this.#recent = database.prepare(SELECT_RECENT_IDENTITIES)
    this.#after = database.prepare(SELECT_IDENTITIES_AFTER)
  }

  /** Of one study. */
  of(studyId: number): HeldIdentity | undefined {
    const row = this.#one.get(studyId)
    return row === undefined ? undefined : identityOf(row)
  }

  /** Of the studies that came last. */
  recent(most: number): HeldIdentity[] {
    return this.#recent.all(most).map(identityOf)
  }

  /** Of all studies, so many at a time. */
  *pages(size: number): Generator<HeldIdentity[]> {
    let last = 0
    for (;;) {
      const rows = this.#after.all(last, size)
      const end = rows.at(-1)
      if (end === undefined) return
      yield rows.map(identityOf)
      last = end.studyId
    }
  }
}

function identityOf(row: IdentityRow): HeldIdentity {
  const names = [row.name, row.receivedName ?? ''].flatMap((name) => name.split(/[\^=\s,;()]+/))
  const ids = [row.id, row.receivedId ?? '', row.accession, row.receivedAccession ?? '']
  const births = [row.birthDate, row.receivedBirthDate ?? ''].map((date) => date.replaceAll('.', ''))
  const distinct = (values: readonly string[]): string[] => [...new Set(values.filter((value) => value !== ''))]
  return {
    studyId: row.studyId,
    identifiers: {
      names: distinct(names),
      ids: distinct(ids),
      birthDates: distinct(births).filter((date) => /^\d{8}$/.test(date)),
      // A purged study's UID is a word of ours.
      uids: distinct([row.studyInstanceUid]).filter((uid) => /^[\d.]+$/.test(uid)),
      places: [],
      raw: [],
    },
  }
}
