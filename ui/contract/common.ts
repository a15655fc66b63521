import { z } from 'zod'

/** How both services describe a failure; the HTTP status says the class, this says the rest. */
export const failure = z.object({
  error: z.object({ code: z.string(), message: z.string(), effect: z.string(), nextStep: z.string() }),
})
export type Failure = z.infer<typeof failure>

/** A model version as shown to people: name, version, SHA-256 of the manifest. */
export const modelVersion = z.object({ name: z.string(), version: z.string(), digest: z.string() })
export type ModelVersion = z.infer<typeof modelVersion>

/** GET /api/health of both services. No sign-in. */
export const health = z.object({ status: z.enum(['ok', 'degraded']), version: z.string() })
export type Health = z.infer<typeof health>

/** POST /api/session. */
export const signIn = z.strictObject({ account: z.string().min(1).max(64), password: z.string().min(1).max(1024) })
export type SignIn = z.infer<typeof signIn>

/** An answer without facts. */
export const done = z.object({ done: z.literal(true) })

/** A checkpoint of an RFC 6962 log with the cosignature it has, if any. */
export const logCheckpoint = z.object({
  origin: z.string(),
  size: z.number().int(),
  root: z.string(),
  note: z.string(),
  /** The same note with the witness's cosignature lines, once the other side has seen it. */
  cosigned: z.string().nullable(),
})
export type LogCheckpoint = z.infer<typeof logCheckpoint>

/** GET /api/audit/export: a whole log, to be verified offline. Leaves are canonical JSON bytes in base64, in order. */
export const logExport = z.object({
  schema: z.literal('leadglass.log-export/1'),
  checkpoint: logCheckpoint,
  leaves: z.array(z.string()),
})
export type LogExport = z.infer<typeof logExport>
