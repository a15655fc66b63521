import { randomUUID } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ModelPackage } from '@leadglass/models'
import type { ScoringAnswer } from '@leadglass/ui/contract/local-api'
import type { Deidentifier } from '../deidentify/index.ts'
import { type DataSet, DataSetError, parsePart10 } from '../imaging/dataset/index.ts'
import { type Lane, ScoringError, type ScoringOutcome, type ScoringPool } from '../scoring/index.ts'
import { ScoringApiError } from './errors.ts'
import { attributeOfPixels, identifyingAttributes } from './identity-check.ts'
import { readGreyPng } from './png.ts'
import { type PngFacts, wrapGreyImage } from './wrap-png.ts'

const LONGEST_MS = 600_000
const STATEMENT = 'Result of a model, not for diagnosis.'

export interface ScoreRequestDependencies {
  readonly pool: Pick<ScoringPool, 'score'>
  /** Only its judgement is used: what it would take out must not be there. */
  readonly deidentifier: Pick<Deidentifier, 'clean'>
  readonly workFolder: string
}

/** What one request asks. */
export interface ScoreRequest {
  readonly model: ModelPackage
  readonly objects:
    | { readonly kind: 'dicom'; readonly parts: readonly Uint8Array[] }
    | { readonly kind: 'png'; readonly bytes: Buffer; readonly facts: Partial<PngFacts> }
  readonly lane: Lane
  readonly withEmbedding: boolean
}

/**
 * Checks that nothing in the request identifies anybody, and has it scored. Nothing is written before the check has
 * passed, and what is written for the workers is gone when this ends.
 * @throws {ScoringApiError}
 */
export async function scoreRequest(
  request: ScoreRequest,
  { pool, deidentifier, workFolder }: ScoreRequestDependencies,
): Promise<ScoringAnswer> {
  const started = performance.now()
  const { model, lane } = request
  const files = filesOf(request, deidentifier)
  const checked = performance.now()
  const id = `api-${randomUUID()}`
  const folder = join(workFolder, id)
  try {
    await mkdir(folder, { mode: 0o750 })
    const paths: string[] = []
    for (const [index, bytes] of files.entries()) {
      const path = join(folder, `${index}.dcm`)
      await writeFile(path, bytes, { mode: 0o640, flag: 'wx' })
      paths.push(path)
    }
    const outcome = await pool
      .score({
        jobId: id,
        packageFolder: model.folder,
        model: model.model,
        files: paths,
        timeoutMs: Math.min(LONGEST_MS, model.manifest.runtime.timeoutMs * paths.length),
        lane,
        memoryMiB: model.manifest.runtime.memoryMiB,
      })
      .catch((cause: unknown) => {
        if (!(cause instanceof ScoringError)) throw cause
        throw new ScoringApiError(cause.code === 'queue-full' ? 'queue-full' : 'unavailable')
      })
    const ended = performance.now()
    return answerOf(request, outcome, files.length, {
      checkMs: tenth(checked - started),
      scoringMs: tenth(ended - checked),
      totalMs: tenth(ended - started),
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function filesOf({ objects, model }: ScoreRequest, deidentifier: Pick<Deidentifier, 'clean'>): readonly Uint8Array[] {
  if (objects.kind === 'dicom') {
    for (const [object, part] of objects.parts.entries()) requireDeidentified(part, object, deidentifier)
    return objects.parts
  }
  const image = readGreyPng(objects.bytes)
  if (image === 'too-large') throw new ScoringApiError('too-large', { object: 0 })
  if (image === 'text') {
    throw new ScoringApiError('not-deidentified', { object: 0, attributes: [{ tag: 'png', name: 'text chunk' }] })
  }
  if (typeof image === 'string') throw new ScoringApiError('unreadable', { object: 0 })
  const { fit } = model.manifest
  const facts = {
    sopClassUid: objects.facts.sopClassUid ?? fit.sopClasses[0] ?? '',
    modality: objects.facts.modality ?? fit.modalities[0] ?? '',
    // What decides about the fit is said by the caller or not at all.
    bodyPart: objects.facts.bodyPart ?? '',
    view: objects.facts.view ?? '',
  }
  return [wrapGreyImage(image, facts)]
}

/** @throws {ScoringApiError} `unreadable`, `not-deidentified`, `pixels-may-identify`. */
function requireDeidentified(bytes: Uint8Array, object: number, deidentifier: Pick<Deidentifier, 'clean'>): void {
  const original = parsed(bytes, object)
  const cleaned = deidentifier.clean(() => parsePart10(bytes))
  if (cleaned.kind === 'quarantined') throw new ScoringApiError('unreadable', { object })
  const attributes = identifyingAttributes(original, cleaned.dataSet)
  if (attributes.length > 0) throw new ScoringApiError('not-deidentified', { object, attributes })
  const pixels = attributeOfPixels(original, cleaned.facts.pixelRisk)
  if (pixels !== undefined) throw new ScoringApiError('pixels-may-identify', { object, attributes: [pixels] })
}

function parsed(bytes: Uint8Array, object: number): DataSet {
  try {
    const file = parsePart10(bytes)
    // Group 0002 is not looked at by the profile: private information there has no place at all (PS3.10 7.1).
    const isTelling = [...file.metaElements.elements.keys()].some((tag) => tag >= 0x00020100)
    if (file.form === 'bare' || file.truncated) throw new ScoringApiError('unreadable', { object })
    if (!isTelling) return file.dataSet
    const attributes = [{ tag: '(0002,0102)', name: 'PrivateInformation' }]
    throw new ScoringApiError('not-deidentified', { object, attributes })
  } catch (cause) {
    if (cause instanceof DataSetError) throw new ScoringApiError('unreadable', { object })
    throw cause
  }
}

function answerOf(
  { model, lane, withEmbedding }: ScoreRequest,
  outcome: ScoringOutcome,
  count: number,
  timings: ScoringAnswer['timings'],
): ScoringAnswer {
  if (outcome.kind === 'failed') {
    if (outcome.reason === 'timed-out') throw new ScoringApiError('timed-out')
    throw new ScoringApiError(outcome.reason === 'stopped' ? 'unavailable' : 'model-failed')
  }
  const instances = Array.from({ length: count }, (_, instance): ScoringAnswer['instances'][number] => {
    const one = outcome.instances.find((each) => each.instance === instance)
    if (one?.kind !== 'scored') {
      const reason =
        one === undefined ? 'no-answer' : one.detail === undefined ? one.reason : `${one.reason}.${one.detail}`
      return { instance, outcome: 'not-scored', reason, scores: [], quality: one?.quality ?? {}, embedding: null }
    }
    const scores = model.manifest.outputs.flatMap(({ code, title, unit, operatingPoint: { thresholdMilli } }) => {
      const value = one.scores.find((score) => score.code === code)?.value
      return value === undefined
        ? []
        : [{ code, title, value, unit, thresholdMilli, above: value >= thresholdMilli / 1000 }]
    })
    const embedding = withEmbedding ? littleEndianBase64(one.embedding) : null
    return { instance, outcome: 'scored', reason: null, scores, quality: one.quality, embedding }
  })
  const { name, version, digest } = model.model
  return {
    schema: 'leadglass.scoring-answer/1',
    statement: STATEMENT,
    model: { name, version, digest },
    provider: outcome.provider ?? 'cpu',
    lane,
    timings,
    instances,
  }
}

function littleEndianBase64(values: Float32Array): string {
  const bytes = Buffer.alloc(values.length * 4)
  values.forEach((value, i) => {
    bytes.writeFloatLE(value, i * 4)
  })
  return bytes.toString('base64')
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10
}
