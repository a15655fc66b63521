import { createHash } from 'node:crypto'
import { AttributionError, attributionsOf, parseSource, readPackageFile, type ScoreOutput } from '@leadglass/models'
import type { Sha256Hex } from '@leadglass/sync-agent/foundation'
import type { ExplainOutcome, ExplanationContent } from '../explain-outcome.ts'
import type { LoadedModel } from './model-sessions.ts'
import { isUsable, runOrFail } from './score-file.ts'

type WorkerOutcome = Exclude<ExplainOutcome, { kind: 'failed' }>

/**
 * Takes a score of a model of tables apart into what its columns contribute. The digest is that of the row.
 * @param row in the order of the package's columns; null is NaN. @throws {AttributionError} and {ModelFailure}.
 */
export async function explainRow(
  model: LoadedModel,
  output: ScoreOutput,
  row: readonly (number | null)[],
): Promise<WorkerOutcome> {
  const values = Float32Array.from(row, (value) => value ?? Number.NaN)
  const result = await runOrFail(model, values)
  if (!isUsable(result)) return { kind: 'not-explained', reason: 'not-finite' }
  const score = result.scores.find(({ code }) => code === output.code)?.value ?? Number.NaN
  const content = await attribute(model, output, '$input', values)
  const hash = createHash('sha256').update(`leadglass.table-row/1 ${JSON.stringify(row)}\n`)
  return {
    kind: 'explained',
    frame: 0,
    pixelDigest: hash.digest('hex') as Sha256Hex,
    imageRows: 1,
    imageColumns: row.length,
    score,
    content,
    provider: model.provider,
  }
}

/**
 * What the graph that gives a score makes of the features that it reads.
 * @param source where these features come from, as the manifest names it. @throws {AttributionError}
 */
export async function attribute(
  model: LoadedModel,
  output: ScoreOutput,
  source: string,
  row: Float32Array,
): Promise<ExplanationContent> {
  const from = parseSource(output.from)
  const graph = model.package.manifest.graphs.find(({ id }) => id === from?.graph)
  const [input, ...others] = Object.entries(graph?.inputs ?? {})
  if (graph === undefined || from === undefined || input?.[1] !== source || others.length > 0) {
    throw new AttributionError('not-additive', 'the score does not come from the features alone')
  }
  const file = await readPackageFile(model.package, graph.file)
  const request = { input: input[0], row, output: from.output, index: output.index }
  const { method, expected, total, link, contributions } = attributionsOf(file, request)
  return { method, expected, total, link: [...link], contributions: contributions.slice() }
}
