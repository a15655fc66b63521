import type { AuditDetail } from '@leadglass/sync-agent/audit-log'
import type { DeidentificationReport } from '../deidentify/index.ts'
import type { Outcome } from './outcomes.ts'

/** Tags named of each kind at most: private elements of a hostile object are without number. */
const MOST_TAGS = 2_000

/**
 * What the audit log says of the de-identification of a revision. The codes go into the leaf: how many instances, and how
 * often each action was taken (PS3.15 E.1). The detail stays at the site, with a commitment to it in the leaf: the tags of
 * the attributes that were removed and of those that were changed.
 */
export function deidentificationEvidence(reports: readonly (DeidentificationReport | undefined)[]): {
  readonly codes: readonly string[]
  readonly detail: AuditDetail
} {
  const counts = new Map<string, number>()
  const removed = new Set<number>()
  const changed = new Set<number>()
  for (const report of reports) {
    for (const [action, count] of Object.entries(report?.actions ?? {})) {
      counts.set(action, (counts.get(action) ?? 0) + count)
    }
    for (const tag of report?.removed ?? []) removed.add(tag)
    for (const tag of report?.changed ?? []) changed.add(tag)
  }
  const actions = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([action, count]) => `action.${action}-${count}`)
  return {
    codes: [`instances-${reports.length}`, ...actions].slice(0, 32),
    detail: { removed: tagList(removed), changed: tagList(changed) },
  }
}

/** Tags as eight hexadecimal digits each, rising, with commas between. */
function tagList(tags: ReadonlySet<number>): string {
  return [...tags]
    .sort((a, b) => a - b)
    .slice(0, MOST_TAGS)
    .map((tag) => tag.toString(16).padStart(8, '0'))
    .join(',')
}

/** The models that scored a revision, as codes of the log: `model.<name>.v1-0-0`, by which auditors find them. */
export function modelCodes(outcomes: readonly Outcome[]): readonly string[] {
  const codes = outcomes.flatMap(({ kind, model }) => {
    if (kind !== 'scored') return []
    // A code's members have 40 letters at most (contract, vocabulary code).
    return [`model.${model.name.slice(0, 40)}.v${model.version.replaceAll('.', '-')}`]
  })
  return [...new Set(codes)].slice(0, 24)
}
