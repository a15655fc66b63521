import type { ModelPackage } from '@leadglass/models'
import { goldenRow, readPackageJson, type TableRow, tableRow } from '@leadglass/models'
import type { InstanceOutcome } from '../outcome.ts'
import type { LoadedModel } from './model-sessions.ts'
import { notScored } from './read-object.ts'
import { isUsable, runOrFail } from './score-file.ts'

/**
 * Scores one row of a model of tables.
 * @param row in the order of the package's columns; null is NaN. @throws {ModelFailure} when the runtime fails.
 */
export async function scoreRow(model: LoadedModel, row: readonly (number | null)[]): Promise<InstanceOutcome> {
  const { columns = [] } = model.package.manifest
  if (row.length !== columns.length) return notScored(0, 'internal-error', 'another-width')
  const result = await runOrFail(model, rowTensor(row))
  if (!isUsable(result)) return notScored(0, 'not-finite')
  const { embedding, scores } = result
  return { kind: 'scored', instance: 0, embedding, scores: [...scores], quality: {} }
}

/**
 * A golden row as the network's input.
 * @throws {PackageError} when the file is none, {RangeError} when it names other columns, or a value that is refused.
 */
export async function goldenRowTensor(from: ModelPackage, path: string): Promise<Float32Array> {
  const { values } = await readPackageJson(from, path, goldenRow)
  const { columns = [] } = from.manifest
  const names = new Set(columns.map(({ name }) => name))
  if (Object.keys(values).some((name) => !names.has(name))) throw new RangeError('a golden row names another column')
  const row: TableRow = tableRow(columns, ({ name }) => values[name] ?? undefined)
  if (row.kind === 'refused') throw new RangeError(`a golden row is refused: ${row.reason} ${row.column}`)
  return rowTensor(row.values)
}

function rowTensor(row: readonly (number | null)[]): Float32Array {
  return Float32Array.from(row, (value) => value ?? Number.NaN)
}
