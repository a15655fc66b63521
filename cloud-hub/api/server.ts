import { mkdir, stat } from 'node:fs/promises'
import { isIP } from 'node:net'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { Service } from '@leadglass/sync-agent/foundation'
import fastify, { type FastifyInstance } from 'fastify'
import { registerMlflow } from '../mlflow-api/index.ts'
import { admit } from './door.ts'
import { ApiError, failureAnswer } from './errors.ts'
import { forward, isForTheLeader } from './forward.ts'
import { mlflowDoor } from './mlflow-door.ts'
import { allRoutes } from './routes/index.ts'
import type { HubServices } from './services.ts'
import { registerSession } from './session-routes.ts'
import { registerTlog } from './tlog-routes.ts'

const BODY_LIMIT = 256 * 1024
const REQUEST_TIMEOUT_MS = 30_000

/** Only the hub's own files may run or style; nothing inline. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** Where the server listens and what it serves besides the API. */
export interface ServerOptions {
  readonly host: string
  readonly port: number
  /** Host names under which the hub may be addressed, besides loopback and IP addresses. */
  readonly names: readonly string[]
  /** The TUF repository, served under `/delivery/`. */
  readonly repositoryFolder: string
  /** The built pages. */
  readonly pagesFolder: string | undefined
  /** Of a hub that stands by: where the one that leads is, which takes everything that changes something. */
  readonly leader?: () => string | undefined
}

/** The hub's HTTP server. */
export class ApiServer implements Service {
  readonly #options: ServerOptions
  readonly #services: HubServices
  #app: FastifyInstance | undefined

  constructor(options: ServerOptions, services: HubServices) {
    this.#options = options
    this.#services = services
  }

  /** The port that is listened on; useful when 0 was asked for. */
  get port(): number {
    const address = this.#app?.server.address()
    return typeof address === 'object' && address !== null ? address.port : this.#options.port
  }

  async start(): Promise<void> {
    await mkdir(this.#options.repositoryFolder, { recursive: true })
    const app = await buildServer(this.#options, this.#services)
    this.#app = app
    await app.listen({ host: this.#options.host, port: this.#options.port })
  }

  async stop(): Promise<void> {
    const app = this.#app
    this.#app = undefined
    await app?.close()
  }
}

/** Builds the server without listening; for `start` and for tests. */
export async function buildServer(options: ServerOptions, services: HubServices): Promise<FastifyInstance> {
  const app = fastify({
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: true,
    logger: false,
  })
  app.addHook('onRequest', async (request, reply) => {
    // A page of another site whose name was pointed at this address sends its own name as host (DNS rebinding).
    if (!isOwnHost(request.hostname, options.names)) throw new ApiError('foreign-host', 'this is not the hub’s address')
    void reply.headers({
      'content-security-policy': CONTENT_SECURITY_POLICY,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
      ...(request.url.startsWith('/api/') ? { 'cache-control': 'no-store' } : {}),
    })
    if (options.leader === undefined || !isForTheLeader(request.method)) return
    reply.hijack()
    forward(request.raw, reply.raw, options.leader())
  })
  app.setErrorHandler((error, request, reply) => {
    const { status, body } = failureAnswer(error)
    if (status >= 500) {
      const reason = error instanceof Error ? (error.stack ?? error.message) : String(error)
      services.logger.error('api.failed', { route: request.routeOptions.url, reason })
    }
    return reply.status(status).send(body)
  })
  app.setNotFoundHandler((_request, reply) => {
    const { status, body } = failureAnswer(new ApiError('not-found', 'there is nothing under this address'))
    return reply.status(status).send(body)
  })
  app.get('/api/health', async () => ({
    status: services.releases === undefined ? 'degraded' : 'ok',
    version: services.version,
  }))
  registerSession(app, services)
  registerTlog(app, services)
  registerMlflow(app, services.mlflow, { callerOf: mlflowDoor(services), logger: services.logger })
  for (const route of allRoutes(services)) {
    app.route({
      method: route.method,
      url: route.url,
      handler: async (request, reply) => {
        const caller = admit(request, services, route.roles)
        return route.handle({ caller, params: request.params, query: request.query, body: request.body, reply })
      },
    })
  }
  await serveFiles(app, options)
  return app
}

async function serveFiles(app: FastifyInstance, options: ServerOptions): Promise<void> {
  await app.register(fastifyStatic, {
    root: options.repositoryFolder,
    prefix: '/delivery/',
    // Metadata change under their names; blobs and versioned files never do, but a client verifies either way.
    cacheControl: false,
    acceptRanges: true,
    index: false,
    dotfiles: 'ignore',
  })
  const pages = options.pagesFolder
  if (pages === undefined || !(await isFile(join(pages, 'index.html')))) {
    app.get('/', async (_request, reply) =>
      reply.type('text/plain; charset=utf-8').send('The pages of the hub are not built. The API is at /api/health.\n'),
    )
    return
  }
  await app.register(fastifyStatic, {
    root: pages,
    prefix: '/',
    decorateReply: false,
    dotfiles: 'ignore',
    wildcard: false,
  })
  // The pages have addresses of their own; each of them is the one document.
  app.get('/*', async (request, reply) => {
    if (request.url.startsWith('/api/')) throw new ApiError('not-found', 'there is nothing under this address')
    return reply.sendFile('index.html', pages)
  })
}

function isOwnHost(hostname: string, names: readonly string[]): boolean {
  const bare = hostname.replace(/^\[|\]$/g, '')
  return bare === 'localhost' || isIP(bare) !== 0 || names.includes(bare)
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() === true
}
