import type { ModelPackage } from '@leadglass/models'
import type { Clock, Logger } from '@leadglass/sync-agent/foundation'
import { type ScoringAnswer, type ScoringModels, scoringQuery } from '@leadglass/ui/contract/local-api'
import type { FastifyError, FastifyInstance, FastifyRequest } from 'fastify'
import type { ModelLibrary } from '../activation/index.ts'
import { type AuditSink, EventBrake } from '../egress/index.ts'
import { ScoringApiError } from './errors.ts'
import { boundaryOf, partsOf } from './multipart.ts'
import { type ScoreRequest, type ScoreRequestDependencies, scoreRequest } from './score-request.ts'
import type { ScoringTokens } from './tokens.ts'

/** Bounds of the interface; objects are held in memory until they are known to name nobody. */
export interface ScoringApiLimits {
  /** Of one body. */
  readonly bodyBytes: number
  /** Requests in hand; the pool's own queue is shared with the studies and has its own bound. */
  readonly inHand: number
  /** Until a body must be there. */
  readonly bodyMs: number
  readonly retryAfterSeconds: number
}

export const defaultScoringApiLimits: ScoringApiLimits = {
  bodyBytes: 32 * 2 ** 20,
  inHand: 4,
  bodyMs: 60_000,
  retryAfterSeconds: 2,
}

export interface ScoringApiContext extends ScoreRequestDependencies {
  readonly tokens: Pick<ScoringTokens, 'holderOf'>
  readonly library: Pick<ModelLibrary, 'active'>
  readonly audit: AuditSink
  readonly clock: Clock
  readonly logger: Logger
  readonly limits: ScoringApiLimits
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The program that asks for scores; null on every other address. */
    scoringProgram: string | null
    /** Gives the request's place back; null while it has none. */
    leaveScoring: (() => void) | null
  }
}

const TYPES = ['application/dicom', 'image/png', 'multipart/related']

/** `/scoring/v1`: scores for de-identified objects. Its tokens open nothing else, and no other sign-in opens it. */
export async function scoringApiRoutes(server: FastifyInstance, context: ScoringApiContext): Promise<void> {
  const { tokens, library, limits } = context
  const refusals = new EventBrake(context.clock)
  let inHand = 0
  server.decorateRequest('scoringProgram', null)
  server.decorateRequest('leaveScoring', null)
  server.removeAllContentTypeParsers()
  server.addContentTypeParser(TYPES, { parseAs: 'buffer' }, (_request, body, done) => done(null, body))

  server.setErrorHandler<FastifyError | ScoringApiError>((error, request, reply) => {
    const failure = failureOf(error)
    request.leaveScoring?.()
    if (failure.code === 'internal') context.logger.error('scoring-api.failed', { code: error.code, name: error.name })
    record(context, refusals, request, failure)
    if (failure.status === 429 || failure.status === 503) reply.header('retry-after', limits.retryAfterSeconds)
    if (failure.status === 401) reply.header('www-authenticate', 'Bearer realm="leadglass scoring"')
    // What is left of a body that is not taken is not waited for.
    if (failure.status !== 422) reply.header('connection', 'close')
    const { code, message, effect, nextStep, object, attributes } = failure
    return reply.status(failure.status).send({
      error: {
        code,
        message,
        effect,
        nextStep,
        ...(object === undefined ? {} : { object }),
        ...(attributes.length === 0 ? {} : { attributes }),
      },
    })
  })

  // Before the body: nobody's bytes are read for nobody, and a full house says so at once.
  server.addHook('onRequest', async (request, reply) => {
    reply.header('cache-control', 'no-store')
    const program = tokens.holderOf(request.headers.authorization)
    if (program === undefined) throw new ScoringApiError('unauthorised')
    request.scoringProgram = program
    if (request.method !== 'POST') return
    if (inHand >= limits.inHand) throw new ScoringApiError('busy')
    inHand += 1
    const timer = setTimeout(() => request.raw.destroy(), limits.bodyMs)
    request.raw.once('end', () => clearTimeout(timer))
    let left = false
    request.leaveScoring = () => {
      if (left) return
      left = true
      inHand -= 1
      clearTimeout(timer)
    }
  })
  server.addHook('onResponse', async (request) => request.leaveScoring?.())
  server.addHook('onRequestAbort', async (request) => request.leaveScoring?.())

  server.get('/models', async (): Promise<ScoringModels> => {
    return {
      models: library.active().map(({ model, manifest }) => ({
        model: { name: model.name, version: model.version, digest: model.digest },
        title: manifest.title,
        intendedUse: manifest.intendedUse,
        kind: manifest.kind,
      })),
    }
  })

  server.post('/score', { bodyLimit: limits.bodyBytes }, async (request): Promise<ScoringAnswer> => {
    const answer = await scoreRequest(readRequest(request, library.active()), context)
    record(context, refusals, request, undefined, answer)
    return answer
  })
}

