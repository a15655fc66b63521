/** What is held of a study, as it was received. Dates and times in the form of DICOM. */
export interface HeldStudy {
  readonly studyInstanceUid: string
  readonly studyDate: string
  readonly studyTime: string
  readonly accessionNumber: string
  readonly patientName: string
  readonly patientId: string
  readonly patientBirthDate: string
  readonly patientSex: string
  readonly studyDescription: string
  /** Joined by backslashes. */
  readonly modalities: string
  readonly instances: number
}

export interface HeldSeries {
  readonly seriesInstanceUid: string
  readonly modality: string
  readonly instances: number
}

export interface HeldInstance {
  readonly sopInstanceUid: string
  readonly sopClassUid: string
}

/** Exact values that may be used to look at fewer studies; each result is matched again, so more is never wrong. */
export interface StudyNarrowing {
  readonly studyInstanceUids?: readonly string[]
  readonly patientId?: string
}

/** What the appliance holds, for callers that query. At most `limit` results a call, newest study first. */
export interface StudyFinder {
  studies(narrowing: StudyNarrowing, limit: number): readonly HeldStudy[]
  series(studyInstanceUid: string, limit: number): readonly HeldSeries[]
  instances(studyInstanceUid: string, seriesInstanceUid: string, limit: number): readonly HeldInstance[]
}
