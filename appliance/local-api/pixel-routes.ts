import { toIsoInstant } from '@leadglass/sync-agent/foundation'
import {
  EXPORT_MASKED_HEADER,
  EXPORT_NAME_HEADER,
  type ExportPlan,
  type NotExported,
  type PixelFrame,
  type PixelReviewList,
  type PixelReviewView,
  pixelReviewQuery,
  type ReleaseAnswerView,
  refuseRequest,
  releaseRequest,
} from '@leadglass/ui/contract/local-api'
import type { FastifyInstance } from 'fastify'
import { type PixelReview, PixelReviewError } from '../pixel-review/index.ts'
import type { RevisionInstance, StudyRow } from '../records/index.ts'
import { actorOf, parse, requireRole } from './access.ts'
import type { LocalApiContext } from './context.ts'
import { LocalApiError } from './errors.ts'
import { instantOrNull } from './views.ts'

const EVERYONE = ['technologist', 'radiologist', 'site-admin', 'operator'] as const
const LOOKERS = ['radiologist', 'site-admin', 'operator'] as const
const ADMINISTRATORS = ['site-admin', 'operator'] as const
const MOST_LISTED = 500

/** Pixels that a person must look at, and studies that leave the box. */
export function pixelRoutes(server: FastifyInstance, context: LocalApiContext): void {
  const { reviews } = context

  server.get('/api/pixel-reviews', async (request): Promise<PixelReviewList> => {
    requireRole(request, context, EVERYONE)
    const { state } = parse(pixelReviewQuery, request.query)
    return { reviews: reviews.list(state, MOST_LISTED).map(viewOf) }
  })

  server.get('/api/pixel-reviews/:review', async (request): Promise<PixelReviewView> => {
    requireRole(request, context, EVERYONE)
    return viewOf(await answering(() => reviews.find(numberOf(request.params, 'review'))))
  })

  server.get('/api/pixel-reviews/:review/frames/:frame', async (request): Promise<PixelFrame> => {
    const caller = requireRole(request, context, LOOKERS)
    const [review, frame] = [numberOf(request.params, 'review'), numberOf(request.params, 'frame')]
    const { png, ...seen } = await answering(() => reviews.look(review, frame, actorOf(caller)))
    return { ...seen, png: Buffer.from(png).toString('base64') }
  })

  server.post('/api/pixel-reviews/:review/release', async (request): Promise<ReleaseAnswerView> => {
    const caller = requireRole(request, context, LOOKERS)
    const wanted = parse(releaseRequest, request.body)
    const answer = await answering(() => reviews.release(numberOf(request.params, 'review'), wanted, actorOf(caller)))
    return answer.kind === 'released' ? { released: true } : { released: false, found: [...answer.found] }
  })

  server.post('/api/pixel-reviews/:review/refuse', async (request): Promise<{ refused: true }> => {
    const caller = requireRole(request, context, LOOKERS)
    const { reason } = parse(refuseRequest, request.body)
    await answering(() => reviews.refuse(numberOf(request.params, 'review'), reason, actorOf(caller)))
    return { refused: true }
  })

  server.get('/api/studies/:study/export', async (request): Promise<ExportPlan> => {
    requireRole(request, context, ADMINISTRATORS)
    const { study, revision, instances } = currentOf(context, request.params)
    return {
      study: study.studyPseudonym,
      revision,
      instances: instances.map(({ ordinal, bytes }) => ({ instance: ordinal, bytes })),
    }
  })

  server.post('/api/studies/:study/export/:instance', async (request, reply): Promise<NotExported | Uint8Array> => {
    const caller = requireRole(request, context, ADMINISTRATORS)
    const { study, instances } = currentOf(context, request.params)
    const ordinal = numberOf(request.params, 'instance')
    const instance = instances.find((one) => one.ordinal === ordinal)
    if (instance === undefined) throw new LocalApiError('not-found')
    const exported = await context.exporter.export(study, instance)
    const isWritten = exported.kind === 'written'
    context.audit.recordNow({
      event: 'study.exported',
      actor: actorOf(caller),
      subject: { kind: 'study', id: study.studyPseudonym },
      outcome: isWritten ? 'success' : 'refused',
      codes: [`instance-${ordinal}`, isWritten ? `masked-${exported.masked}` : exported.kind],
    })
    if (exported.kind !== 'written') return exported
    reply.header(EXPORT_NAME_HEADER, `${exported.name}.dcm`)
    reply.header(EXPORT_MASKED_HEADER, String(exported.masked))
    reply.type('application/dicom')
    return exported.bytes
  })
}

function currentOf(
  { records }: LocalApiContext,
  params: unknown,
): { study: StudyRow; revision: number; instances: readonly RevisionInstance[] } {
  const name = (params as { readonly study?: unknown }).study
  const study = typeof name === 'string' && /^[0-9a-f]{32}$/.test(name) ? records.studies.find(name) : undefined
  const [revision] = study === undefined ? [] : records.studies.revisions(study.studyId)
  if (study === undefined || revision === undefined) throw new LocalApiError('not-found')
  return { study, revision: revision.number, instances: records.revisions.instances(revision.revisionId) }
}

function numberOf(params: unknown, name: string): number {
  const value = (params as Readonly<Record<string, unknown>>)[name]
  if (typeof value !== 'string' || !/^[0-9]{1,15}$/.test(value)) throw new LocalApiError('not-found')
  return Number(value)
}

function viewOf({
  reviewId,
  studyPseudonym,
  heldAt,
  decidedAt,
  proposed,
  boxes,
  ...row
}: PixelReview): PixelReviewView {
  return {
    ...row,
    review: reviewId,
    study: studyPseudonym,
    proposed: [...proposed],
    boxes: boxes === null ? null : [...boxes],
    heldAt: toIsoInstant(heldAt),
    decidedAt: instantOrNull(decidedAt),
  }
}

/** The failures of the review as the interface tells them. */
async function answering<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (cause instanceof PixelReviewError) throw new LocalApiError(cause.code)
    throw cause
  }
}
