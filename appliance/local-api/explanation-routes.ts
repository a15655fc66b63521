import { toIsoInstant } from '@leadglass/sync-agent/foundation'
import {
  type ExplanationAnswer,
  type ExplanationDetail,
  type ExplanationList,
  type ExplanationPicture,
  type ExplanationSummary,
  explanationPictureQuery,
  explanationQuery,
  explanationRequest,
} from '@leadglass/ui/contract/local-api'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { ExplanationError, type HeldExplanation, renderHeatMap, type ShownExplanation } from '../explanation/index.ts'
import type { StudyRow } from '../records/index.ts'
import { actorOf, parse, requireRole } from './access.ts'
import type { LocalApiContext } from './context.ts'
import { LocalApiError } from './errors.ts'

/** Whoever may open a study may ask why its scores are what they are. */
const EVERYONE = ['technologist', 'radiologist', 'site-admin', 'operator'] as const

/** Why scores are what they are. */
export function explanationRoutes(server: FastifyInstance, context: LocalApiContext): void {
  const { explanations } = context
  if (explanations === undefined) return

  server.get('/api/studies/:study/explanations', async (request): Promise<ExplanationList> => {
    requireRole(request, context, EVERYONE)
    const { studyId } = studyOf(context, request)
    return { explanations: explanations.list(studyId).flatMap(summaryOf) }
  })

  server.post('/api/studies/:study/explanations', async (request): Promise<ExplanationAnswer> => {
    const caller = requireRole(request, context, EVERYONE)
    const wanted = parse(explanationRequest, request.body)
    const { studyId } = studyOf(context, request)
    const made = await answering(() => explanations.make(studyId, wanted, actorOf(caller)))
    if (made.kind === 'not-explained') return { explained: false, reason: made.reason }
    const { row, result, explanation } = made
    const [summary] = summaryOf({ row, result, opened: explanation })
    if (summary === undefined) throw new LocalApiError('internal')
    return { explained: true, explanation: summary }
  })

  server.get('/api/studies/:study/explanations/:explanation', async (request): Promise<ExplanationDetail> => {
    const caller = requireRole(request, context, EVERYONE)
    const shown = parse(explanationQuery, request.query)
    const { studyId } = studyOf(context, request)
    const number = numberOf(request)
    return detailOf(await answering(() => explanations.read(studyId, number, shown, actorOf(caller))))
  })

  server.get('/api/studies/:study/explanations/:explanation/picture', async (request): Promise<ExplanationPicture> => {
    const caller = requireRole(request, context, EVERYONE)
    const { palette, threshold, ...shown } = parse(explanationPictureQuery, request.query)
    const { studyId } = studyOf(context, request)
    const number = numberOf(request)
    const { result, explanation } = await answering(() => explanations.read(studyId, number, shown, actorOf(caller)))
    const { content, imageRows: rows, imageColumns: columns } = explanation
    if (content.method !== 'occlusion') throw new LocalApiError('explanation-no-picture')
    const { png, largest } = await renderHeatMap(content, { rows, columns }, palette, threshold)
    const words = `Heat map of ${result.title}, ${result.modelName} ${result.modelVersion}. Not for diagnostic use.`
    return { png: Buffer.from(png).toString('base64'), largest, words }
  })
}

function studyOf({ records }: LocalApiContext, { params }: FastifyRequest): StudyRow {
  const name = (params as { readonly study?: unknown }).study
  const study = typeof name === 'string' && /^[0-9a-f]{32}$/.test(name) ? records.studies.find(name) : undefined
  if (study === undefined) throw new LocalApiError('not-found')
  return study
}

function numberOf({ params }: FastifyRequest): number {
  const { explanation } = params as { readonly explanation?: unknown }
  if (typeof explanation !== 'string' || !/^[0-9]{1,15}$/.test(explanation)) throw new LocalApiError('not-found')
  return Number(explanation)
}

/** Nothing is said of one whose bytes cannot be believed, but that it is there. */
function summaryOf({ row, result, opened }: HeldExplanation): ExplanationSummary[] {
  if (result === undefined) return []
  const failed = opened instanceof ExplanationError ? opened : undefined
  const bound = opened instanceof ExplanationError ? undefined : opened
  const { modelName: name, modelVersion: version, modelDigest: digest } = result
  return [
    {
      explanation: row.explanationId,
      state: stateOf(failed),
      instance: result.ordinal,
      frame: bound?.frame ?? 0,
      code: row.code,
      title: result.title,
      method: bound?.content.method ?? (row.method === 'occlusion' ? 'occlusion' : 'linear'),
      model: { name, version, digest },
      pixels: bound?.pixelDigest ?? '0'.repeat(64),
      object: bound?.objectDigest ?? '0'.repeat(64),
      digest: row.contentDigest,
      madeAt: toIsoInstant(row.madeAt),
    },
  ]
}

function stateOf(failed: ExplanationError | undefined): ExplanationSummary['state'] {
  if (failed === undefined) return 'current'
  if (failed.code === 'explanation-superseded') return 'superseded'
  return failed.code === 'explanation-tampered' ? 'tampered' : 'mismatch'
}

function detailOf({ row, result, explanation }: ShownExplanation): ExplanationDetail {
  const [summary] = summaryOf({ row, result, opened: explanation })
  if (summary === undefined) throw new LocalApiError('internal')
  const { content, score, imageRows, imageColumns } = explanation
  return {
    ...summary,
    score,
    imageRows,
    imageColumns,
    content:
      content.method === 'occlusion'
        ? { ...content, values: [...content.values] }
        : {
            ...content,
            contributions: [...content.contributions].map((contribution, at) => ({
              feature: explanation.features?.[at] ?? `embedding.${at}`,
              contribution,
            })),
          },
  }
}

/** The failures of explanations as the interface tells them. */
async function answering<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (cause instanceof ExplanationError) throw new LocalApiError(cause.code)
    throw cause
  }
}
