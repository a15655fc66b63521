import { z } from 'zod'

const digest = z.string().regex(/^[0-9a-f]{64}$/)

/** The frameworks for which there is a report. */
export const reportFramework = z.enum(['hipaa', 'hitech', 'part11', 'gdpr', 'iso27001', 'soc2', 'eu-ai-act'])
export type ReportFramework = z.infer<typeof reportFramework>

/** The time before now that a report is about: days, weeks or years of 365 days. */
export const reportPeriod = z.string().regex(/^[1-9]\d{0,3}[dwy]$/)

/** Query of every report route. */
export const reportQuery = z.strictObject({ period: reportPeriod.default('30d') })

/** GET /api/reports: what reports there are, and the key under which they verify. */
export const reportCatalogue = z.object({
  frameworks: z.array(z.object({ framework: reportFramework, title: z.string(), controls: z.number().int() })),
  versions: z.array(z.object({ name: z.string(), version: z.string() })),
  verifierKey: z.string(),
})
export type ReportCatalogue = z.infer<typeof reportCatalogue>

const evidence = z.strictObject({
  id: digest,
  fact: z.string().max(64),
  zone: z.enum(['hub', 'site', 'document']),
  source: z.string().max(512),
  states: z.string().max(4096),
  binding: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('record'), sha256: digest, content: z.json() }),
    z.strictObject({
      kind: z.literal('log-entry'),
      log: z.string().max(128),
      index: z.number().int().min(0),
      proof: z.string(),
    }),
  ]),
})
export type ReportEvidence = z.infer<typeof evidence>

const control = z.strictObject({
  clause: z.string().max(64),
  asks: z.string().max(512),
  status: z.enum(['met', 'gap']),
  /** What is missing, in words; empty when met. */
  missing: z.array(z.string()),
  /** Identifiers of evidence. */
  evidence: z.array(digest),
})
export type ReportControl = z.infer<typeof control>

/** A report as it is signed. */
export const complianceReport = z.strictObject({
  schema: z.literal('leadglass.compliance-report/1'),
  title: z.string().max(256),
  subject: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('framework'), framework: reportFramework }),
    z.strictObject({ kind: z.literal('model'), name: z.string(), version: z.string(), digest }),
  ]),
  period: z.strictObject({ from: z.iso.datetime(), until: z.iso.datetime() }),
  madeAt: z.iso.datetime(),
  softwareVersion: z.string(),
  met: z.number().int(),
  gaps: z.number().int(),
  controls: z.array(control).min(1),
  evidence: z.array(evidence),
  logKeys: z.array(z.string()),
})
export type ComplianceReportView = z.infer<typeof complianceReport>

/** GET /api/reports/frameworks/:framework and GET /api/reports/models/:name/:version. The note is a C2SP signed note. */
export const signedReport = z.strictObject({
  schema: z.literal('leadglass.signed-report/1'),
  report: complianceReport,
  /** SHA-256 of the canonical JSON of the report. */
  digest,
  note: z.string().max(4096),
})
export type SignedReport = z.infer<typeof signedReport>
