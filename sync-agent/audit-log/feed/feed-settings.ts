import { isAbsolute } from 'node:path'
import { z } from 'zod'

/** The part of the settings, of a box or of the hub, that says which repositories hear what the audit log records. */

const path = z.string().max(4096).refine(isAbsolute, { message: 'must be an absolute path' })
const name = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/)

/** When a repository that takes nothing is an alarm. */
const alarmAfterSeconds = z.number().int().min(1).max(31_536_000).default(3600)

/** Audit messages of PS3.15 A.5 as syslog over TLS (RFC 5424, RFC 5425; IHE ITI-20). There is no form without TLS. */
const syslogFeed = z.strictObject({
  kind: z.literal('syslog'),
  name,
  host: z.string().min(1).max(255),
  /** RFC 5425 4.1. */
  port: z.number().int().min(1).max(65_535).default(6514),
  /** PEM certificates of who signs the repository's; those of the system when absent. */
  authoritiesFile: path.optional(),
  /** Our own identity, for a repository that asks for one (IHE ITI-19). */
  keyFile: path.optional(),
  certificateFile: path.optional(),
  /** False where the repository's certificate does not name its host. */
  verifyHostName: z.boolean().default(true),
  alarmAfterSeconds,
})

/** AuditEvent resources over HTTP (IHE ITI-20, ATX: FHIR Feed). */
const fhirFeed = z.strictObject({
  kind: z.literal('fhir'),
  name,
  /** Base of the server, such as `https://audit.example/fhir`. */
  url: z
    .url({ protocol: /^https?$/ })
    .max(2048)
    .refine((url) => !/^[^/]*\/\/[^/]*@/.test(url), { message: 'must not hold a user or a password' })
    .refine((url) => !/[?#]/.test(url), { message: 'must have neither a query nor a fragment' })
    .transform((url) => url.replace(/\/+$/, '')),
  /** A file with the bearer token (RFC 6750), read for every batch. */
  bearerFile: path.optional(),
  authoritiesFile: path.optional(),
  alarmAfterSeconds,
})

const auditFeed = z.discriminatedUnion('kind', [syslogFeed, fhirFeed]).superRefine((feed, context) => {
  if (feed.kind === 'syslog' && (feed.keyFile === undefined) !== (feed.certificateFile === undefined))
    context.addIssue({ code: 'custom', path: ['keyFile'], message: '"keyFile" and "certificateFile" go together' })
  if (feed.kind === 'fhir' && feed.bearerFile !== undefined && feed.url.startsWith('http:'))
    context.addIssue({ code: 'custom', path: ['url'], message: 'a token must not go out in plain: use https' })
})
export type AuditFeedSettings = z.infer<typeof auditFeed>

/** Each repository has the whole log, from its first entry. */
export const auditFeedSettings = z
  .array(auditFeed)
  .max(8)
  .refine((list) => new Set(list.map((one) => one.name)).size === list.length, { message: 'a name occurs twice' })
