import { type TrainingTable, trainingTable } from '@leadglass/cloud-hub/trainers'

/** A column of the table: its name and how it is read from a row; NaN is missing. */
interface Feature {
  readonly name: string
  read(row: Row): number
}

/** A row of the data set by the names of its columns. */
type Row = (column: string) => string

const COUNTS = [
  'time_in_hospital',
  'num_lab_procedures',
  'num_procedures',
  'num_medications',
  'number_outpatient',
  'number_emergency',
  'number_inpatient',
  'number_diagnoses',
]
const MEDICINES = [
  'metformin',
  'repaglinide',
  'glimepiride',
  'glipizide',
  'glyburide',
  'pioglitazone',
  'rosiglitazone',
  'insulin',
]
const DOSES: Readonly<Record<string, number>> = { No: 0, Down: 1, Steady: 2, Up: 3 }
const GLUCOSE: Readonly<Record<string, number>> = { Norm: 0, '>200': 1, '>300': 2 }
const A1C: Readonly<Record<string, number>> = { Norm: 0, '>7': 1, '>8': 2 }
/** Codes that most admissions have; all others are the row of zeros. */
const CODES: Readonly<Record<string, readonly string[]>> = {
  race: ['Caucasian', 'AfricanAmerican', 'Hispanic', 'Asian', 'Other'],
  admission_type_id: ['1', '2', '3'],
  discharge_disposition_id: ['1', '2', '3', '5', '6', '18', '22'],
  admission_source_id: ['1', '4', '7', '17'],
}
/** Ranges of ICD-9 chapters, as in the data set's first publication (Strack and others 2014, table 2). */
const DIAGNOSES: readonly (readonly [string, readonly (readonly [number, number])[]])[] = [
  [
    'circulatory',
    [
      [390, 460],
      [785, 786],
    ],
  ],
  [
    'respiratory',
    [
      [460, 520],
      [786, 787],
    ],
  ],
  [
    'digestive',
    [
      [520, 580],
      [787, 788],
    ],
  ],
  ['diabetes', [[250, 251]]],
  ['injury', [[800, 1000]]],
  ['musculoskeletal', [[710, 740]]],
  [
    'genitourinary',
    [
      [580, 630],
      [788, 789],
    ],
  ],
  ['neoplasms', [[140, 240]]],
]
/** Dead or in a hospice: such a patient is not readmitted (same publication, section 2.2). */
const GONE = new Set(['11', '13', '14', '19', '20', '21'])

const FEATURES: readonly Feature[] = [
  { name: 'age', read: (row) => middleOf(row('age')) },
  { name: 'weight', read: (row) => middleOf(row('weight')) },
  { name: 'female', read: (row) => ({ Female: 1, Male: 0 })[row('gender')] ?? Number.NaN },
  ...COUNTS.map((name): Feature => ({ name, read: (row) => Number(row(name)) })),
  ...MEDICINES.map((name): Feature => ({ name, read: (row) => DOSES[row(name)] ?? Number.NaN })),
  { name: 'max_glu_serum', read: (row) => GLUCOSE[row('max_glu_serum')] ?? Number.NaN },
  { name: 'A1Cresult', read: (row) => A1C[row('A1Cresult')] ?? Number.NaN },
  { name: 'change', read: (row) => Number(row('change') === 'Ch') },
  { name: 'diabetesMed', read: (row) => Number(row('diabetesMed') === 'Yes') },
  ...Object.entries(CODES).flatMap(([column, codes]) =>
    codes.map((code): Feature => ({ name: `${column}=${code}`, read: (row) => isCode(row(column), code) })),
  ),
  ...['diag_1', 'diag_2'].flatMap((column) =>
    DIAGNOSES.map(
      ([group, ranges]): Feature => ({
        name: `${column}=${group}`,
        read: (row) => isWithin(row(column), ranges),
      }),
    ),
  ),
]

/**
 * Reads `diabetic_data.csv` of the UCI data set "Diabetes 130-US hospitals 1999-2008" as a table: was the patient
 * readmitted within 30 days. Groups are patients. Patients who died or went to a hospice are left out.
 * @throws {RangeError} when a row has not the columns of the heading.
 */
export function readmissionTable(csv: string): TrainingTable {
  const [heading, ...lines] = csv.split(/\r?\n/).filter((line) => line !== '')
  const places = new Map((heading ?? '').split(',').map((name, i) => [name, i]))
  const values: number[] = []
  const labels: number[] = []
  const groups: number[] = []
  for (const line of lines) {
    const cells = line.split(',')
    if (cells.length !== places.size) throw new RangeError('a row has not the columns of the heading')
    const row: Row = (column) => cells[places.get(column) ?? -1] ?? ''
    if (GONE.has(row('discharge_disposition_id'))) continue
    for (const feature of FEATURES) values.push(feature.read(row))
    labels.push(row('readmitted') === '<30' ? 1 : 0)
    groups.push(Number(row('patient_nbr')))
  }
  return trainingTable({ columns: FEATURES.length, values, labels, groups })
}

/** The middle of a range such as `[70-80)`; the limit of `>200`. */
function middleOf(range: string): number {
  const [low, high] = range.match(/\d+/g) ?? []
  return low === undefined ? Number.NaN : (Number(low) + Number(high ?? low)) / 2
}

function isCode(cell: string, code: string): number {
  return cell === '?' ? Number.NaN : Number(cell === code)
}

/** Codes that begin with a letter (supplementary ICD-9 codes) are of no group. */
function isWithin(cell: string, ranges: readonly (readonly [number, number])[]): number {
  if (cell === '?') return Number.NaN
  return Number(ranges.some(([low, high]) => Number(cell) >= low && Number(cell) < high))
}
