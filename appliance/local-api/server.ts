import { existsSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import fastify, { type FastifyError, type FastifyInstance } from 'fastify'
import { guardApi } from './access.ts'
import { auditRoutes } from './audit-routes.ts'
import { backfillRoutes } from './backfill-routes.ts'
import { breachRoutes } from './breach-routes.ts'
import type { LocalApiContext } from './context.ts'
import { correctionRoutes } from './correction-routes.ts'
import { deliveryRoutes } from './delivery-routes.ts'
import { deploymentRoutes } from './deployment-routes.ts'
import { deviceRoutes } from './device-routes.ts'
import { egressRoutes } from './egress-routes.ts'
import { enrolmentRoutes } from './enrolment-routes.ts'
import { LocalApiError } from './errors.ts'
import { explanationRoutes } from './explanation-routes.ts'
import { leakRoutes } from './leak-routes.ts'
import { recordListReads } from './list-reads.ts'
import { pixelRoutes } from './pixel-routes.ts'
import { retentionRoutes } from './retention-routes.ts'
import { ruleRoutes } from './rule-routes.ts'
import { scoringRoutes } from './scoring-routes.ts'
import { sessionRoutes } from './session-routes.ts'
import { settingsRoutes } from './settings-routes.ts'
import { studyRoutes } from './study-routes.ts'
import { syncRoutes } from './sync-routes.ts'
import { tlogRoutes } from './tlog-routes.ts'

const BODY_BYTES = 65_536

/** Only this appliance's own files, and nothing that runs from elsewhere. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  // The component library sets its variables in a style element.
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** Where the interface listens and what pages it serves. */
export interface LocalApiOptions {
  readonly host: string
  readonly port: number
  readonly pagesFolder: string | undefined
}

/** The HTTP interface for people at the site. */
export class LocalApi {
  readonly #options: LocalApiOptions
  readonly #context: LocalApiContext
  #server: FastifyInstance | undefined

  constructor(options: LocalApiOptions, context: LocalApiContext) {
    this.#options = options
    this.#context = context
  }

  /** The port in use; 0 before the start. */
  get port(): number {
    const address = this.#server?.server.address()
    return address === null || address === undefined || typeof address === 'string' ? 0 : address.port
  }

  /** Answers a request that came in by another door; such a request waits for nothing that `start` would bring. */
  answer(request: IncomingMessage, response: ServerResponse): void {
    if (this.#server === undefined) response.writeHead(503).end()
    else this.#server.routing(request, response)
  }

  async start(): Promise<void> {
    const server = await buildLocalApi(this.#context, this.#options.pagesFolder)
    await server.listen({ host: this.#options.host, port: this.#options.port })
    this.#server = server
  }

  async stop(): Promise<void> {
    await this.#server?.close()
    this.#server = undefined
  }
}

/** The interface without a socket. */
export async function buildLocalApi(
  context: LocalApiContext,
  pagesFolder: string | undefined,
): Promise<FastifyInstance> {
  const server = fastify({ logger: false, bodyLimit: BODY_BYTES, forceCloseConnections: true, trustProxy: false })
  server.addHook('onSend', async (request, reply) => {
    reply.header('x-content-type-options', 'nosniff')
    reply.header('referrer-policy', 'no-referrer')
    reply.header('content-security-policy', CONTENT_SECURITY_POLICY)
    reply.header('cross-origin-opener-policy', 'same-origin')
    if (request.url.startsWith('/api/')) reply.header('cache-control', 'no-store')
  })
  server.setErrorHandler<FastifyError | LocalApiError>((error, _request, reply) => {
    const failure = failureOf(error)
    if (failure.code === 'internal') {
      context.logger.error('local-api.failed', { code: error.code, name: error.name })
    }
    const { code, message, effect, nextStep } = failure
    return reply.status(failure.status).send({ error: { code, message, effect, nextStep } })
  })
  guardApi(server, context)
  recordListReads(server, context)
  sessionRoutes(server, context)
  studyRoutes(server, context)
  correctionRoutes(server, context)
  pixelRoutes(server, context)
  explanationRoutes(server, context)
  deviceRoutes(server, context)
  deliveryRoutes(server, context)
  egressRoutes(server, context)
  syncRoutes(server, context)
  enrolmentRoutes(server, context)
  ruleRoutes(server, context)
  retentionRoutes(server, context)
  deploymentRoutes(server, context)
  leakRoutes(server, context)
  breachRoutes(server, context)
  auditRoutes(server, context)
  tlogRoutes(server, context)
  backfillRoutes(server, context)
  await scoringRoutes(server, context)
  settingsRoutes(server, context)
  await servePages(server, pagesFolder)
  return server
}

function failureOf(error: FastifyError | LocalApiError): LocalApiError {
  if (error instanceof LocalApiError) return error
  const status = error.statusCode ?? 500
  return new LocalApiError(status >= 400 && status < 500 ? 'bad-request' : 'internal')
}

/** The console's pages when they are built; an address that is no file is the page's own affair. */
async function servePages(server: FastifyInstance, folder: string | undefined): Promise<void> {
  const built = folder !== undefined && existsSync(join(folder, 'index.html'))
  if (built) await server.register(fastifyStatic, { root: folder, index: ['index.html'] })
  server.setNotFoundHandler(async (request, reply) => {
    const { code, message, effect, nextStep } = new LocalApiError('not-found')
    if (request.url.startsWith('/api/') || request.method !== 'GET') {
      return reply.status(404).send({ error: { code, message, effect, nextStep } })
    }
    if (built) return reply.sendFile('index.html')
    return reply
      .type('text/plain; charset=utf-8')
      .send('Leadglass appliance. The pages are not built; the interface is at /api.\n')
  })
}
