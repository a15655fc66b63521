import type { AuditDetail } from '@leadglass/sync-agent/audit-log'
import { digestOf } from '@leadglass/sync-agent/foundation'
import type { Settings } from './settings.ts'

/** Longest value of a detail that is kept as it is; of a longer one its digest. */
const MAX_VALUE = 60_000

/** The sections that differ, as they were and as they are: the detail to which the event commits. */
export function changeDetail(before: Settings, after: Settings): AuditDetail {
  const changed = (Object.keys(after) as (keyof Settings)[]).filter(
    (section) => JSON.stringify(before[section]) !== JSON.stringify(after[section]),
  )
  const asText = (settings: Settings): string => {
    const text = JSON.stringify(Object.fromEntries(changed.map((section) => [section, settings[section]])))
    return text.length <= MAX_VALUE ? text : `sha256:${digestOf(text)}`
  }
  return { before: asText(before), after: asText(after) }
}
