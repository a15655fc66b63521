import type { Database } from 'better-sqlite3'
import type { HeldInstance, HeldSeries, HeldStudy, StudyFinder, StudyNarrowing } from './held.ts'

const STUDY_COLUMNS = `study_instance_uid AS studyInstanceUid, study_date AS studyDate, study_time AS studyTime,
  accession_number AS accessionNumber, patient_name AS patientName, patient_id AS patientId,
  patient_birth_date AS patientBirthDate, patient_sex AS patientSex, study_description AS studyDescription,
  modalities, instance_count AS instances`

export const SELECT_STUDIES = `SELECT ${STUDY_COLUMNS} FROM study ORDER BY last_received_at DESC, study_id DESC LIMIT ?`
export const SELECT_STUDY = `SELECT ${STUDY_COLUMNS} FROM study WHERE study_instance_uid = ?`
export const SELECT_STUDIES_OF_PATIENT = `
SELECT ${STUDY_COLUMNS} FROM study WHERE patient_id = ? ORDER BY last_received_at DESC, study_id DESC LIMIT ?`
export const SELECT_SERIES = `
SELECT series_instance_uid AS seriesInstanceUid, max(modality) AS modality, count(*) AS instances FROM instance
WHERE study_id = (SELECT study_id FROM study WHERE study_instance_uid = ?) AND series_instance_uid IS NOT NULL
GROUP BY series_instance_uid ORDER BY min(instance_id) LIMIT ?`
export const SELECT_INSTANCES = `
SELECT sop_instance_uid AS sopInstanceUid, sop_class_uid AS sopClassUid FROM instance
WHERE study_id = (SELECT study_id FROM study WHERE study_instance_uid = ?) AND series_instance_uid = ?
ORDER BY instance_id LIMIT ?`
/** Rows of an instance that were registered, conflicts left out: which classes it is held under. */
export const SELECT_CLASSES_OF_INSTANCE = `
SELECT sop_class_uid AS sopClassUid FROM instance WHERE sop_instance_uid = ? AND conflict = 0`

/** Reads `study` and `instance` of the appliance's records. It never writes. */
export class SqliteStudyFinder implements StudyFinder {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  studies({ studyInstanceUids, patientId }: StudyNarrowing, limit: number): readonly HeldStudy[] {
    if (studyInstanceUids !== undefined) {
      const select = this.#database.prepare(SELECT_STUDY)
      return studyInstanceUids.slice(0, limit).flatMap((uid) => select.all(uid) as HeldStudy[])
    }
    if (patientId !== undefined)
      return this.#database.prepare(SELECT_STUDIES_OF_PATIENT).all(patientId, limit) as HeldStudy[]
    return this.#database.prepare(SELECT_STUDIES).all(limit) as HeldStudy[]
  }

  series(studyInstanceUid: string, limit: number): readonly HeldSeries[] {
    const rows = this.#database.prepare(SELECT_SERIES).all(studyInstanceUid, limit) as (Omit<HeldSeries, 'modality'> & {
      modality: string | null
    })[]
    return rows.map((row) => ({ ...row, modality: row.modality ?? '' }))
  }

  instances(studyInstanceUid: string, seriesInstanceUid: string, limit: number): readonly HeldInstance[] {
    return this.#database.prepare(SELECT_INSTANCES).all(studyInstanceUid, seriesInstanceUid, limit) as HeldInstance[]
  }

  /** For storage commitment: whether an instance is registered, and under this class. A row is written after its file. */
  async holds(sopClassUid: string, sopInstanceUid: string): Promise<'held' | 'other-class' | 'not-held'> {
    const rows = this.#database.prepare(SELECT_CLASSES_OF_INSTANCE).all(sopInstanceUid) as { sopClassUid: string }[]
    if (rows.length === 0) return 'not-held'
    return rows.some((row) => row.sopClassUid === sopClassUid) ? 'held' : 'other-class'
  }
}
