import { AttributionError, type ScoreOutput } from '@leadglass/models'
import {
  DataSetError,
  DecodeError,
  decodeFrames,
  instanceFacts,
  modalityLut,
  type PreparedTensor,
  preprocess,
  voiLut,
} from '../../imaging/index.ts'
import type { ExplainOutcome, ExplanationContent, NotExplainedReason } from '../explain-outcome.ts'
import { fits } from '../fit.ts'
import type { WorkerRequest } from '../messages.ts'
import { attribute, explainRow } from './explain-row.ts'
import { sampledFrames } from './frames.ts'
import type { LoadedModel, ModelResult } from './model-sessions.ts'
import { occlusionMap } from './occlusion.ts'
import { pixelDigestOf } from './pixel-digest.ts'
import { readObject } from './read-object.ts'
import { ModelFailure, runOrFail } from './score-file.ts'

type ExplainRequest = Extract<WorkerRequest, { kind: 'explain' }>
type WorkerOutcome = Exclude<ExplainOutcome, { kind: 'failed' }>

/**
 * Explains one score of one frame. Without a frame it is the one of those that were looked at whose score is highest. Everything
 * that a file can do wrong is an outcome.
 * @throws {ModelFailure} when the runtime fails.
 */
export async function explainFile(model: LoadedModel, request: ExplainRequest): Promise<WorkerOutcome> {
  const { manifest } = model.package
  const output = manifest.outputs.find(({ code }) => code === request.output)
  if (output === undefined) return notExplained('output-unknown')
  // A segmentation is its own explanation: the mask says where.
  const isTable = manifest.kind === 'tabular' && request.row?.length === manifest.columns?.length
  const isImage = manifest.kind === 'image-2d' || manifest.kind === 'multi-frame'
  if (!isImage && !(isTable && request.method === 'attribution')) return notExplained('kind-not-explained')
  // The score is of two images: hiding parts of one would tell half of it.
  if (manifest.priors !== undefined) return notExplained('kind-not-explained', 'priors')
  try {
    return request.row === undefined
      ? await explain(model, output, request)
      : await explainRow(model, output, request.row)
  } catch (error) {
    if (error instanceof ModelFailure) throw error
    if (error instanceof DataSetError) return notExplained('unreadable', error.code)
    if (error instanceof DecodeError) return notExplained('undecodable', error.code)
    if (error instanceof AttributionError) {
      return notExplained(error.code === 'no-node-weights' ? 'no-node-weights' : 'not-additive', error.code)
    }
    return notExplained('internal-error')
  }
}

async function explain(model: LoadedModel, output: ScoreOutput, request: ExplainRequest): Promise<WorkerOutcome> {
  const { manifest } = model.package
  const file = await readObject(request.file, request.limits)
  const fit = fits({ ...manifest.fit, age: undefined }, instanceFacts(file.dataSet))
  if (fit.kind === 'no-fit') return notExplained('no-fit', fit.reason)
  const { maximumDecodedBytes: maximumBytes } = request.limits
  const image = await decodeFrames(file.dataSet, file.meta.transferSyntaxUid, { maximumBytes })
  const lut = modalityLut(file.dataSet, image)
  const voi = voiLut(file.dataSet, image)
  const looked = sampledFrames(image.frames, manifest.frames?.sample ?? 1)
  if (request.frame !== null && request.frame >= image.frames) return notExplained('frame-unknown')
  const { rows, columns, photometric } = image
  const storedOf = (frame: number) => image.pixels.subarray(frame * rows * columns, (frame + 1) * rows * columns)
  let best: { frame: number; prepared: PreparedTensor; result: ModelResult; score: number } | undefined
  for (const frame of request.frame === null ? looked : [request.frame]) {
    const input = { rows, columns, photometric, stored: storedOf(frame), modalityLut: lut, voiLut: voi }
    const prepared = preprocess(input, manifest.preprocessing)
    const result = await runOrFail(model, prepared.values)
    const score = scoreOf(result, output.code)
    if (!Number.isFinite(score)) return notExplained('not-finite')
    if (best === undefined || score > best.score) best = { frame, prepared, result, score }
  }
  if (best === undefined) return notExplained('frame-unknown')
  const content =
    request.method === 'occlusion'
      ? await occlude(model, output.code, best.prepared, best.score)
      : await attribute(model, output, manifest.embedding.from, best.result.embedding)
  if (content === undefined) return notExplained('not-finite')
  return {
    kind: 'explained',
    frame: best.frame,
    pixelDigest: pixelDigestOf({ rows, columns, photometric, stored: storedOf(best.frame) }),
    imageRows: rows,
    imageColumns: columns,
    score: best.score,
    content,
    provider: model.provider,
  }
}

async function occlude(
  model: LoadedModel,
  code: string,
  prepared: PreparedTensor,
  score: number,
): Promise<ExplanationContent | undefined> {
  const run = async (values: Float32Array): Promise<number> => scoreOf(await runOrFail(model, values), code)
  const map = await occlusionMap(prepared, score, run)
  return map.values.every(Number.isFinite) ? { method: 'occlusion', ...map } : undefined
}

function scoreOf(result: ModelResult, code: string): number {
  return result.scores.find((one) => one.code === code)?.value ?? Number.NaN
}

function notExplained(reason: NotExplainedReason, detail?: string): WorkerOutcome {
  return { kind: 'not-explained', reason, ...(detail === undefined ? {} : { detail }) }
}