function readRequest(request: FastifyRequest, active: readonly ModelPackage[]): ScoreRequest {
  const query = scoringQuery.safeParse(request.query)
  if (!query.success) throw new ScoringApiError('bad-request')
  const { model: wanted, lane, embedding, modality, sopClass, bodyPart, view } = query.data
  const [name, version] = wanted.split('@')
  const model = active.find(
    (one) => one.model.name === name && (version === undefined || one.model.version === version),
  )
  if (model === undefined) throw new ScoringApiError('model-unknown')
  const { kind } = model.manifest
  if (kind !== 'image-2d' && kind !== 'multi-frame') throw new ScoringApiError('kind-unsupported')
  const type = request.headers['content-type'] ?? ''
  const body = request.body
  if (!Buffer.isBuffer(body)) throw new ScoringApiError('media-type')
  const asked = { model, lane, withEmbedding: embedding === 'true' }
  if (/^image\/png\b/i.test(type)) {
    const facts = {
      ...(sopClass === undefined ? {} : { sopClassUid: sopClass }),
      ...(modality === undefined ? {} : { modality }),
      ...(bodyPart === undefined ? {} : { bodyPart }),
      ...(view === undefined ? {} : { view }),
    }
    return { ...asked, objects: { kind: 'png', bytes: body, facts } }
  }
  if (/^application\/dicom\b/i.test(type)) return { ...asked, objects: { kind: 'dicom', parts: [body] } }
  const boundary = boundaryOf(type)
  const parts = boundary === undefined ? undefined : partsOf(body, boundary)
  if (parts === undefined) throw new ScoringApiError('multipart-malformed')
  return { ...asked, objects: { kind: 'dicom', parts } }
}

function failureOf(error: FastifyError | ScoringApiError): ScoringApiError {
  if (error instanceof ScoringApiError) return error
  const status = error.statusCode ?? 500
  if (status === 413) return new ScoringApiError('too-large')
  if (status === 415) return new ScoringApiError('media-type')
  if (status === 408) return new ScoringApiError('too-slow')
  return new ScoringApiError(status >= 400 && status < 500 ? 'bad-request' : 'internal')
}

/** One line of the audit log for each request, refusals behind a brake. Neither objects nor their digests are kept. */
function record(
  { audit }: ScoringApiContext,
  refusals: EventBrake,
  request: FastifyRequest,
  failure: ScoringApiError | undefined,
  answer?: ScoringAnswer,
): void {
  const more = failure === undefined ? [] : refusals.codes()
  if (more === undefined) return
  const program = request.scoringProgram
  const scored = answer?.instances.filter(({ outcome }) => outcome === 'scored').length ?? 0
  const codes = [
    ...(program === null ? [] : [program]),
    failure === undefined ? `scored-${scored}` : failure.code,
    ...(answer === undefined ? [] : [answer.provider]),
    ...more,
  ]
  const subject =
    answer === undefined ? null : { kind: 'model' as const, id: `${answer.model.name}@${answer.model.version}` }
  const outcome = failure === undefined ? 'success' : failure.status >= 500 ? 'failure' : 'refused'
  audit.recordNow({ event: 'scoring.requested', actor: { kind: 'system', id: 'scoring' }, subject, outcome, codes })
}
