import { z } from 'zod'
import { instant } from './fields.ts'

/** The settings of the appliance over its HTTP interface; for the role of site administrator. */

const digest = z.union([z.literal(''), z.string().regex(/^[0-9a-f]{64}$/)])

/** One version: who put it into force. `author` is a pseudonym, `operator`, or `file` for an edit by hand. */
const settingsVersion = z.object({
  version: z.number().int().min(1),
  digest,
  author: z.string(),
  source: z.enum(['file', 'interface']),
  at: instant,
})

/** GET /api/settings. */
export const settingsView = z.object({
  /** Every setting with its value, defaults included. */
  settings: z.unknown(),
  /** Null while there is no settings file and the defaults hold. */
  version: settingsVersion.nullable(),
  digest,
  /** Why the file, or a file that it names, is not in force. Empty when all is well. */
  problems: z.array(z.string()),
  certificates: z.array(z.object({ file: z.string(), subject: z.string(), sha256: z.string(), notAfter: instant })),
})
export type SettingsView = z.infer<typeof settingsView>

/** POST /api/settings/plan. The settings are as they would stand in the file. */
export const settingsPlanRequest = z.strictObject({ settings: z.unknown() })

/** Its answer: nothing is changed by asking. */
export const settingsPlan = z.object({
  valid: z.boolean(),
  /** What was compared with: goes into the application. */
  base: digest,
  faults: z.array(z.object({ where: z.string(), words: z.string() })),
  changes: z.array(z.object({ where: z.string(), words: z.string() })),
  remarks: z.array(z.object({ severity: z.enum(['risk', 'note']), code: z.string(), words: z.string() })),
})
export type SettingsPlan = z.infer<typeof settingsPlan>

/** POST /api/settings. */
export const settingsApplication = z.strictObject({
  settings: z.unknown(),
  base: digest,
  /** True when the author has read the risks of the plan. */
  acceptRisks: z.boolean().default(false),
})
export const settingsApplied = z.object({ version: z.number().int().min(1) })

/** GET /api/settings/versions: newest first. */
export const settingsHistory = z.object({ versions: z.array(settingsVersion) })
export type SettingsHistory = z.infer<typeof settingsHistory>
export const settingsHistoryQuery = z.strictObject({ limit: z.coerce.number().int().min(1).max(1000).default(50) })

/** GET /api/settings/versions/:version. */
export const settingsVersionDetail = settingsVersion.extend({ content: z.string() })
export type SettingsVersionDetail = z.infer<typeof settingsVersionDetail>

/** GET /api/conformance: the DICOM conformance statement of the running configuration, as Markdown. */
export const conformanceDocument = z.object({ markdown: z.string() })
