import type { Database } from 'better-sqlite3'
import type { InstanceHoldings } from '../commitment/provider.ts'
import type { Holding } from '../commitment/rules.ts'
import type { HeldInstance, HeldSeries, HeldStudy, StudyFinder, StudyNarrowing } from './held.ts'

const STUDY_COLUMNS = `study_instance_uid AS studyInstanceUid, study_date AS studyDate, study_time AS studyTime,
  accession_number AS accessionNumber, patient_name AS patientName, patient_id AS patientId,
  patient_birth_date AS patientBirthDate, patient_sex AS patientSex, study_description AS studyDescription,
  modalities, instance_count AS instances`

export const SELECT_STUDIES = `SELECT ${STUDY_COLUMNS} FROM study WHERE study_instance_uid NOT LIKE 'purged:%'
ORDER BY last_received_at DESC, study_id DESC LIMIT ?`
export const SELECT_STUDY = `SELECT ${STUDY_COLUMNS} FROM study WHERE study_instance_uid = ?`
export const SELECT_STUDIES_OF_PATIENT = `
SELECT ${STUDY_COLUMNS} FROM study WHERE patient_id = ?
AND study_instance_uid NOT LIKE 'purged:%' ORDER BY last_received_at DESC, study_id DESC LIMIT ?`
/** Rejected instances are kept and not offered (IHE RAD TF-2 4.66.4.1.3). */
const NOT_WITHDRAWN = `NOT EXISTS (
  SELECT 1 FROM revision_instance ri WHERE ri.instance_id = instance.instance_id AND ri.withdrawn IS NOT NULL
    AND ri.revision_id = (SELECT r.revision_id FROM revision r WHERE r.study_id = instance.study_id
      ORDER BY r.number DESC LIMIT 1))`
export const SELECT_SERIES = `
SELECT series_instance_uid AS seriesInstanceUid, max(modality) AS modality, count(*) AS instances FROM instance
WHERE study_id = (SELECT study_id FROM study WHERE study_instance_uid = ?) AND series_instance_uid IS NOT NULL
  AND ${NOT_WITHDRAWN}
GROUP BY series_instance_uid ORDER BY min(instance_id) LIMIT ?`
export const SELECT_INSTANCES = `
SELECT sop_instance_uid AS sopInstanceUid, sop_class_uid AS sopClassUid FROM instance
WHERE study_id = (SELECT study_id FROM study WHERE study_instance_uid = ?) AND series_instance_uid = ?
  AND ${NOT_WITHDRAWN} ORDER BY instance_id LIMIT ?`
/** Rows of an instance that were registered, conflicts left out: which classes it is held under, and its file. */
export const SELECT_HOLDINGS_OF_INSTANCE = `
SELECT sop_class_uid AS sopClassUid, digest FROM instance WHERE sop_instance_uid = ? AND conflict = 0`

/** The index that a query for one patient needs, for a migration of the records. */
export const QUERY_INDEX_SQL = `
CREATE INDEX study_by_patient ON study (patient_id, last_received_at DESC, study_id DESC);
`

/** Reads `study` and `instance` of the appliance's records. It never writes. */
export class SqliteStudyFinder implements StudyFinder, InstanceHoldings {
  readonly #database: Database
  readonly #isOnDisk: (digest: string) => Promise<boolean>

  /** @param isOnDisk whether the file of an instance, named by its digest, is where it should be. */
  constructor(database: Database, isOnDisk: (digest: string) => Promise<boolean>) {
    this.#database = database
    this.#isOnDisk = isOnDisk
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

  /** For storage commitment: an instance is held when it is registered under this class and its file is there. */
  async holds(sopClassUid: string, sopInstanceUid: string): Promise<Holding> {
    const rows = this.#database.prepare(SELECT_HOLDINGS_OF_INSTANCE).all(sopInstanceUid) as {
      sopClassUid: string
      digest: string
    }[]
    if (rows.length === 0) return 'not-held'
    const row = rows.find((one) => one.sopClassUid === sopClassUid)
    if (row === undefined) return 'other-class'
    return (await this.#isOnDisk(row.digest)) ? 'held' : 'not-held'
  }
}
