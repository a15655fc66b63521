import { hubSession } from '@leadglass/ui/contract/hub-api'
import type { z } from 'zod'
import type { InstanceClient } from '../cli/client.ts'
import { InstallerError } from '../errors.ts'

const WITHIN_MS = 60_000

/**
 * Speaks to the hub as a person, for acts that must be that person's own: the operator token stands for nobody. The session
 * is opened for the acts of one command and closed with them.
 */
export class PersonSession {
  readonly #address: string
  readonly #cookie: string

  private constructor(address: string, cookie: string) {
    this.#address = address
    this.#cookie = cookie
  }

  /** Signs in, acts, signs out. @throws InstallerError `request-refused` in the hub's own words. */
  static async during<Result>(
    client: InstanceClient,
    account: string,
    password: string,
    act: (session: PersonSession) => Promise<Result>,
  ): Promise<Result> {
    const address = client.addressOf('hub')
    const response = await send(address, 'POST', '/api/session', '', { account, password })
    hubSession.parse(await answer(response))
    const cookie = (response.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
    const session = new PersonSession(address, cookie)
    try {
      return await act(session)
    } finally {
      await send(address, 'DELETE', '/api/session', cookie).catch(() => undefined)
    }
  }

  /** One POST as this person. */
  async post<Answer>(path: string, body: unknown, schema: z.ZodType<Answer>): Promise<Answer> {
    return schema.parse(await answer(await send(this.#address, 'POST', path, this.#cookie, body)))
  }
}

async function send(address: string, method: string, path: string, cookie: string, body?: unknown): Promise<Response> {
  return fetch(`${address}${path}`, {
    method,
    headers: {
      'x-leadglass-page': '1',
      ...(cookie === '' ? {} : { cookie }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(WITHIN_MS),
  }).catch((cause: unknown) => {
    throw new InstallerError('not-running', {
      message: `the hub does not answer at ${address}`,
      effect: 'nothing was changed',
      nextStep: 'start the instance with "leadglass up"',
      cause,
    })
  })
}

async function answer(response: Response): Promise<unknown> {
  const body = (await response.json().catch(() => undefined)) as
    | {
        readonly error?: {
          readonly code: string
          readonly message: string
          readonly effect: string
          readonly nextStep: string
        }
      }
    | undefined
  if (response.ok) return body
  const {
    code = 'http',
    message = `status ${response.status}`,
    effect = 'nothing was changed',
    nextStep = 'read the log of the hub',
  } = body?.error ?? {}
  throw new InstallerError('request-refused', { message: `${message} (${code})`, effect, nextStep })
}
