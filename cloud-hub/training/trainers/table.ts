import { TrainerError } from './errors.ts'
import { seededNumbers, shuffle } from './seeded-numbers.ts'

/** Rows to fit on. Values are float32 because the exported graph will see float32: both must see the same numbers. */
export interface TrainingTable {
  readonly rows: number
  readonly columns: number
  /** `rows * columns` values, row after row; NaN is a missing value. */
  readonly values: Float32Array
  /** A class a row, 0 to `classes - 1`. */
  readonly labels: Uint8Array
  readonly classes: number
  /** Weight of each row, above 0. */
  readonly weights: Float64Array
  /** The group of each row, such as its patient: a validation part takes whole groups. */
  readonly groups: Int32Array
}

/** What a table is made of. Values are rounded to float32; every row weighs 1 and is its own group when not said. */
export interface TableContent {
  readonly columns: number
  readonly values: ArrayLike<number>
  readonly labels: ArrayLike<number>
  readonly classes?: number
  readonly weights?: ArrayLike<number>
  readonly groups?: ArrayLike<number>
}

/**
 * Checks the content and rounds the values to float32. Without the rounding a value between a float32 threshold and its
 * double falls on one side here and on the other in the exported graph.
 * @throws {TrainerError} `table-invalid`.
 */
export function trainingTable(content: TableContent): TrainingTable {
  const { columns, classes = 2 } = content
  const rows = content.labels.length
  require(Number.isInteger(columns) && columns > 0 && rows > 0, 'the table is empty')
  require(Number.isInteger(classes) && classes >= 2 && classes <= 256, 'a table has 2 to 256 classes')
  require(content.values.length === rows * columns, 'values are not rows times columns')
  const values = Float32Array.from(content.values)
  for (const value of values) require(Math.abs(value) !== Infinity, 'a value is beyond float32')
  const labels = Uint8Array.from(content.labels)
  for (let row = 0; row < rows; row++) {
    const label = content.labels[row] ?? -1
    require(label === labels[row] && label < classes, 'a label is no class')
  }
  const weights = content.weights === undefined ? new Float64Array(rows).fill(1) : Float64Array.from(content.weights)
  require(weights.length === rows, 'weights are not one a row')
  for (const weight of weights) require(weight > 0 && weight < Infinity, 'a weight is not above 0')
  const groups =
    content.groups === undefined ? Int32Array.from({ length: rows }, (_, i) => i) : Int32Array.from(content.groups)
  require(groups.length === rows, 'groups are not one a row')
  return { rows, columns, values, labels, classes, weights, groups }
}

function require(holds: boolean, message: string): void {
  if (!holds) throw new TrainerError('table-invalid', message)
}

/** The named rows of a table, in the order given. */
export function rowsOf(table: TrainingTable, rows: ArrayLike<number>): TrainingTable {
  const { columns, classes } = table
  const values = new Float32Array(rows.length * columns)
  for (let i = 0; i < rows.length; i++) {
    const from = (rows[i] ?? 0) * columns
    values.set(table.values.subarray(from, from + columns), i * columns)
  }
  const pick = (_: unknown, i: number): number => rows[i] ?? 0
  return {
    rows: rows.length,
    columns,
    values,
    labels: Uint8Array.from({ length: rows.length }, (_, i) => table.labels[pick(_, i)] ?? 0),
    classes,
    weights: Float64Array.from({ length: rows.length }, (_, i) => table.weights[pick(_, i)] ?? 0),
    groups: Int32Array.from({ length: rows.length }, (_, i) => table.groups[pick(_, i)] ?? 0),
  }
}

/** Two parts of a table that share no group. */
export interface Parts {
  readonly fit: TrainingTable
  readonly validation: TrainingTable
}

/**
 * Sets `share` of the groups aside, chosen by the seed.
 * @throws {TrainerError} `too-few-cases` when a part would lack a class.
 */
export function splitByGroup(table: TrainingTable, share: number, seed: number): Parts {
  const groups = Int32Array.from(new Set(table.groups))
  shuffle(groups, seededNumbers(seed))
  const aside = new Set(groups.subarray(0, Math.round(groups.length * share)))
  const [fit, validation]: [number[], number[]] = [[], []]
  for (let row = 0; row < table.rows; row++) (aside.has(table.groups[row] ?? 0) ? validation : fit).push(row)
  const parts = { fit: rowsOf(table, fit), validation: rowsOf(table, validation) }
  assertEveryClass(parts.fit)
  assertEveryClass(parts.validation)
  return parts
}

/** @throws {TrainerError} `too-few-cases` when a class has no row. */
export function assertEveryClass(table: TrainingTable): void {
  const present = new Set(table.labels).size
  if (present === table.classes) return
  throw new TrainerError('too-few-cases', `${present} of ${table.classes} classes have rows`)
}
