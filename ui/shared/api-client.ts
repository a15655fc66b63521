import type { z } from 'zod'
import { type Failure, failure } from '../contract/common.ts'

/** A failure as the services word it. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly effect: string
  readonly nextStep: string

  constructor(status: number, { error }: Failure) {
    super(error.message)
    this.name = 'ApiError'
    this.status = status
    this.code = error.code
    this.effect = error.effect
    this.nextStep = error.nextStep
  }
}

/** True when a person must sign in first. */
export function needsSignIn(error: unknown): boolean {
  return error instanceof ApiError && error.status === 401
}

/** GET, parsed by its schema: a page never handles unknown data. */
export function getJson<Answer>(path: string, schema: z.ZodType<Answer>, signal?: AbortSignal): Promise<Answer> {
  return request('GET', path, schema, undefined, signal)
}

/** POST of a JSON body, parsed by the answer's schema. */
export function postJson<Answer>(path: string, body: unknown, schema: z.ZodType<Answer>): Promise<Answer> {
  return request('POST', path, schema, body)
}

/** DELETE. */
export function deleteJson<Answer>(path: string, schema: z.ZodType<Answer>): Promise<Answer> {
  return request('DELETE', path, schema)
}

async function request<Answer>(
  method: string,
  path: string,
  schema: z.ZodType<Answer>,
  body?: unknown,
  signal?: AbortSignal,
): Promise<Answer> {
  const response = await fetch(path, {
    method,
    credentials: 'same-origin',
    // A custom header makes the browser refuse cross-site requests that carry the session cookie.
    headers: { 'x-leadglass-page': '1', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  }).catch((cause: unknown) => {
    throw cause instanceof DOMException && cause.name === 'AbortError' ? cause : new ApiError(0, UNREACHABLE)
  })
  const answer: unknown = await response.json().catch(() => undefined)
  if (!response.ok) throw new ApiError(response.status, failureOf(response.status, answer))
  return schema.parse(answer)
}

function failureOf(status: number, answer: unknown): Failure {
  const parsed = failure.safeParse(answer)
  if (parsed.success) return parsed.data
  return {
    error: {
      code: 'http',
      message: `The service answered with status ${status}.`,
      effect: 'Nothing can be shown here.',
      nextStep: 'Try again; if it stays, ask your administrator to read the log.',
    },
  }
}

/** When no answer came at all. */
const UNREACHABLE: Failure = {
  error: {
    code: 'unreachable',
    message: 'The service does not answer.',
    effect: 'What you see may be old.',
    nextStep: 'The page tries again by itself.',
  },
}
