import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  binOf,
  type ManifestContent,
  type ModelManifest,
  type ModelPackage,
  type ReferenceDistributions,
  readPackageFile,
  writePackage,
} from '@leadglass/models'
import { canonicalJson, digestOf, type JsonValue } from '@leadglass/sync-agent/foundation'
import type { OpenedSnapshot } from '../lake/index.ts'
import { candidateCard } from './candidate-card.ts'
import { TrainingError } from './errors.ts'
import { goldenEmbeddings } from './golden/golden-embedding.ts'
import { type HeadWiring, headWiring } from './head-wiring.ts'
import { RUN_FILES } from './job.ts'
import { assertParity, joinedRows, runHead } from './parity.ts'
import type { TrainingReport } from './report.ts'
import { evaluateGraph } from './trainers/index.ts'

/** What a new version is called. */
export interface NextRelease {
  readonly version: string
  readonly releaseCounter: number
}

/**
 * Builds the package of a candidate: the parent's files with the new head, the golden outputs that the new graphs give,
 * the reference distribution of the new score, and a card with what was measured. The graph is run again here, in the
 * hub, on the whole snapshot: nothing is taken over on the trainer's word.
 * @param runFolder where the trainer left `head.onnx`.
 * @throws {TrainingError} when the head is not what the report says, or the runtime's answers are not those of its own numbers.
 */
export async function buildCandidate(
  parent: ModelPackage,
  snapshot: OpenedSnapshot,
  report: TrainingReport,
  runFolder: string,
  next: NextRelease,
): Promise<ModelPackage> {
  const wiring = headWiring(parent.manifest, report.finding)
  const headGraph = await readFile(join(runFolder, RUN_FILES.head))
  if (digestOf(headGraph) !== report.head.sha256) throw new TrainingError('export-differs', 'the head is another file')
  const embeddings = snapshot.rows.map((row) => row.embedding)
  const scores = await runHead(headGraph, wiring, embeddings)
  assertParity(Array.from(evaluateGraph(headGraph, joinedRows(embeddings), parent.manifest.embedding.length)), scores)

  const files = new Map<string, Uint8Array>()
  for (const { path } of parent.manifest.files) files.set(path, await readPackageFile(parent, path))
  files.set(wiring.file, headGraph)
  for (const [path, expectation] of await goldenOutputs(parent, wiring, headGraph, report.finding)) {
    files.set(path, jsonBytes(expectation))
  }
  const reference = withScores(parent.reference, `score.${report.finding}`, scores)
  files.set(parent.manifest.reference, jsonBytes(reference))
  files.set(parent.manifest.card, jsonBytes(candidateCard(parent, snapshot.manifest, report, next.version)))
  return writePackage(join(runFolder, 'package'), { manifest: manifestOf(parent, report, next), files })
}

/** Where a candidate comes from, as its manifest states it. The same inputs give the same words. */
export function lineageOf(report: TrainingReport): ModelManifest['lineage'] {
  return {
    parent: report.parent,
    trainedBy: `Leadglass hub, training code ${report.code}${trainerWords(report)}`,
    dataset: `snapshot ${report.snapshot}`,
    split: `30 % of patients held out, seed ${report.seed}`,
  }
}

/** Another trainer, or other options, make another candidate of the same dataset. */
function trainerWords({ trainer }: TrainingReport): string {
  if (trainer === undefined) return ''
  const { name, calibration, options } = trainer
  return `, ${name}, calibration ${calibration}, options ${digestOf(canonicalJson(options)).slice(0, 16)}`
}

async function goldenOutputs(
  parent: ModelPackage,
  wiring: HeadWiring,
  headGraph: Uint8Array,
  finding: string,
): Promise<Map<string, JsonValue>> {
  const result = new Map<string, JsonValue>()
  for (const { path, expectation, embedding } of await goldenEmbeddings(parent)) {
    const [probability] = await runHead(headGraph, wiring, [embedding])
    const outputs = { ...expectation.outputs, [finding]: Number((probability ?? Number.NaN).toFixed(6)) }
    result.set(path, { ...expectation, outputs })
  }
  return result
}

/** The score's distribution on the snapshot, on the parent's bins, so that counts of both versions can be compared. */
function withScores(
  reference: ReferenceDistributions,
  feature: string,
  scores: readonly number[],
): ReferenceDistributions {
  return {
    ...reference,
    features: reference.features.map((one) => {
      if (one.feature !== feature) return one
      const counts = one.counts.map(() => 0)
      for (const score of scores) {
        const bin = binOf(one, score)
        counts[bin] = (counts[bin] ?? 0) + 1
      }
      return { ...one, counts }
    }),
  }
}

function manifestOf(parent: ModelPackage, report: TrainingReport, next: NextRelease): ManifestContent {
  const { schema: _schema, files: _files, ...content } = parent.manifest
  return {
    ...content,
    ...next,
    outputs: content.outputs.map((output) =>
      output.code === report.finding
        ? {
            ...output,
            operatingPoint: {
              thresholdMilli: report.thresholdMilli,
              chosenBy: `largest Youden index of the out-of-fold probabilities on the training part of dataset ${report.snapshot}`,
            },
          }
        : output,
    ),
    lineage: lineageOf(report),
  }
}

function jsonBytes(value: JsonValue): Uint8Array {
  return Buffer.from(canonicalJson(value))
}
