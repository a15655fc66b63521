import { type DataSet, decimal, integer, sequence, text, texts } from './dataset/index.ts'

/** What the header says that decides which model fits. Absent values are `undefined` or empty, never guessed. */
export interface InstanceFacts {
  readonly modality: string
  readonly sopClassUid: string
  /** Body Part Examined, else the meaning of the Anatomic Region code, as a defined term. */
  readonly bodyPart: string
  /** View Position, else the view code, as a defined term of (0018,5101). */
  readonly view: string
  readonly rows: number
  readonly columns: number
  readonly frames: number
  readonly monochrome: boolean
  /** (0018,1411) and (0018,1413) of IEC 62494-1, where the detector reports them. */
  readonly exposureIndex: number | undefined
  readonly deviationIndex: number | undefined
  /** (0018,1412) */
  readonly targetExposureIndex?: number | undefined
  /** Patient's Age (0010,1010) in whole years; `undefined` where the header says none. */
  readonly ageYears?: number | undefined
}

/** View codes of PS3.16 CID 4010 (SNOMED CT and its SRT predecessors). */
const VIEW_OF_CODE: Readonly<Record<string, string>> = {
  '272479007': 'PA',
  'R-10214': 'PA',
  '399348003': 'AP',
  'R-10206': 'AP',
  '399173006': 'LL',
  'R-10236': 'LL',
  '399198007': 'RL',
  'R-10232': 'RL',
}

/** Anatomic regions of PS3.16 CID 4009 that models know, as terms of Body Part Examined (PS3.16 annex L). */
const BODY_PART_OF_CODE: Readonly<Record<string, string>> = {
  '51185008': 'CHEST',
  '816094009': 'CHEST',
  'T-D3000': 'CHEST',
}

/** Reads the facts of one instance. Never throws: what cannot be read is absent. */
export function instanceFacts(dataSet: DataSet): InstanceFacts {
  return {
    modality: text(dataSet, 0x00080060) ?? '',
    sopClassUid: text(dataSet, 0x00080016) ?? '',
    bodyPart: (text(dataSet, 0x00180015) ?? codedTerm(dataSet, 0x00082218, BODY_PART_OF_CODE)).toUpperCase(),
    view: (texts(dataSet, 0x00185101)[0] ?? codedTerm(dataSet, 0x00540220, VIEW_OF_CODE)).toUpperCase(),
    rows: integer(dataSet, 0x00280010) ?? 0,
    columns: integer(dataSet, 0x00280011) ?? 0,
    frames: integer(dataSet, 0x00280008) ?? 1,
    monochrome: text(dataSet, 0x00280004)?.startsWith('MONOCHROME') ?? false,
    exposureIndex: decimal(dataSet, 0x00181411),
    deviationIndex: decimal(dataSet, 0x00181413),
    targetExposureIndex: decimal(dataSet, 0x00181412),
    ageYears: yearsOf(text(dataSet, 0x00101010)),
  }
}

/** PS3.5 6.2, VR AS: three digits and D, W, M or Y. */
function yearsOf(age: string | undefined): number | undefined {
  const [, figure, unit] = /^(\d{3})([DWMY])$/.exec(age ?? '') ?? []
  if (figure === undefined) return undefined
  const perYear = { D: 365.25, W: 52.18, M: 12, Y: 1 }[unit ?? 'Y'] ?? 1
  return Math.floor(Number(figure) / perYear)
}

function codedTerm(dataSet: DataSet, tag: number, terms: Readonly<Record<string, string>>): string {
  const [code] = sequence(dataSet, tag)
  const value = code === undefined ? undefined : text(code, 0x00080100)
  return value === undefined ? '' : (terms[value] ?? '')
}
