import { createReadStream } from 'node:fs'
import { isCodedError, type Logger } from '@leadglass/sync-agent/foundation'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { MLFLOW_STATUS, MlflowError, notFound } from './errors.ts'
import { experimentRoutes } from './experiment-routes.ts'
import { modelRoutes } from './model-routes.ts'
import type { MlflowCaller, MlflowParts } from './route.ts'

/** A batch of 1000 metrics is a tenth of this. */
const BODY_LIMIT = 1024 * 1024
const artifactQuery = z.object({ path: z.string().max(400).default('') })

/** How the API is let in. */
export interface MlflowDoor {
  /** @returns undefined for a request that nobody vouches for. */
  readonly callerOf: (request: FastifyRequest) => Promise<MlflowCaller | undefined>
  readonly logger: Logger
}

/**
 * The MLflow REST API (2.0) over the hub's registry and over runs that outside tools log. Failures have MLflow's own form,
 * `{error_code, message}`, so that its clients raise what they would raise of any server.
 */
export function registerMlflow(app: FastifyInstance, parts: MlflowParts, door: MlflowDoor): void {
  void app.register(
    async (scope) => {
      scope.setErrorHandler((error, _request, reply) => {
        const failure = mlflowFailure(error)
        if (failure.code === 'INTERNAL_ERROR') {
          door.logger.error('mlflow.failed', {
            reason: error instanceof Error ? (error.stack ?? error.message) : 'unknown',
          })
        }
        return reply.status(MLFLOW_STATUS[failure.code]).send({ error_code: failure.code, message: failure.message })
      })
      scope.setNotFoundHandler(() => {
        throw new MlflowError('ENDPOINT_NOT_FOUND', 'this hub does not have this part of the MLflow API')
      })
      for (const { method, path, writes, handle } of [...experimentRoutes(parts), ...modelRoutes(parts)]) {
        scope.route({
          method,
          url: `/mlflow/${path}`,
          bodyLimit: BODY_LIMIT,
          handler: async (request) => {
            const caller = await admitted(request, door, writes)
            return handle(method === 'GET' ? request.query : request.body, caller)
          },
        })
      }
      artifactRoutes(scope, parts, door)
    },
    { prefix: '/api/2.0' },
  )
}

/** Files of packages, read by digest and listed path. Nothing is ever uploaded: versions enter by import. */
function artifactRoutes(scope: FastifyInstance, parts: MlflowParts, door: MlflowDoor): void {
  scope.get('/mlflow-artifacts/artifacts', async (request) => {
    await admitted(request, door, false)
    const { path } = artifactQuery.parse(request.query)
    const [digest = '', ...rest] = path.split('/')
    return { files: listed(parts.files(digest), rest.join('/')) }
  })
  scope.get<{ Params: { '*': string } }>('/mlflow-artifacts/artifacts/*', async (request, reply) => {
    await admitted(request, door, false)
    const [digest = '', ...rest] = request.params['*'].split('/')
    const file = await parts.file(digest, rest.join('/'))
    if (file === undefined) throw notFound('artifact')
    void reply.type('application/octet-stream').header('content-length', file.bytes)
    return createReadStream(file.path)
  })
  scope.route({
    method: ['PUT', 'DELETE'],
    url: '/mlflow-artifacts/artifacts/*',
    // Any media type: nothing of the body is read.
    onRequest: async (request) => {
      await admitted(request, door, true)
      throw new MlflowError('PERMISSION_DENIED', 'artifacts enter by import of a package')
    },
    handler: async () => undefined,
  })
}

/** Entries directly below a folder of a package. */
function listed(
  files: readonly { readonly path: string; readonly bytes: number }[] | undefined,
  folder: string,
): readonly unknown[] {
  if (files === undefined) return []
  const below = folder === '' ? '' : `${folder}/`
  const inside = files.filter((file) => file.path.startsWith(below))
  const names = new Set(inside.map((file) => file.path.slice(below.length).split('/')[0] ?? ''))
  return [...names].sort().map((path) => {
    const file = inside.find((one) => one.path === `${below}${path}`)
    return file === undefined ? { path, is_dir: true } : { path, is_dir: false, file_size: file.bytes }
  })
}

async function admitted(request: FastifyRequest, door: MlflowDoor, writes: boolean): Promise<MlflowCaller> {
  const caller = await door.callerOf(request)
  if (caller === undefined) throw new MlflowError('UNAUTHENTICATED', 'nobody is signed in')
  if (writes && !caller.mayWrite) throw new MlflowError('PERMISSION_DENIED', 'the role does not allow this')
  return caller
}

function mlflowFailure(error: unknown): { readonly code: MlflowError['code']; readonly message: string } {
  if (error instanceof MlflowError) return error
  if (error instanceof z.ZodError) {
    const where = error.issues[0]?.path.map(String).join('.') ?? ''
    return { code: 'INVALID_PARAMETER_VALUE', message: `${where === '' ? 'the request' : where} is not as it must be` }
  }
  // What the hub refuses for reasons of its own, such as a lost package or a paused account.
  if (isCodedError(error)) return { code: 'BAD_REQUEST', message: error.message }
  if (error instanceof Error && 'statusCode' in error && Number(error.statusCode) < 500) {
    return { code: 'BAD_REQUEST', message: 'the body is refused' }
  }
  return { code: 'INTERNAL_ERROR', message: 'the hub failed in a way that was not foreseen' }
}
