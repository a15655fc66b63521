import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { InstallerError } from '../errors.ts'
import { applianceHost, type InstanceFile, readInstanceFile } from '../start/instance-file.ts'
import { type InstanceLayout, LOOPBACK, layoutOf } from '../start/layout.ts'
import { type LongAnswer, longPost } from './long-request.ts'

/** The service that a command speaks to. */
export type ServiceName = 'appliance' | 'hub'

/** How the services describe a failure. */
const failureBody = z.object({
  error: z.object({ code: z.string(), message: z.string(), effect: z.string(), nextStep: z.string() }),
})

const REQUEST_WITHIN_MS = 60_000

/** One request. `schema` parses the answer, so that nothing downstream handles unknown data. */
export interface ServiceRequest<Answer> {
  readonly service: ServiceName
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly body?: unknown
  readonly schema: z.ZodType<Answer>
}

/**
 * Speaks to the running services of one instance as its local operator: whoever may read the operator token in the data
 * folder may use the commands.
 */
export class InstanceClient {
  readonly layout: InstanceLayout
  readonly instance: InstanceFile

  constructor(layout: InstanceLayout, instance: InstanceFile) {
    this.layout = layout
    this.instance = instance
  }

  /** Finds the instance in a data folder. @throws InstallerError `no-instance`. */
  static async open(dataFolder: string): Promise<InstanceClient> {
    const layout = layoutOf(dataFolder)
    const instance = await readInstanceFile(layout)
    if (instance === undefined) {
      throw new InstallerError('no-instance', {
        message: `there is no Leadglass instance in ${dataFolder}`,
        effect: 'nothing was read or changed',
        nextStep: 'start one with "leadglass up", or name its folder with --data',
      })
    }
    return new InstanceClient(layout, instance)
  }

  /** The address of a service, `http://127.0.0.1:11113`. */
  addressOf(service: ServiceName): string {
    const host = service === 'hub' ? LOOPBACK : applianceHost(this.instance)
    return `http://${host}:${this.instance.ports[service]}`
  }

  /**
   * Sends one request and parses the answer.
   * @throws InstallerError `not-running`, `request-refused` (the service's own words), `request-failed`.
   */
  async request<Answer>(request: ServiceRequest<Answer>): Promise<Answer> {
    const response = await this.#fetch(request)
    const text = await response.text()
    const body = parseJson(text)
    if (!response.ok) throw refusal(request.service, response.status, body)
    const parsed = request.schema.safeParse(body)
    if (parsed.success) return parsed.data
    throw new InstallerError('request-failed', {
      message: `the ${request.service} answered ${request.path} with a form this command does not know`,
      effect: 'nothing can be shown',
      nextStep: 'use the leadglass command of the same version as the running services',
      cause: parsed.error,
    })
  }

  /** A file of the service. @throws InstallerError as `request` does. */
  async bytes(service: ServiceName, path: string): Promise<Uint8Array> {
    const response = await this.#fetch({ service, method: 'GET', path, schema: z.unknown() })
    if (!response.ok) throw refusal(service, response.status, parseJson(await response.text()))
    return new Uint8Array(await response.arrayBuffer())
  }

  /** POST whose answer may be a file, however long it takes. @throws InstallerError as `request` does. */
  async longPost(service: ServiceName, path: string, body?: unknown): Promise<LongAnswer> {
    const token = await this.#token(service)
    const answer = await longPost(`${this.addressOf(service)}${path}`, token, body).catch((error: unknown) => {
      throw this.#silent(service, error)
    })
    if (answer.status < 400) return answer
    throw refusal(service, answer.status, parseJson(answer.body.toString('utf8')))
  }

  #silent(service: ServiceName, cause: unknown): InstallerError {
    return new InstallerError('not-running', {
      message: `the ${service} does not answer at ${this.addressOf(service)}`,
      effect: 'nothing was read or changed',
      nextStep: `start the instance with "leadglass up --data ${this.layout.root}"`,
      cause,
    })
  }

  async #fetch(request: ServiceRequest<unknown>): Promise<Response> {
    const token = await this.#token(request.service)
    try {
      return await fetch(`${this.addressOf(request.service)}${request.path}`, {
        method: request.method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
        signal: AbortSignal.timeout(REQUEST_WITHIN_MS),
      })
    } catch (error) {
      throw this.#silent(request.service, error)
    }
  }

  async #token(service: ServiceName): Promise<string> {
    const path = join(this.layout[service].folder, 'secrets', 'operator-token')
    try {
      return (await readFile(path, 'utf8')).trim()
    } catch (error) {
      throw new InstallerError('request-refused', {
        message: `the operator token of the ${service} cannot be read`,
        effect: 'the command has no right to speak to the service',
        nextStep: 'run the command as the user who started the instance',
        cause: error,
      })
    }
  }
}

function refusal(service: ServiceName, status: number, body: unknown): InstallerError {
  const parsed = failureBody.safeParse(body)
  if (parsed.success) {
    const { code, message, effect, nextStep } = parsed.data.error
    return new InstallerError('request-refused', { message: `${message} (${code})`, effect, nextStep })
  }
  return new InstallerError(status >= 500 ? 'request-failed' : 'request-refused', {
    message: `the ${service} answered with status ${status}`,
    effect: 'nothing was changed',
    nextStep: `read the log of the ${service} in the data folder`,
  })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
