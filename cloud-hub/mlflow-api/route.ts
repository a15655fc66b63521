import type { AuditEventInput } from '@leadglass/sync-agent/audit-log'
import type { z } from 'zod'
import type { RegistryView } from './registry-view.ts'
import type { RunBook } from './run-book.ts'
import type { LoggedRun } from './run-rows.ts'

/** Who sends a request, and whether they may write. */
export interface MlflowCaller {
  readonly account: string
  readonly mayWrite: boolean
}
export type MlflowWriter = Pick<MlflowCaller, 'account'>

/** What the routes are made of. */
export interface MlflowParts {
  readonly view: RegistryView
  readonly runs: RunBook
  /** The hub's own training runs, newest first. */
  readonly hubRuns: () => readonly LoggedRun[]
  readonly names: () => string[]
  /** A file of a package: its path on disk and size. `undefined` for any path that the manifest does not list. */
  readonly file: (
    digest: string,
    path: string,
  ) => Promise<{ readonly path: string; readonly bytes: number } | undefined>
  readonly files: (digest: string) => readonly { readonly path: string; readonly bytes: number }[] | undefined
  readonly record: (
    event: AuditEventInput['event'],
    account: string,
    subject: AuditEventInput['subject'],
    ...codes: string[]
  ) => void
}

/** One call of the MLflow API, below `/api/2.0/mlflow/`. `input` is the query of a GET, else the body. */
export interface MlflowRoute {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly writes: boolean
  readonly handle: (input: unknown, caller: MlflowCaller) => unknown
}

/** A call that reads. */
export function answerOf<Schema extends z.ZodType>(
  method: 'GET' | 'POST',
  path: string,
  schema: Schema,
  handle: (request: z.infer<Schema>, caller: MlflowCaller) => unknown,
): MlflowRoute {
  return { method, path, writes: false, handle: (input, caller) => handle(schema.parse(input ?? {}), caller) }
}

/** A POST that writes. */
answerOf.write = <Schema extends z.ZodType>(
  path: string,
  schema: Schema,
  handle: (request: z.infer<Schema>, caller: MlflowCaller) => unknown,
): MlflowRoute => ({ ...answerOf('POST', path, schema, handle), writes: true })

/** A DELETE that writes. */
answerOf.remove = <Schema extends z.ZodType>(
  path: string,
  schema: Schema,
  handle: (request: z.infer<Schema>, caller: MlflowCaller) => unknown,
): MlflowRoute => ({ ...answerOf.write(path, schema, handle), method: 'DELETE' })
